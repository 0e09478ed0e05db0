"""Opening files in untrusted folders.

A folder from elsewhere can hold symbolic links to files outside it, pipes that never answer and
devices that never end. Everything here opens plain files only, and never waits for one; whoever
opens a project, run or prefix folder first has its links refused by `refuse_links`.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO

from engine.contract.errors import UserError

MAX_TEXT_BYTES = 64 * 1024 * 1024
"""Largest JSON file of ours that is read at once; a spec of 100 kB is a large one."""
MAX_ENTRIES = 100_000
"""Files and folders in a run or project; a finished run has about twenty."""

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_BINARY = getattr(os, "O_BINARY", 0)


class UnsafeFileError(UserError):
    """A link, pipe or device where a plain file should be, or a file beyond its limit."""


def open_to_read(path: Path, *, limit_bytes: int | None = None) -> IO[bytes]:
    """Open a plain file.

    Raises:
        UnsafeFileError: it is a link, pipe or device, or larger than `limit_bytes`.
        OSError: as `open`.
    """
    descriptor = _open(path, os.O_RDONLY | _NO_WAIT)
    try:
        size = _check(path, os.fstat(descriptor)).st_size
        if limit_bytes is not None and size > limit_bytes:
            raise UnsafeFileError(
                "file-too-large",
                "{path} has {size:,} bytes, and at most {limit:,} are expected. It was not written "
                "by this program.",
                path=path,
                size=size,
                limit=limit_bytes,
            )
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_text(path: Path, *, limit_bytes: int = MAX_TEXT_BYTES) -> str:
    """The content of a plain file in UTF-8.

    Raises:
        UnsafeFileError: as `open_to_read`.
        OSError, UnicodeDecodeError: as `Path.read_text`.
    """
    with open_to_read(path, limit_bytes=limit_bytes) as stream:
        return stream.read().decode("utf-8")


def open_to_change(path: Path, *, append: bool = True) -> IO[bytes]:
    """Open a plain file for reading and writing, unbuffered; made where it is missing.

    Args:
        append: write at the end only.

    Raises:
        UnsafeFileError: it is a link, pipe or device, or has another name elsewhere (a hard link).
        OSError: as `open`.
    """
    flags = os.O_RDWR | os.O_CREAT | _NO_WAIT | (os.O_APPEND if append else 0)
    descriptor = _open(path, flags)
    try:
        if _check(path, os.fstat(descriptor)).st_nlink > 1:
            raise UnsafeFileError(
                "hard-link",
                "{path} is a hard link: what is written to it would change another file. Replace "
                "it with a copy.",
                path=path,
            )
        return os.fdopen(descriptor, "a+b" if append else "r+b", buffering=0)
    except BaseException:
        os.close(descriptor)
        raise


def refuse_links(folder: Path, *, depth: int | None = None) -> None:
    """Check that everything below `folder` is a plain file or a folder.

    `folder` itself may be a link: whoever opens it has chosen it.

    Args:
        depth: how many levels of folders to check; None: all.

    Raises:
        UnsafeFileError: a link, pipe or device, named; or more than `MAX_ENTRIES` entries.
        OSError: as `os.scandir`.
    """
    waiting, seen = [(os.fspath(folder), 1)], 0
    while waiting:
        path, level = waiting.pop()
        with os.scandir(path) as entries:
            for entry in entries:
                seen += 1
                if seen > MAX_ENTRIES:
                    raise UnsafeFileError(
                        "too-many-files",
                        "{folder} has more than {limit:,} files. It was not made by this program.",
                        folder=folder,
                        limit=MAX_ENTRIES,
                    )
                if entry.is_dir(follow_symlinks=False):
                    if depth is None or level < depth:
                        waiting.append((entry.path, level + 1))
                elif not entry.is_file(follow_symlinks=False):
                    _check(Path(entry.path), entry.stat(follow_symlinks=False))


def _open(path: Path, flags: int) -> int:
    if not _NO_LINK and path.is_symlink():
        raise _link(path)
    try:
        return os.open(path, flags | _NO_LINK | _BINARY | getattr(os, "O_CLOEXEC", 0), 0o666)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK) and path.is_symlink():
            raise _link(path) from error
        if error.errno in (errno.ENXIO, errno.ENODEV, errno.EOPNOTSUPP):  # a pipe, a socket
            raise _special(path) from error
        raise


def _check(path: Path, status: os.stat_result) -> os.stat_result:
    if stat.S_ISLNK(status.st_mode):
        raise _link(path)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise _special(path)
    return status


def _link(path: Path) -> UnsafeFileError:
    return UnsafeFileError(
        "symbolic-link",
        "{path} is a symbolic link, which could lead anywhere. If you trust it, replace it with "
        "the file or folder itself; otherwise delete it.",
        path=path,
    )


def _special(path: Path) -> UnsafeFileError:
    return UnsafeFileError(
        "no-plain-file", "{path} is a pipe or a device, not a plain file. Delete it.", path=path
    )
