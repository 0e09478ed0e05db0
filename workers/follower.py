"""The one thread that follows all runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal

from workers.run_book import Entries, RunBook

log = logging.getLogger(__name__)

BUSY_LOOK_S = 0.1
IDLE_LOOK_S = 1.0
REPORTS_A_TURN = 20
"""So many runs are told of before the window has its breath; the others in the next turn."""
BREATH_S = 0.005
"""Left to the window between two chunks of a long journal."""

Action = Callable[[RunBook], None]


class Follower(QThread):
    """Looks at runs ten times a second while one is at work, and tells what is new.

    It also launches and ends engines, which may take longer than the window can wait.

    The next entries are read only after the receiver has said `taken`, so that a long journal
    never piles up in its event queue.

    Signals:
        entries_read: number of actions done before, run id, tuple of `JournalEntry`.
        status_read: number of actions done before, run id, `RunStatus`.
    """

    entries_read = Signal(int, str, object)
    status_read = Signal(int, str, object)

    def __init__(self, book: RunBook, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._book = book
        self._changed = threading.Condition()  # guards what follows
        self._actions: list[Action] = []
        self._posted = 0
        self._room = True
        self._closing = False

    def post(self, action: Action) -> int:
        """Have `action` done in the thread, in order; returns its number, from 1."""
        with self._changed:
            self._actions.append(action)
            self._posted += 1
            self._changed.notify()
            return self._posted

    def taken(self) -> None:
        """The entries told last have been taken in; more may come."""
        with self._changed:
            self._room = True
            self._changed.notify()

    def close(self) -> None:
        """End the thread after what was posted is done; runs at work go on."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self.wait()

    def run(self) -> None:
        """The thread's work (called by Qt)."""
        done = 0
        while True:
            with self._changed:
                actions, self._actions = self._actions, []
                room, closing = self._room, self._closing
            done += len(actions)
            told = False
            try:
                for action in actions:
                    action(self._book)
                if closing:
                    break
                told = self._tell(done, room=room)
            except Exception:  # a fault of ours in one turn must not end all following
                log.exception("following runs failed")
            self._rest(told=told)
        self._book.close()

    def _tell(self, done: int, *, room: bool) -> bool:
        """Emit what is new; returns whether more may follow at once."""
        told = False
        for count, report in enumerate(self._book.step(time.monotonic(), room=room), start=1):
            if isinstance(report, Entries):
                told = True
                with self._changed:
                    self._room = False
                self.entries_read.emit(done, report.run_id, report.entries)
            else:
                self.status_read.emit(done, report.run_id, report)
            if count == REPORTS_A_TURN:
                return True
        return told

    def _rest(self, *, told: bool) -> None:
        """Until the next look, an action, or room for the next entries."""
        timeout_s = BUSY_LOOK_S if self._book.is_busy else IDLE_LOOK_S
        with self._changed:
            more = told or not self._room
            self._changed.wait_for(
                lambda: self._closing or self._actions or (more and self._room), timeout_s
            )
            if more:
                self._changed.wait_for(lambda: self._closing, BREATH_S)
