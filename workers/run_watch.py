"""One run as the follower sees it: its journal, its status and, if we started it, its process."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.contract.errors import UserError, WorkbenchError
from engine.contract.runs.events import JournalEntry, RunState
from engine.contract.runs.folder import ControlRequest, RunFolder, RunStatus, StopRequest
from engine.contract.runs.journal import JournalReader
from engine.contract.runs.lock import is_locked
from workers.launching import end_process
from workers.outcome import End, ProcessOutcome
from workers.process_check import is_engine_of
from workers.run_process import RunProcess, Stamp, status_stamp
from workers.verdicts import conclude_cancelled, conclude_failed, conclude_interrupted

log = logging.getLogger(__name__)

CHUNK_ENTRIES = 250
"""Decoding so many takes about 7 ms, in which the window may wait for Python's lock."""
IDLE_LOOK_S = 1.0
"""How often a run that nobody works on is looked at: another program may resume it."""


@dataclass(frozen=True)
class Patience:
    """How long a process may take to end, in seconds, before more is done.

    Attributes:
        stop_s, save_s: after a stop request, without and with a checkpoint to save.
        terminate_s: after it was told to end (SIGTERM), before it is ended (SIGKILL).
    """

    stop_s: float = 10.0
    save_s: float = 60.0
    terminate_s: float = 5.0


@dataclass
class _Ending:
    """The way from a stop request to a killed process."""

    asked: bool
    """By the user; otherwise the run has its verdict and only the process lingers."""
    deadline_s: float
    presses: int = 0


class RunWatch:
    """Follows one run and, where this program launched it, its process.

    Holds no thread and no Qt: the follower calls `look` again and again.

    Attributes:
        wanted: whether someone wants its entries and states.
        status: as last judged; QUEUED before the first look.
        looked: whether it was judged at all.

    Raises:
        UserError: there is no readable run in the folder.
    """

    def __init__(self, path: Path, patience: Patience) -> None:
        self.folder = RunFolder(path)
        self.run_id = self.folder.read_spec().run_id
        self.status = RunStatus(run_id=self.run_id, state=RunState.QUEUED)
        self.looked = False
        self._patience = patience
        self._process: RunProcess | None = None
        self._ending: _Ending | None = None
        self._stamp: Stamp = None
        self._next_idle_look_s = 0.0
        self.tell_again()

    @property
    def is_active(self) -> bool:
        """Whether a process works on the run, as far as the last look could tell."""
        return self._process is not None or self.status.state.is_active

    def tell_again(self) -> None:
        """Tell everything, from the first line of the journal."""
        self.wanted = True
        self._told: RunStatus | None = None
        self._reader = JournalReader(self.folder.events, self.run_id)
        self._drained = False

    def look(self, now_s: float) -> None:
        """Judge the run's state, and press on a process that should have ended."""
        idle = self.looked and not self.is_active
        if idle:
            if now_s < self._next_idle_look_s:
                return
            self._next_idle_look_s = now_s + IDLE_LOOK_S
        stamp = status_stamp(self.folder)
        if idle and stamp == self._stamp:
            return
        self._drained = False
        if stamp == self._stamp and self._is_at_work():
            return
        self._stamp = stamp
        self.status = self._judge(now_s)
        self.looked = True
        if self.is_active:
            self._press(now_s)
        else:
            self._ending = None

    def read_entries(self) -> tuple[JournalEntry, ...]:
        """The next entries, at most `CHUNK_ENTRIES`; none where the journal is read out."""
        if self._drained or not self.wanted:
            return ()
        try:
            entries = tuple(self._reader.read_new(CHUNK_ENTRIES))
        except OSError as error:
            log.warning("%s: the journal cannot be read: %s", self.run_id, error)
            entries = ()
        self._drained = not entries
        return entries

    def take_status(self) -> RunStatus | None:
        """The status, if it is new; that a run has ended is told after its last entry."""
        if not self.wanted or self.status == self._told:
            return None
        if self._told is not None and self.status.state.is_final and not self._drained:
            return None
        self._told = self.status
        return self.status

    def set_waiting(self, state: RunState) -> None:
        """Become QUEUED, or CANCELLED without having been started (again).

        Raises:
            UserError: the disk does not take it.
        """
        status = self._bare(state)
        self.folder.write_status(status)
        self.status = status

    def launch(self, command: Sequence[str]) -> None:
        """Start the engine on this run, unless some process works on it already."""
        self._ending = None
        self.looked = False
        try:
            if is_locked(self.folder.path):
                return
            # Requests to an engine of the past are not for the one that starts now.
            self.folder.control.unlink(missing_ok=True)
            self._process = RunProcess(self.folder, command)
        except (OSError, UserError) as error:
            outcome = ProcessOutcome(End.NOT_STARTED, said=str(error))
            self.status = conclude_failed(self.folder, self.status, outcome)
            return
        self.status = self._bare(RunState.STARTING)

    def stop(self, now_s: float, *, save: bool) -> None:
        """Ask the engine to end, and from now on see to it that it does."""
        patience_s = self._patience.save_s if save else self._patience.stop_s
        if self._process is not None and not self._process.has_spoken:
            patience_s = 0.0  # nothing has been done that could be lost
        deadline_s = now_s + patience_s
        if self._ending is not None and self._ending.asked:
            deadline_s = min(deadline_s, self._ending.deadline_s)
        self._ending = _Ending(asked=True, deadline_s=deadline_s)
        self.request(StopRequest(save=save))

    def request(self, request: ControlRequest) -> None:
        """Ask something of the engine that works on this run."""
        try:
            self.folder.request(request)
        except (UserError, OSError) as error:
            log.warning("%s: %s could not be asked: %s", self.run_id, request, error)

    def let_go(self) -> None:
        """Leave a process that works on the run to itself."""
        if self._process is not None:
            self._process.let_go()

    def _is_at_work(self) -> bool:
        """Whether it was judged so, and our process is there and not asked to end."""
        if self._process is None or self._ending is not None or not self.looked:
            return False
        return self._process.outcome() is None

    def _judge(self, now_s: float) -> RunStatus:
        # In this order: once a process has ended, its last word is in the file.
        outcome = None if self._process is None else self._process.outcome()
        spoken = self._process is None or self._process.has_spoken
        status = self._read_status()
        if outcome is not None:
            return self._judge_ended(status, outcome, spoken=spoken)
        if not spoken:
            return self._show_stopping(self._bare(RunState.STARTING))
        if self._process is None and not self._is_locked():
            if status.state is RunState.INTERRUPTED and self._ending is not None:
                return conclude_cancelled(self.folder, status)
            return status
        if status.state.is_active:
            return self._show_stopping(status)
        # The verdict is there, and the process too: it counts once the process has ended.
        if self._process is not None and self._ending is None:
            self._ending = _Ending(asked=False, deadline_s=now_s + self._patience.save_s)
        return self.status if self.is_active else self._bare(RunState.STARTING)

    def _judge_ended(
        self, status: RunStatus, outcome: ProcessOutcome, *, spoken: bool
    ) -> RunStatus:
        """The state after our process has ended, with or without a verdict of its own."""
        asked = self._ending is not None and self._ending.asked
        self._process = None
        if self._is_locked():  # another process was faster, and works on the run
            return status
        if spoken and status.state.is_final and status.state is not RunState.INTERRUPTED:
            return status
        if asked:
            return conclude_cancelled(self.folder, status)
        if spoken and not outcome.sentence:
            return conclude_interrupted(self.folder, status, outcome)
        return conclude_failed(self.folder, status, outcome)

    def _read_status(self) -> RunStatus:
        """The status on disk; one that cannot be read is shown as INTERRUPTED, with why."""
        try:
            status = self.folder.read_status()
        except (WorkbenchError, OSError) as error:
            return replace(self._bare(RunState.INTERRUPTED), message=str(error))
        if status.run_id != self.run_id:
            message = f"status.json is of another run ({status.run_id}): resume writes it anew."
            return replace(self._bare(RunState.INTERRUPTED), message=message)
        return status

    def _is_locked(self) -> bool:
        try:
            return is_locked(self.folder.path)
        except OSError:  # a folder that we may not write to, and no engine of ours either
            return False

    def _show_stopping(self, status: RunStatus) -> RunStatus:
        """A run that was asked to stop is STOPPING, whatever its engine has heard of it."""
        if self._ending is not None and self._ending.asked:
            return replace(status, state=RunState.STOPPING)
        return status

    def _bare(self, state: RunState) -> RunStatus:
        """A status that keeps only how far the run is."""
        known = self.status
        return RunStatus(self.run_id, state, step=known.step, total_steps=known.total_steps)

    def _press(self, now_s: float) -> None:
        """Terminate, then kill, a process that had time enough to end."""
        ending = self._ending
        if ending is None or now_s < ending.deadline_s:
            return
        force = ending.presses > 0
        log.warning("%s: %s its engine", self.run_id, "killing" if force else "terminating")
        if self._process is not None:
            self._process.end(force=force)
        elif is_engine_of(self.folder.path, self.status):
            end_process(self.status.pid, force=force)
        else:
            log.warning("%s: process %d is not its engine", self.run_id, self.status.pid)
        ending.presses += 1
        ending.deadline_s = now_s + self._patience.terminate_s
