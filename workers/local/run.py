"""One run on this machine: its journal, its status and, if we started it, its process."""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.contract.errors import UserError, WorkbenchError
from engine.contract.files.regular_files import open_to_change, open_to_read
from engine.contract.runs.events import (
    Blame,
    Event,
    JournalEntry,
    RunCancelled,
    RunFailed,
    RunState,
)
from engine.contract.runs.folder import ControlRequest, RunFolder, RunStatus, StopRequest
from engine.contract.runs.journal import JournalReader
from engine.contract.runs.lock import is_locked
from workers.processes import ProcessOutcome, end_process, is_engine_of, read_tail, start_engine

log = logging.getLogger(__name__)

CHUNK_ENTRIES = 250
"""Decoding so many takes about 7 ms, in which the window may wait for Python's lock."""
IDLE_CHECK_S = 1.0
"""How often a run that nobody works on is checked: another program may resume it."""


@dataclass(frozen=True)
class StopTimeouts:
    """How long a process may take to end, in seconds, before the next means.

    Attributes:
        stop_s, save_s: after a stop request, without and with a checkpoint to save.
        terminate_s: after SIGTERM, before SIGKILL.
    """

    stop_s: float = 10.0
    save_s: float = 60.0
    terminate_s: float = 5.0


@dataclass
class _Stop:
    """The way from a stop request to a killed process."""

    requested: bool
    """By the user; otherwise the run has its verdict and only the process lingers."""
    deadline_s: float
    signals: int = 0


class LocalRun:
    """A run that is followed, by a thread that calls `check` again and again; knows no Qt.

    Attributes:
        followed: whether someone wants its entries and states.
        status: as last judged; QUEUED before the first check.

    Raises:
        UserError: there is no readable run in the folder.
    """

    def __init__(self, path: Path, timeouts: StopTimeouts) -> None:
        self.folder = RunFolder(path)
        self.run_id = self.folder.read_spec().run_id
        self.status = RunStatus(self.run_id, RunState.QUEUED)
        self._timeouts = timeouts
        self._process: subprocess.Popen[bytes] | None = None
        self._launch_stamp: tuple[int, int] | None = None
        self._log_start = 0
        self._stop: _Stop | None = None
        self._checked = False
        self._checked_stamp: tuple[int, int] | None = None
        self._next_idle_check_s = 0.0
        self.replay()

    @property
    def is_active(self) -> bool:
        """Whether a process works on the run, as far as the last check could tell."""
        return self._process is not None or self.status.state.is_active

    def replay(self) -> None:
        """Report everything, from the first line of the journal."""
        self.followed = True
        self._reported: RunStatus | None = None
        self._journal = JournalReader(self.folder.events, self.run_id)
        self._all_read = False

    def read_entries(self) -> tuple[JournalEntry, ...]:
        """The next entries, at most `CHUNK_ENTRIES`; none at the end of the journal."""
        if self._all_read or not self.followed:
            return ()
        try:
            entries = tuple(self._journal.read_new(CHUNK_ENTRIES))
        except OSError as error:
            log.warning("%s: the journal cannot be read: %s", self.run_id, error)
            entries = ()
        self._all_read = not entries
        return entries

    def read_status(self) -> RunStatus | None:
        """The status, if it is new; that a run has ended comes after its last entry."""
        if not self.followed or self.status == self._reported:
            return None
        if self._reported is not None and self.status.state.is_final and not self._all_read:
            return None
        self._reported = self.status
        return self.status

    def check(self, now_s: float) -> None:
        """Judge the run's state anew, and escalate where its process should have ended."""
        idle = self._checked and not self.is_active
        if idle:
            if now_s < self._next_idle_check_s:
                return
            self._next_idle_check_s = now_s + IDLE_CHECK_S
        stamp = self.folder.status_stamp()
        unchanged = stamp == self._checked_stamp
        if idle and unchanged:
            return
        self._all_read = False
        if unchanged and self._checked and self._stop is None and self._is_running():
            return
        self._checked_stamp = stamp
        self.status = self._judge(now_s)
        self._checked = True
        if self.is_active:
            self._escalate(now_s)
        else:
            self._stop = None

    def set_waiting(self, state: RunState) -> None:
        """Become QUEUED, or CANCELLED without having been started (again)."""
        status = self.status.without_process(state)
        try:
            self.folder.write_status(status)
        except (UserError, OSError) as error:
            log.warning("%s could not be marked as %s: %s", self.run_id, state.value, error)
        else:
            self.status = status

    def launch(self, command: Sequence[str]) -> None:
        """Start the engine on this run, unless some process works on it already."""
        self._stop = None
        self._checked = False
        folder = self.folder
        try:
            if is_locked(folder.path):
                return
            # Requests to an engine of the past are not for the one that starts now.
            folder.control.unlink(missing_ok=True)
            self._launch_stamp = folder.status_stamp()
            with open_to_change(folder.log) as out:
                self._log_start = out.seek(0, os.SEEK_END)
                self._process = start_engine(
                    [*command, str(folder.path)], stdin=subprocess.DEVNULL, stdout=out, stderr=out
                )
        except (OSError, UserError) as error:
            self.status = self._conclude_failed(self.status, ProcessOutcome(None, str(error)))
            return
        self.status = self.status.without_process(RunState.STARTING)

    def stop(self, now_s: float, *, save: bool) -> None:
        """Ask the engine to end, and from now on see to it that it does."""
        timeout_s = self._timeouts.save_s if save else self._timeouts.stop_s
        if not self._has_written():
            timeout_s = 0.0  # nothing has been done that could be lost
        deadline_s = now_s + timeout_s
        if self._stop is not None and self._stop.requested:
            deadline_s = min(deadline_s, self._stop.deadline_s)
        self._stop = _Stop(requested=True, deadline_s=deadline_s)
        self.request(StopRequest(save=save))

    def request(self, request: ControlRequest) -> None:
        """Ask something of the engine that works on this run."""
        try:
            self.folder.request(request)
        except (UserError, OSError) as error:
            log.warning("%s: %s could not be asked: %s", self.run_id, request, error)

    def detach(self) -> None:
        """Leave a process that works on the run to itself."""
        if self._process is not None and self._is_running():
            # Popen warns of a child that is still there when it is forgotten; here it is meant.
            self._process.returncode = 0

    def _judge(self, now_s: float) -> RunStatus:
        # In this order: once a process has ended, its last word is in the file.
        outcome = self._outcome()
        has_written = self._has_written()
        status = self._status_on_disk()
        if outcome is not None:
            return self._judge_ended(status, outcome, has_written=has_written)
        if not has_written:
            return self._show_stopping(self.status.without_process(RunState.STARTING))
        if self._process is None and not self._is_locked():
            if status.state is RunState.INTERRUPTED and self._stop is not None:
                return self._conclude_cancelled(status)
            return status
        if status.state.is_active:
            return self._show_stopping(status)
        # The verdict is there, and the process too: it counts once the process has ended.
        if self._process is not None and self._stop is None:
            self._stop = _Stop(requested=False, deadline_s=now_s + self._timeouts.save_s)
        return self.status if self.is_active else self.status.without_process(RunState.STARTING)

    def _judge_ended(
        self, status: RunStatus, outcome: ProcessOutcome, *, has_written: bool
    ) -> RunStatus:
        """The state after our process has ended, with or without a verdict of its own."""
        self._process = None
        if self._is_locked():  # another process was faster, and works on the run
            return status
        if has_written and status.state.is_final and status.state is not RunState.INTERRUPTED:
            return status
        if self._stop is not None and self._stop.requested:
            return self._conclude_cancelled(status)
        if not has_written or outcome.user_error:
            return self._conclude_failed(status, outcome)
        message = (
            f"The run's process {outcome.describe()}. Resume continues from the last checkpoint."
        )
        log.warning("%s: %s It said last: %s", self.run_id, message, outcome.last_lines)
        return self._conclude(status.without_process(RunState.INTERRUPTED, message), None)

    def _conclude_cancelled(self, last: RunStatus) -> RunStatus:
        """The user asked the run to stop, and its process has ended."""
        event = RunCancelled(last.step, self.folder.saved_step())
        return self._conclude(last.without_process(RunState.CANCELLED), event)

    def _conclude_failed(self, last: RunStatus, outcome: ProcessOutcome) -> RunStatus:
        """The engine ended before it wrote anything, or with a sentence it could not record."""
        if outcome.user_error:
            blame, message = Blame.USER, outcome.user_error
        else:
            blame, message = Blame.ENGINE, f"The engine {outcome.describe()} before the run began."
        event = RunFailed(last.step, blame, message, traceback=outcome.last_lines)
        return self._conclude(last.without_process(RunState.FAILED, message), event)

    def _conclude(self, status: RunStatus, event: Event | None) -> RunStatus:
        try:
            return self.folder.conclude(status, event)
        except (UserError, OSError) as error:
            log.warning("%s: the verdict could not be written: %s", self.run_id, error)
            return status

    def _has_written(self) -> bool:
        """Whether the engine has written a status of its own since we launched it."""
        return self._process is None or self.folder.status_stamp() != self._launch_stamp

    def _is_running(self) -> bool:
        """Whether a process of ours works on the run."""
        return self._process is not None and self._process.poll() is None

    def _outcome(self) -> ProcessOutcome | None:
        """How our process ended; None while it is there, and where there is none."""
        if self._process is None or (returncode := self._process.poll()) is None:
            return None
        try:
            with open_to_read(self.folder.log) as stream:
                return ProcessOutcome(returncode, read_tail(stream, self._log_start))
        except (OSError, UserError):  # the folder is gone, or is another's
            return ProcessOutcome(returncode)

    def _status_on_disk(self) -> RunStatus:
        """The status on disk; one that cannot be read is shown as INTERRUPTED, with why."""
        try:
            status = self.folder.read_status()
        except (WorkbenchError, OSError) as error:
            return self.status.without_process(RunState.INTERRUPTED, str(error))
        if status.run_id != self.run_id:
            message = f"status.json is of another run ({status.run_id}): resume writes it anew."
            return self.status.without_process(RunState.INTERRUPTED, message)
        return status

    def _is_locked(self) -> bool:
        try:
            return is_locked(self.folder.path)
        except OSError:  # a folder that we may not write to, and no engine of ours either
            return False

    def _show_stopping(self, status: RunStatus) -> RunStatus:
        """A run that was asked to stop is STOPPING, whatever its engine has heard of it."""
        if self._stop is not None and self._stop.requested:
            return replace(status, state=RunState.STOPPING)
        return status

    def _escalate(self, now_s: float) -> None:
        """Terminate, then kill, a process that had time enough to end."""
        stop = self._stop
        if stop is None or now_s < stop.deadline_s:
            return
        force = stop.signals > 0
        log.warning("%s: %s its engine", self.run_id, "killing" if force else "terminating")
        if self._process is not None:
            if self._is_running():
                end_process(self._process.pid, force=force)
        elif is_engine_of(self.folder.path, self.status):
            end_process(self.status.pid, force=force)
        else:
            log.warning("%s: process %d is not its engine", self.run_id, self.status.pid)
        stop.signals += 1
        stop.deadline_s = now_s + self._timeouts.terminate_s
