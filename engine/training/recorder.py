"""What a working run writes (journal, status) and reads (control requests) in its folder."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable

import psutil

from engine.contract import codec
from engine.contract.errors import Cancelled, ProtocolError
from engine.contract.files.regular_files import open_to_read
from engine.contract.runs.events import (
    Event,
    JournalEntry,
    Phase,
    RunContinued,
    RunPaused,
    RunState,
)
from engine.contract.runs.folder import (
    ContinueRequest,
    ControlLine,
    ControlRequest,
    PauseRequest,
    RunFolder,
    RunStatus,
    StopRequest,
)
from engine.contract.runs.journal import JournalWriter

STATUS_INTERVAL_S = 0.2
PAUSE_POLL_S = 0.1
_LONGEST_REQUEST_BYTES = 10_000

Listener = Callable[[JournalEntry | RunStatus], None]
"""Hears everything that is recorded, in the process that records it (the command line)."""


class StopRequested(Cancelled):
    """The user asked the run to end; `save` says whether to leave a checkpoint."""

    def __init__(self, *, save: bool) -> None:
        super().__init__("stop requested")
        self.save = save


class RunRecorder:
    """Journal, status and control of one run; also the `Reporter` of its long work."""

    def __init__(
        self,
        folder: RunFolder,
        run_id: str,
        *,
        listener: Listener | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._clock = clock
        folder.control.unlink(missing_ok=True)  # requests to an engine of the past
        self._journal = JournalWriter(folder.events, run_id)
        self._listener = listener
        self._status = RunStatus(
            run_id=run_id,
            state=RunState.STARTING,
            pid=os.getpid(),
            process_started_s=psutil.Process().create_time(),
        )
        self._written_s = 0.0
        self._control_offset = 0
        self._waiting: deque[ControlRequest] = deque()
        self._paused_s = 0.0
        self._phase_start_s = self.work_s()
        self.status()

    def work_s(self) -> float:
        """A clock that stands while the run is paused, in seconds from any moment."""
        return self._clock() - self._paused_s

    def event(self, event: Event, *, flush: bool = False) -> None:
        """Append to the journal."""
        entry = self._journal.append(event, flush=flush)
        if self._listener is not None:
            self._listener(entry)

    def phase(self, phase: Phase, *, step: int | None = None) -> None:
        """Begin a phase after this step; the run counts as running."""
        self._phase_start_s = self.work_s()
        step = self._status.step if step is None else step
        self.status(state=RunState.RUNNING, phase=phase, done=0, total=0, unit="", step=step)

    def status(self, **changes: object) -> None:
        """Change the status and write it at once."""
        fields = {**vars(self._status), **changes, "updated_s": time.time()}
        self._status = RunStatus(**fields)
        self._folder.write_status(self._status)
        self._written_s = time.monotonic()
        if self._listener is not None:
            self._listener(self._status)

    def steps(self, step: int, total_steps: int, remaining_s: float | None) -> None:
        """Report optimiser steps; obey requests.

        Raises:
            StopRequested: the user asked to stop.
        """
        self._obey(step)
        if step == total_steps or time.monotonic() - self._written_s >= STATUS_INTERVAL_S:
            self.status(
                done=step,
                total=total_steps,
                unit="steps",
                step=step,
                total_steps=total_steps,
                remaining_s=remaining_s,
            )

    def update(self, done: int, total: int, unit: str, text: str = "") -> None:
        """Report progress of the present phase; obey requests (`Reporter`).

        Raises:
            StopRequested: the user asked to stop.
        """
        self._obey(self._status.step)
        if time.monotonic() - self._written_s < STATUS_INTERVAL_S:
            return
        changes: dict[str, object] = {"done": done, "total": total, "unit": unit}
        phase = self._status.phase
        if phase in (Phase.DECODING, Phase.PREDICTING):  # the last of a run; before it, steps tell
            # Scores count rows too, and say of which metric.
            is_known = unit == "tokens" or (phase is Phase.PREDICTING and not text)
            changes["remaining_s"] = self._phase_left_s(done, total) if is_known else None
        self.status(**changes)

    def _phase_left_s(self, done: int, total: int) -> float | None:
        return (self.work_s() - self._phase_start_s) / done * (total - done) if done else None

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def _obey(self, step: int) -> None:
        while (request := self._next_request()) is not None:
            match request:
                case StopRequest(save=save):
                    self.status(state=RunState.STOPPING)
                    raise StopRequested(save=save)
                case PauseRequest():
                    self._pause(step)

    def _pause(self, step: int) -> None:
        start = self._clock()
        self.event(RunPaused(step))
        self.status(state=RunState.PAUSED)
        try:
            while not isinstance(request := self._next_request(), ContinueRequest):
                if isinstance(request, StopRequest):
                    self.status(state=RunState.STOPPING)
                    raise StopRequested(save=request.save)
                if request is None:
                    time.sleep(PAUSE_POLL_S)
        finally:
            self._paused_s += self._clock() - start
            if self._status.state is RunState.PAUSED:
                self.event(RunContinued(step))
                self.status(state=RunState.RUNNING)

    def _next_request(self) -> ControlRequest | None:
        """The oldest request that was not obeyed yet; several may come during one long step."""
        if not self._waiting:
            self._waiting.extend(self._read_requests())
        return self._waiting.popleft() if self._waiting else None

    def _read_requests(self) -> list[ControlRequest]:
        """Requests that arrived since the last look; usually one `stat` and nothing more."""
        try:
            size = self._folder.control.stat().st_size
        except FileNotFoundError:
            return []
        if size <= self._control_offset:
            return []
        requests = []
        with open_to_read(self._folder.control) as stream:
            stream.seek(self._control_offset)
            while line := stream.readline(_LONGEST_REQUEST_BYTES):
                if not line.endswith(b"\n") and len(line) < _LONGEST_REQUEST_BYTES:
                    break
                self._control_offset += len(line)
                try:
                    requests.append(codec.from_text(ControlLine, line.decode("utf-8")).request)
                except (ProtocolError, UnicodeDecodeError):
                    continue
        return requests
