"""A run's engine process, from its launch to its end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from engine.contract.errors import UserError
from engine.contract.files.regular_files import open_to_change, open_to_read
from engine.contract.runs.folder import RunFolder
from workers.launching import end_process, read_tail, start_engine
from workers.outcome import ProcessOutcome

Stamp = tuple[int, int] | None


def status_stamp(folder: RunFolder) -> Stamp:
    """Changes whenever `status.json` is replaced; None where there is none."""
    try:
        found = (folder.path / "status.json").stat()
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns)


class RunProcess:
    """The process that this program started for a run.

    Raises:
        OSError: it cannot be started.
        UserError: its log is no plain file.
    """

    def __init__(self, folder: RunFolder, command: Sequence[str]) -> None:
        self._folder = folder
        self._stamp = status_stamp(folder)
        with open_to_change(folder.log) as log:
            self._log_start = log.seek(0, os.SEEK_END)
            self._popen = start_engine(
                [*command, str(folder.path)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    @property
    def has_spoken(self) -> bool:
        """Whether the engine has written a status of its own since the launch."""
        return status_stamp(self._folder) != self._stamp

    def outcome(self) -> ProcessOutcome | None:
        """How it ended, or None while it is there."""
        returncode = self._popen.poll()
        if returncode is None:
            return None
        try:
            with open_to_read(self._folder.log) as log:
                said = read_tail(log, self._log_start)
        except (OSError, UserError):  # the folder is gone, or is another's
            said = ""
        return ProcessOutcome.of(returncode, said)

    def end(self, *, force: bool) -> None:
        """Tell it to end, or end it."""
        if self._popen.poll() is None:
            end_process(self._popen.pid, force=force)

    def let_go(self) -> None:
        """Leave it running when this program ends."""
        if self._popen.poll() is None:
            # Popen warns of a child that is still there when it is forgotten; here it is meant.
            self._popen.returncode = 0
