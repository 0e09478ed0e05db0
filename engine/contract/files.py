"""Writing files so that a kill or a full disk never leaves half of one under its name."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from engine.contract.errors import UserError


def write_atomically(path: Path, data: str | bytes) -> None:
    """Write beside `path`, flush to disk, then replace `path` in one step.

    Raises:
        UserError: the disk is full or the folder cannot be written to.
    """
    with explain_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            with open(temporary, "wb") as stream:
                stream.write(data.encode("utf-8") if isinstance(data, str) else data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def explain_disk_errors(path: Path) -> Iterator[None]:
    """Turn a full disk, a read-only folder or a missing right into a `UserError`."""
    try:
        yield
    except OSError as error:
        place = path if path.is_dir() else path.parent
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(
                f"The disk holding {place} is full: free some space, then resume. "
                "Nothing that was saved before is lost."
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR):
            raise UserError(
                f"{place} cannot be written to ({error.strerror}): choose another folder "
                "or change its permissions."
            ) from error
        raise
