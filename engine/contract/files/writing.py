"""Writing files so that a kill or a full disk never leaves half of one under its name."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from engine.contract.errors import UserError

_UNWRITABLE = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.ENOENT,
    errno.EEXIST,
    errno.EISDIR,
    errno.ENAMETOOLONG,
)


def slug(text: str) -> str:
    """A name for a folder on every system."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.").lower() or "study"


def write_atomically(path: Path, data: str | bytes, *, flush: bool = True) -> None:
    """Write beside `path`, flush to disk, then replace `path` in one step.

    Args:
        flush: wait until the disk has it; without, a power cut may leave the old content.

    Raises:
        UserError: the disk is full or the folder cannot be written to.
    """
    with explain_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            with open(temporary, "xb") as stream:  # x: nothing that stands there is followed
                stream.write(_bytes(data))
                if flush:
                    stream.flush()
                    os.fsync(stream.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _bytes(data: str | bytes) -> bytes:
    """A text in UTF-8; a lone surrogate from an untrusted file as its number."""
    return data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data


@contextlib.contextmanager
def explain_disk_errors(path: Path) -> Iterator[None]:
    """Turn a full disk, or a folder that cannot be written to, into a `UserError`."""
    try:
        yield
    except OSError as error:
        folder = path if os.path.isdir(path) else path.parent
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(
                "disk-full",
                "The disk with {folder} is full. Free some space, then resume; nothing that was "
                "saved before is lost.",
                folder=folder,
            ) from error
        if error.errno == errno.EFBIG:
            raise UserError(
                "file-would-be-too-large",
                "{path} would grow larger than its disk or the system's limit allows. Choose a "
                "folder on another disk, or raise the limit.",
                path=path,
            ) from error
        if error.errno in _UNWRITABLE:
            raise UserError(
                "not-writable",
                "{folder} cannot be written to ({reason}). Choose another folder, or change its "
                "permissions.",
                folder=folder,
                reason=error.strerror,
            ) from error
        raise
