"""All runs that are followed, and the queue: one run of this program at a time."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import WorkbenchError
from engine.contract.runs.events import JournalEntry, RunState
from engine.contract.runs.folder import ControlRequest, RunStatus
from workers.run_watch import Patience, RunWatch

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entries:
    """New journal entries of a run."""

    run_id: str
    entries: tuple[JournalEntry, ...]


Report = Entries | RunStatus


class RunBook:
    """What the follower thread works on; belongs to that thread alone, and knows no Qt.

    A run that is QUEUED on disk when it is first watched (from before the program was started
    again) stays so: it is launched only after `enqueue`.
    """

    def __init__(self, command: Sequence[str], patience: Patience) -> None:
        self._command = command
        self._patience = patience
        self._watches: dict[str, RunWatch] = {}
        self._queue: list[str] = []

    @property
    def is_busy(self) -> bool:
        """Whether something may happen soon: a run at work, or one that waits."""
        return bool(self._queue) or any(watch.is_active for watch in self._watches.values())

    def watch(self, path: Path) -> None:
        """Tell the run in this folder from its first entry on; again, if it was unwatched."""
        self._open(path)

    def unwatch(self, run_id: str) -> None:
        """Stop telling, and take it out of the queue (it stays QUEUED on disk)."""
        watch = self._watches.get(run_id)
        if watch is None:
            return
        watch.wanted = False
        if run_id in self._queue:
            self._queue.remove(run_id)

    def enqueue(self, path: Path) -> None:
        """Launch the run when its turn comes; nothing, if it is at work or waits already."""
        watch = self._open(path)
        if watch is None or watch.run_id in self._queue:
            return
        watch.look(time.monotonic())
        if not watch.is_active:
            self._queue.append(watch.run_id)
            self._set_waiting(watch, RunState.QUEUED)

    def dequeue(self, run_id: str) -> None:
        """Make a waiting run CANCELLED; one that was launched this moment is stopped."""
        self.stop(run_id, save=False)

    def stop(self, run_id: str, *, save: bool) -> None:
        """Ask a run at work to end; a waiting one becomes CANCELLED at once."""
        watch = self._watches.get(run_id)
        if watch is None:
            return
        if watch.is_active:
            watch.stop(time.monotonic(), save=save)
        elif watch.status.state is RunState.QUEUED:
            if run_id in self._queue:
                self._queue.remove(run_id)
            self._set_waiting(watch, RunState.CANCELLED)

    def request(self, run_id: str, request: ControlRequest) -> None:
        """Ask a run at work to pause or to go on."""
        watch = self._watches.get(run_id)
        if watch is not None and watch.is_active:
            watch.request(request)

    def step(self, now_s: float, *, room: bool) -> Iterator[Report]:
        """Look at every run, launch the next one, and tell what is new.

        Args:
            room: whether entries may be told now; those of one run at most are.
        """
        for watch in self._watches.values():
            watch.look(now_s)
        self._launch_next()
        for watch in sorted(self._watches.values(), key=lambda watch: not watch.is_active):
            if room and (entries := watch.read_entries()):
                room = False
                self._move_to_end(watch)
                yield Entries(watch.run_id, entries)
            if status := watch.take_status():
                yield status
        self._forget_unwanted()

    def close(self) -> None:
        """Leave all processes to themselves."""
        for watch in self._watches.values():
            watch.let_go()

    def _open(self, path: Path) -> RunWatch | None:
        try:
            fresh = RunWatch(path, self._patience)
        except (WorkbenchError, OSError) as error:
            log.warning("%s cannot be watched: %s", path, error)
            return None
        watch = self._watches.setdefault(fresh.run_id, fresh)
        if not watch.wanted:
            watch.tell_again()
        return watch

    def _set_waiting(self, watch: RunWatch, state: RunState) -> None:
        try:
            watch.set_waiting(state)
        except (WorkbenchError, OSError) as error:
            log.warning("%s could not be marked as %s: %s", watch.run_id, state.value, error)

    def _launch_next(self) -> None:
        if self._queue and not any(watch.is_active for watch in self._watches.values()):
            self._watches[self._queue.pop(0)].launch(self._command)

    def _move_to_end(self, watch: RunWatch) -> None:
        """Let the other runs have their turn first."""
        del self._watches[watch.run_id]
        self._watches[watch.run_id] = watch

    def _forget_unwanted(self) -> None:
        """Keep what has a process, to see its end; the rest is found again when wanted."""
        self._watches = {
            run_id: watch
            for run_id, watch in self._watches.items()
            if watch.wanted or watch.is_active
        }
