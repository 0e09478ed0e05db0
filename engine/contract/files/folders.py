"""Writing whole folders so that a kill or a full disk never leaves half of one under its name."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from engine.contract.errors import UserError
from engine.contract.files.writing import explain_disk_errors

_LEFT = re.compile(
    r"\.(?P<name>.+)\.[0-9a-f]{8,}\.(part|old)|\.(model|status\.json|(step|best)-\d+)\.part"
)
"""What `fill_folder`, `write_atomically` and their like write beside NAME before they rename it."""


def remove_leftovers(
    folder: Path, *, older_than_s: float = 0.0, shared: tuple[str, ...] = ()
) -> None:
    """Remove what writers that were killed left in a folder. Links are not followed.

    Args:
        older_than_s: spare what is younger, where other processes may be writing.
        shared: names that other processes may be writing even so.
    """
    if folder.is_symlink() or not folder.is_dir():
        return
    for path in folder.iterdir():
        match = _LEFT.fullmatch(path.name)
        if match is None or match["name"] in shared:
            continue
        with contextlib.suppress(OSError):  # its writer lives, and has just renamed it
            if time.time() - path.lstat().st_mtime < older_than_s:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


@contextlib.contextmanager
def fill_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Give a folder beside `path` to fill; when the block ends well it becomes `path`.

    An error in the block removes what was written and leaves `path` as it was.

    Args:
        path: may be missing or an empty folder.
        replace: replace a folder even where it is not empty.

    Raises:
        UserError: `path` holds something, the disk is full, or it cannot be written to.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    with explain_disk_errors(path):
        if not replace:
            refuse_used(path)
        temporary.mkdir(parents=True)
        try:
            yield temporary
            for file in temporary.rglob("*"):
                if file.is_file():
                    _flush(file)
            _put(temporary, path)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def refuse_used(path: Path) -> None:
    """Raise `UserError` unless `path` is missing or an empty folder."""
    if path.is_dir() and any(path.iterdir()):
        raise UserError(
            "folder-not-empty",
            "The folder {path} is not empty. Choose a new or empty one.",
            path=path,
        )
    if path.exists() and not path.is_dir():
        raise UserError("no-folder", "{path} is a file. Choose a folder.", path=path)


def _flush(file: Path) -> None:
    with open(file, "rb+") as stream:
        os.fsync(stream.fileno())


def _put(temporary: Path, path: Path) -> None:
    """Rename; what stands in the way is moved aside first and removed last."""
    aside = None
    if path.exists():
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.old")
        path.rename(aside)
    try:
        temporary.rename(path)
    except OSError:
        if aside is not None:
            aside.rename(path)
        raise
    if aside is not None:
        shutil.rmtree(aside, ignore_errors=True)
