"""Untrusted files, checked before they are read.

A backbone or prefix folder from elsewhere may hold links to files outside, pipes that never
answer, devices that never end, or files that are far too large. Only regular files up to a
limit are read. The model hub's own cache holds its files as links into a folder beside it;
these are followed, and no others.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from engine.contract.errors import UserError
from engine.contract.files.regular_files import open_to_read

SETTINGS_BYTES = 16_000_000
"""Limit of a JSON file with settings; real ones have some kB."""
VOCABULARY_BYTES = 128_000_000
"""Limit of a file with a vocabulary; the largest real ones have some 35 MB."""
_READ_WHOLE = (".json", ".txt", ".model", ".jinja")
_VOCABULARIES = ("tokenizer.json", "vocab.json", "merges.txt", "model.safetensors.index.json")

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
"""How a file begins that Git LFS left instead of a large file."""


def lfs_pointer(path: Path) -> UserError:
    """The error of a pointer that Git LFS left instead of a file."""
    return UserError(
        "git-lfs-pointer",
        "{path} is only a Git LFS pointer to the file itself. Run `git lfs pull` in its folder, "
        "or download the file.",
        path=path,
    )


def damaged_file(path: Path, reason: Exception | str) -> UserError:
    """The error of a file that does not hold what it should."""
    return UserError(
        "file-damaged",
        "{path} is damaged ({reason}). Get the file again.",
        path=path,
        reason=str(reason),
    )


def home_path(text: str) -> Path:
    """A path as it was typed, "~" being the home folder.

    Raises:
        UserError: it begins with "~" and a name that no user has, or no system can hold it.
    """
    try:
        path = Path(text).expanduser()
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            os.stat(path)
    except (RuntimeError, ValueError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UserError(
            "path-not-usable",
            "{path!r} cannot be used as a path ({reason}). Choose another.",
            path=text if len(text) <= 80 else f"{text[:80]}…",
            reason=reason,
        ) from error
    return path


def read_regular(path: Path, limit_bytes: int = SETTINGS_BYTES) -> bytes:
    """The content of a regular file.

    Raises:
        FileNotFoundError: it is not there.
        OSError: it cannot be read.
        UserError: a link, a pipe, a device or a folder, or larger than the limit.
    """
    size = check_regular(path, limit_bytes)
    with open_to_read(_real(path)) as stream:
        return stream.read(size)


def read_json(path: Path, limit_bytes: int = SETTINGS_BYTES) -> Any:
    """A JSON file's content, parsed.

    Raises:
        FileNotFoundError: it is not there.
        UserError: as `read_regular`, or it cannot be read as JSON.
    """
    try:
        data = read_regular(path, limit_bytes)
        if data.startswith(LFS_POINTER):
            raise lfs_pointer(path)
        return json.loads(data.decode("utf-8"))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise damaged_file(path, _cause(error)) from error


def check_folder(folder: Path) -> None:
    """Check every file that a library might read from a folder, without opening one.

    Raises:
        UserError: one is a link, a pipe, a device or a folder, or too large.
    """
    try:
        names = sorted(entry.name for entry in os.scandir(folder))
    except OSError as error:
        raise UserError(
            "folder-not-readable",
            "{folder} cannot be read ({reason}). Check its permissions.",
            folder=folder,
            reason=error.strerror,
        ) from error
    for name in names:
        path = folder / name
        if path.suffix == ".safetensors":
            check_regular(path)
        elif path.suffix in _READ_WHOLE:
            large = name in _VOCABULARIES or path.suffix == ".model"
            check_regular(path, VOCABULARY_BYTES if large else SETTINGS_BYTES)
        elif name == "additional_chat_templates" and path.is_dir():
            check_folder(path)


def check_regular(path: Path, limit_bytes: int | None = None) -> int:
    """Refuse a path that is no regular file, or a larger one.

    Returns:
        Its size in bytes.

    Raises:
        UserError: a link, a pipe, a device or a folder, or larger than the limit.
        OSError: it is not there, or cannot be opened.
    """
    try:
        with open_to_read(_real(path)) as stream:
            size = os.fstat(stream.fileno()).st_size
    except IsADirectoryError as error:
        raise UserError(
            "folder-where-file-should-be",
            "{path} is a folder, but should be a file. Get it again.",
            path=path,
        ) from error
    if limit_bytes is not None and size > limit_bytes:
        raise UserError(
            "backbone-file-too-large",
            "{path} has {size:,} bytes, and such files are read up to {limit:,}. Get it again.",
            path=path,
            size=size,
            limit=limit_bytes,
        )
    return size


def _real(path: Path) -> Path:
    """The path, or what it links to in the model hub's cache (snapshots/REVISION to blobs/)."""
    if path.is_symlink() and path.parent.parent.name == "snapshots":
        target = path.resolve()
        if target.parent == (path.parent.parent.parent / "blobs").resolve():
            return target
    return path


def _cause(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)
