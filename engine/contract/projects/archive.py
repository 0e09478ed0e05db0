"""A project as one .zip file, to keep or to pass on."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.contract.errors import UserError
from engine.contract.files.writing import explain_disk_errors
from engine.contract.files.regular_files import open_to_read

LEFT_OUT = frozenset({"trash", "checkpoints", "lock", "project.lock", "control.jsonl"})
"""What is of use on this machine or for a moment only."""
_INCOMPRESSIBLE = frozenset({".safetensors", ".bin", ".pt"})
"""Numbers that no packing makes smaller."""
_PIECE_BYTES = 1 << 20


def write_archive(project: Path, out: Path, report: Callable[[int, int], None]) -> None:
    """Write the files of a project to `out`, under a folder of the project's name.

    Links, pipes and devices are left out, as are checkpoints, what was deleted, and locks.

    Args:
        report: called with the bytes done and in all after each piece; what it raises ends the work.

    Raises:
        UserError: the disk is full, `out` cannot be written to, or lies in the project.
    """
    if out.resolve().is_relative_to(project.resolve()):
        raise UserError(
            "archive-inside-project",
            "{out} is inside the project. Choose a place outside {project}.",
            out=out,
            project=project,
        )
    files = [(path, path.lstat().st_size) for path in _files(project)]
    done, total = 0, sum(size for _path, size in files)
    temporary = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
    with explain_disk_errors(out):
        try:
            with zipfile.ZipFile(temporary, "x", strict_timestamps=False) as archive:
                for path, size in files:
                    before = done
                    for piece in _packed(archive, path, size, root=project):
                        done += piece
                        report(done, total)
                    done = before + size
            os.replace(temporary, out)
        finally:
            temporary.unlink(missing_ok=True)


def _packed(archive: zipfile.ZipFile, path: Path, size: int, *, root: Path) -> Iterator[int]:
    """Add one file; the bytes of each piece. What a run has written meanwhile is left out."""
    name = root.resolve().name / path.relative_to(root)
    with contextlib.suppress(FileNotFoundError):  # it was there a moment ago
        entry = zipfile.ZipInfo.from_file(path, name.as_posix(), strict_timestamps=False)
        is_compressed = path.suffix in _INCOMPRESSIBLE
        entry.compress_type = zipfile.ZIP_STORED if is_compressed else zipfile.ZIP_DEFLATED
        with open_to_read(path) as source, archive.open(entry, "w", force_zip64=True) as goal:
            while size and (piece := source.read(min(_PIECE_BYTES, size))):
                goal.write(piece)
                size -= len(piece)
                yield len(piece)


def _files(folder: Path) -> Iterator[Path]:
    """The plain files below a folder, in order, no link followed."""
    with contextlib.suppress(FileNotFoundError):
        for path in sorted(folder.iterdir()):
            if path.name in LEFT_OUT or path.name.endswith(".part"):
                continue
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                yield from _files(path)
            elif stat.S_ISREG(mode):
                yield path
