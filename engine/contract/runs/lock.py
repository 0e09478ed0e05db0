"""A lock on a folder that the system releases when its holder ends, however it ends.

So "is a process working on this run?" is a question about the lock, not about process
numbers that may have been given to another program since.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO

from engine.contract.errors import UserError
from engine.contract.files.regular_files import UnsafeFileError, open_to_change, open_to_read
from engine.contract.files.writing import explain_disk_errors

PATIENCE_S = 0.5
_IS_WINDOWS = sys.platform == "win32"


def run_in_use(path: Path) -> UserError:
    """The run in this folder is locked."""
    return UserError(
        "run-in-use",
        "Another process is working on the run in {path}. Wait for it, or stop it.",
        path=path,
    )


class FolderLock:
    """An exclusive lock on `folder`, held until `release` or the end of the process.

    Args:
        name: of the lock's file; another name is another lock.
        remove: delete the lock's file on release.
    """

    def __init__(self, folder: Path, *, name: str = "lock", remove: bool = False) -> None:
        self._path, self._remove = folder / name, remove
        self._stream: IO[bytes] | None = None

    def acquire(self, *, patience_s: float = PATIENCE_S) -> bool:
        """Take the lock; return False when another process holds it for `patience_s`.

        `is_locked` holds the lock for a moment: a little patience distinguishes it from a
        process at work.

        Raises:
            UserError: the folder cannot be written to.
        """
        with explain_disk_errors(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
        give_up_s = time.monotonic() + patience_s
        while not self._try():
            if time.monotonic() >= give_up_s:
                return False
            time.sleep(0.01)
        return True

    def _try(self) -> bool:
        with explain_disk_errors(self._path):
            stream = open_to_change(self._path)
        # A holder may have removed the file that was just opened: a lock on it is worth nothing.
        if _lock(stream) and _is_open_at(stream, self._path):
            self._stream = stream
            return True
        stream.close()
        return False

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._stream is not None:
            if self._remove and not _IS_WINDOWS:  # while it is held, so that it is nobody else's
                self._path.unlink(missing_ok=True)
            _unlock(self._stream)
            self._stream.close()
            self._stream = None
            if self._remove and _IS_WINDOWS:  # which keeps a file that another process has opened
                with contextlib.suppress(PermissionError):
                    self._path.unlink(missing_ok=True)

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def is_locked(folder: Path) -> bool:
    """Whether some process (this one included) holds the lock on `folder`.

    Needs no right to write; two processes may check at the same time.
    """
    try:
        stream = open_to_read(folder / "lock")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, UnsafeFileError):
        return False  # no process of ours could hold it
    with stream:
        if not _lock(stream, shared=True):
            return True
        _unlock(stream)
        return False


def _is_open_at(stream: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(stream: IO[bytes], *, shared: bool = False) -> bool:
        stream.seek(0)
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(stream: IO[bytes]) -> None:
        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(stream: IO[bytes], *, shared: bool = False) -> bool:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(stream.fileno(), kind | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _unlock(stream: IO[bytes]) -> None:
        fcntl.flock(stream.fileno(), fcntl.LOCK_UN)
