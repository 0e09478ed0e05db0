"""Starts, watches, pauses and stops training runs, without ever blocking the window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from engine.contract.runs.folder import ContinueRequest, PauseRequest
from workers.follower import Follower
from workers.launching import engine_command
from workers.run_book import RunBook
from workers.run_watch import Patience


class RunSupervisor(QObject):
    """Runs training in child processes, one at a time, and tells what they do.

    Every method returns at once; what follows from it comes as signals. Watching a live run,
    re-attaching to one and replaying a finished one are the same. A run is launched detached,
    and goes on when this object or the whole program ends.

    Runs that are QUEUED on disk from an earlier session are told as such and wait until they
    are enqueued again: starting work at once is not what opening a project should do by
    itself. A live run that is watched holds the queue up, whoever started it.

    Signals:
        entries_arrived: run id, tuple of at most 250 `JournalEntry`, in the journal's order.
        status_changed: run id, `RunStatus`. A run at work is told as ended only after its
            process has ended and its last entry has been told.
    """

    entries_arrived = Signal(str, object)
    status_changed = Signal(str, object)

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        command: Sequence[str] | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Take the engine's command line, to which the run folder is appended."""
        super().__init__(parent)
        book = RunBook(command or engine_command("run"), patience or Patience())
        self._unwatched: dict[str, int] = {}
        self._follower = Follower(book, self)
        self._follower.entries_read.connect(self._on_entries)
        self._follower.status_read.connect(self._on_status)
        self._follower.start()

    def watch(self, path: Path) -> None:
        """Follow the run in this folder from the first line of its journal."""
        self._follower.post(lambda book: book.watch(path))

    def unwatch(self, run_id: str) -> None:
        """Stop following; a process that works on the run goes on, a waiting run does not."""
        self._unwatched[run_id] = self._follower.post(lambda book: book.unwatch(run_id))

    def enqueue(self, path: Path) -> None:
        """Start the run, or resume it, once no other run is at work; also watches it."""
        self._follower.post(lambda book: book.enqueue(path))

    def dequeue(self, run_id: str) -> None:
        """Take a waiting run out of the queue; it becomes CANCELLED."""
        self._follower.post(lambda book: book.dequeue(run_id))

    def stop(self, run_id: str, *, save: bool) -> None:
        """Ask the run to end; terminated, then killed if it does not answer."""
        self._follower.post(lambda book: book.stop(run_id, save=save))

    def pause(self, run_id: str) -> None:
        """Ask the run to wait."""
        self._follower.post(lambda book: book.request(run_id, PauseRequest()))

    def proceed(self, run_id: str) -> None:
        """Ask a paused run to go on."""
        self._follower.post(lambda book: book.request(run_id, ContinueRequest()))

    def close(self) -> None:
        """End the follower (within milliseconds); runs at work go on. The last call of all."""
        self._follower.close()

    @Slot(int, str, object)
    def _on_entries(self, done: int, run_id: str, entries: object) -> None:
        if self._is_wanted(done, run_id):
            self.entries_arrived.emit(run_id, entries)
        self._follower.taken()

    @Slot(int, str, object)
    def _on_status(self, done: int, run_id: str, status: object) -> None:
        if self._is_wanted(done, run_id):
            self.status_changed.emit(run_id, status)

    def _is_wanted(self, done: int, run_id: str) -> bool:
        """Not for what was told before the run was unwatched, even if it is watched again."""
        return done >= self._unwatched.get(run_id, 0)
