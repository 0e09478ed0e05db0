"""Runs training in processes of this machine, without ever blocking the window."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot

from engine.contract.errors import WorkbenchError
from engine.contract.runs.events import JournalEntry, RunState
from engine.contract.runs.folder import ContinueRequest, ControlRequest, PauseRequest, RunStatus
from workers.local.run import IDLE_CHECK_S, LocalRun, StopTimeouts
from workers.processes import engine_command

log = logging.getLogger(__name__)

BUSY_CHECK_S = 0.1
REPORTS_A_TURN = 20
"""So many runs are reported before the window has its breath; the others in the next turn."""
BREATH_S = 0.005
"""Left to the window between two chunks of a long journal."""

Report = tuple[str, tuple[JournalEntry, ...] | RunStatus]
"""What is new of the run with this id."""


class LocalRunner(QObject):
    """A `Runner` of child processes, one at a time; a thread starts, follows and ends them.

    A run is started detached, and goes on when this object or the whole program ends. One that
    is QUEUED on disk from an earlier session waits until it is submitted again: starting work at
    once is not what opening a project should do by itself. A live run that is followed holds the
    queue up, whoever started it. A run that does not stop is terminated, then killed.

    The next entries are read only once the last have been received, so that a long journal never
    piles up in the event queue; at most 250 come at once.
    """

    entries_arrived = Signal(str, object)
    status_changed = Signal(str, object)
    _reported = Signal(int, object)

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        command: Sequence[str] | None = None,
        timeouts: StopTimeouts | None = None,
    ) -> None:
        """Take the engine's command line, to which the run folder is appended."""
        super().__init__(parent)
        self._command = command or engine_command("run")
        self._timeouts = timeouts or StopTimeouts()
        self._detached: dict[str, int] = {}
        self._runs: dict[str, LocalRun] = {}  # these two belong to the thread alone
        self._queue: list[str] = []
        self._changed = threading.Condition()  # guards what follows
        self._actions: list[Callable[[], object]] = []
        self._posted = 0
        self._received = True
        self._closing = False
        self._reported.connect(self._on_reported, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._work, name="local runner", daemon=True)
        self._thread.start()

    def submit(self, path: Path) -> None:
        """Start the run, or resume it, once no other run is at work; also follows it."""
        self._post(lambda: self._submit(path))

    def follow(self, path: Path) -> None:
        """Report the run in this folder from the first line of its journal."""
        self._post(lambda: self._open(path))

    def detach(self, run_id: str) -> None:
        """Report it no more; a process that works on the run goes on, a waiting run does not."""
        self._detached[run_id] = self._post(lambda: self._detach(run_id))

    def stop(self, run_id: str, *, save: bool) -> None:
        """Ask the run to end; terminated, then killed if it does not answer."""
        self._post(lambda: self._stop(run_id, save=save))

    def pause(self, run_id: str) -> None:
        """Ask the run to wait."""
        self._post(lambda: self._request(run_id, PauseRequest()))

    def proceed(self, run_id: str) -> None:
        """Ask a paused run to go on."""
        self._post(lambda: self._request(run_id, ContinueRequest()))

    def close(self) -> None:
        """End the thread after what was asked is done (within milliseconds); runs go on."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _post(self, action: Callable[[], object]) -> int:
        """Have `action` done in the thread, in order; returns its number, from 1."""
        with self._changed:
            self._actions.append(action)
            self._posted += 1
            self._changed.notify()
            return self._posted

    @Slot(int, object)
    def _on_reported(self, done: int, reports: list[Report]) -> None:
        for run_id, report in reports:
            # Not what was reported before the run was detached, even if it is followed again.
            if done >= self._detached.get(run_id, 0):
                is_status = isinstance(report, RunStatus)
                (self.status_changed if is_status else self.entries_arrived).emit(run_id, report)
        with self._changed:
            self._received = True
            self._changed.notify()

    # What follows is the thread's.

    def _work(self) -> None:
        done = 0
        while True:
            with self._changed:
                actions, self._actions = self._actions, []
                closing = self._closing
            done += len(actions)
            reports: list[Report] = []
            try:
                for action in actions:
                    action()
                if closing:
                    break
                reports = self._check()
            except Exception:  # a fault of ours in one turn must not end all following
                log.exception("following runs failed")
            if reports:
                self._received = False
                self._reported.emit(done, reports)
            self._rest(waits=bool(reports) or not self._received)
        for run in self._runs.values():
            run.detach()

    def _rest(self, *, waits: bool) -> None:
        """Until the next check, an action, or the receipt of what was reported."""
        timeout_s = BUSY_CHECK_S if self._queue or self._is_working() else IDLE_CHECK_S
        with self._changed:
            self._changed.wait_for(
                lambda: self._closing or self._actions or (waits and self._received), timeout_s
            )
            if waits:
                self._changed.wait_for(lambda: self._closing, BREATH_S)

    def _check(self) -> list[Report]:
        """Check every run, start the next one, and gather what is new."""
        now_s = time.monotonic()
        for run in self._runs.values():
            run.check(now_s)
        if self._queue and not self._is_working():
            self._runs[self._queue.pop(0)].launch(self._command)
        reports = self._read_reports() if self._received else []
        # What has a process is kept, to see its end; the rest is opened again when wanted.
        self._runs = {key: run for key, run in self._runs.items() if run.followed or run.is_active}
        return reports

    def _read_reports(self) -> list[Report]:
        """States that are new, and the next entries of one run."""
        reports: list[Report] = []
        has_entries = False
        for run in sorted(self._runs.values(), key=lambda run: not run.is_active):
            if not has_entries and (entries := run.read_entries()):
                has_entries = True
                self._runs[run.run_id] = self._runs.pop(run.run_id)  # the others have their turn
                reports.append((run.run_id, entries))
            if status := run.read_status():
                reports.append((run.run_id, status))
            if len(reports) >= REPORTS_A_TURN:
                break
        return reports

    def _is_working(self) -> bool:
        return any(run.is_active for run in self._runs.values())

    def _open(self, path: Path) -> LocalRun | None:
        try:
            fresh = LocalRun(path, self._timeouts)
        except (WorkbenchError, OSError) as error:
            log.warning("%s cannot be followed: %s", path, error)
            return None
        run = self._runs.setdefault(fresh.run_id, fresh)
        if not run.followed:
            run.replay()
        return run

    def _submit(self, path: Path) -> None:
        run = self._open(path)
        if run is None or run.run_id in self._queue:
            return
        run.check(time.monotonic())
        if not run.is_active:
            self._queue.append(run.run_id)
            run.set_waiting(RunState.QUEUED)

    def _detach(self, run_id: str) -> None:
        if run := self._runs.get(run_id):
            run.followed = False
            self._dequeue(run_id)

    def _stop(self, run_id: str, *, save: bool) -> None:
        run = self._runs.get(run_id)
        if run is not None and run.is_active:
            run.stop(time.monotonic(), save=save)
        elif run is not None and run.status.state is RunState.QUEUED:
            self._dequeue(run_id)
            run.set_waiting(RunState.CANCELLED)

    def _request(self, run_id: str, request: ControlRequest) -> None:
        run = self._runs.get(run_id)
        if run is not None and run.is_active:
            run.request(request)

    def _dequeue(self, run_id: str) -> None:
        if run_id in self._queue:
            self._queue.remove(run_id)
