"""What is wrong with the files of a prefix or delta folder."""

from __future__ import annotations

from pathlib import Path

from engine.contract.errors import UserError


def damaged_file(path: Path, reason: object, *, what: str) -> UserError:
    """The file is not what its name says.

    Args:
        path: of the file.
        reason: what was seen.
        what: to be copied again, such as "prefix".
    """
    return UserError(
        "prefix-file-damaged",
        "{path} is damaged ({reason}). Get a fresh copy of the {what}.",
        path=path,
        reason=str(reason),
        what=what,
    )


def missing_file(path: Path, *, what: str) -> UserError:
    """The file is not in its folder; `what` is to be copied again."""
    return UserError(
        "prefix-file-missing",
        "{folder} lacks {file}. Get a fresh copy of the {what}.",
        folder=path.parent,
        file=path.name,
        what=what,
    )


def not_finite(tensor: str, name: str, *, what: str) -> UserError:
    """A tensor of the `what` called `name` holds NaN or infinity."""
    return UserError(
        "tensor-not-finite",
        "The tensor {tensor} of the {what} {name!r} holds NaN or infinite values. "
        "Train it again with a lower learning rate.",
        tensor=tensor,
        what=what,
        name=name,
    )
