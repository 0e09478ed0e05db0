"""Work in the GUI thread in slices: the window never waits."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator
from functools import cache
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QCoreApplication, QObject, QTimer

from engine.contract.errors import UserError

T = TypeVar("T")

SLICE_S = 0.008


class TurnQueue(QObject):
    """Pieces of work of which one is done in each turn of the event loop.

    Two timers that are due are served in the same turn: the window would wait for both.
    """

    def __init__(self, parent: QObject | None) -> None:
        super().__init__(parent)
        self._waiting: deque[Any] = deque()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._work)

    def add(self, work: Any) -> None:
        """Call `work`, a method of a `QObject`, in a turn to come; once, if it waits already."""
        if work not in self._waiting:
            self._waiting.append(work)
        self._timer.start(0)

    def __contains__(self, work: Any) -> bool:
        """Whether it waits."""
        return work in self._waiting

    def drop(self, work: Any) -> None:
        """Do not call it."""
        if work in self._waiting:
            self._waiting.remove(work)

    def drop_deleted(self) -> None:
        """Forget the work of objects that are no more."""
        self._waiting = deque(work for work in self._waiting if _is_alive(work.__self__))
        if not self._waiting:
            self._timer.stop()

    def _work(self) -> None:
        self.drop_deleted()
        if self._waiting:
            self._waiting.popleft()()


def _is_alive(item: QObject) -> bool:
    try:
        item.objectName()
    except RuntimeError:  # Qt has deleted it
        return False
    return True


@cache
def turn_queue() -> TurnQueue:
    """The queue of the GUI thread."""
    return TurnQueue(QCoreApplication.instance())


class IdleTask(QObject, Generic[T]):
    """Runs a generator whenever the event loop is idle, a slice at a time.

    The generator yields after each small step and returns its result.

    Args:
        done: called with the result.
        failed: called with the `UserError` that the generator raised.
        slice_s: the longest time in one turn, unless a single step takes longer.
    """

    def __init__(
        self,
        work: Generator[None, None, T],
        parent: QObject,
        *,
        done: Callable[[T], Any],
        failed: Callable[[UserError], Any],
        slice_s: float = SLICE_S,
    ) -> None:
        super().__init__(parent)
        self._work = work
        self._done, self._failed, self._slice_s = done, failed, slice_s
        turn_queue().add(self._slice)

    def cancel(self) -> None:
        """Give up; neither `done` nor `failed` is called any more."""
        turn_queue().drop(self._slice)
        self._work.close()
        self.deleteLater()

    def _slice(self) -> None:
        end = time.perf_counter() + self._slice_s
        try:
            while time.perf_counter() < end:
                next(self._work)
        except StopIteration as stop:
            self.deleteLater()
            self._done(stop.value)
        except UserError as error:
            self.deleteLater()
            self._failed(error)
        else:
            turn_queue().add(self._slice)
