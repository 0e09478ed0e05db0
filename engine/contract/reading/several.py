"""Several files of one folder as one path, as a shell writes them: `huts/{train.tsv,test.tsv}`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.contract.errors import UserError


def joined_paths(paths: Sequence[Path]) -> Path:
    """The path of these files; of one alone, its own.

    Raises:
        UserError: they stand in several folders, or a name has a comma.
    """
    first = paths[0]
    if len(paths) == 1:
        return first
    if len({path.parent for path in paths}) > 1:
        raise UserError(
            "files-of-several-folders",
            "{first} and {other} are in different folders. Put the files of a dataset into one "
            "folder.",
            first=first,
            other=next(path for path in paths if path.parent != first.parent),
        )
    for path in paths:
        if "," in path.name:
            raise UserError(
                "comma-in-file-name",
                "The name of {path} has a comma, so the file cannot be opened together with "
                "others. Rename it, or open the folder.",
                path=path,
            )
    return first.with_name(f"{{{','.join(path.name for path in paths)}}}")


def paths_of(path: Path) -> tuple[Path, ...]:
    """The files of such a path; () where it is that of one file."""
    name = path.name
    if not (name.startswith("{") and name.endswith("}") and "," in name):
        return ()
    return tuple(path.with_name(inner) for inner in name[1:-1].split(",") if inner.strip())


def are_there(path: Path) -> bool:
    """Whether the file, folder or files of a path exist."""
    several = paths_of(path)
    return path.exists() or (bool(several) and all(inner.exists() for inner in several))
