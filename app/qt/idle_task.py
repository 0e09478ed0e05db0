"""Work in the GUI thread in slices: the window never waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, QTimer

from engine.contract.errors import UserError

T = TypeVar("T")

SLICE_S = 0.008


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
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._slice)
        self._timer.start()

    def cancel(self) -> None:
        """Give up; neither `done` nor `failed` is called any more."""
        self._timer.stop()
        self._work.close()
        self.deleteLater()

    def _slice(self) -> None:
        end = time.perf_counter() + self._slice_s
        try:
            while time.perf_counter() < end:
                next(self._work)
        except StopIteration as stop:
            self._finish()
            self._done(stop.value)
        except UserError as error:
            self._finish()
            self._failed(error)

    def _finish(self) -> None:
        self._timer.stop()
        self.deleteLater()
