"""Timers and threads that Python knows of, looked for among all living objects."""

import gc
import weakref
from typing import TypeVar

import shiboken6
from PySide6.QtCore import QThread, QTimer

T = TypeVar("T", QTimer, QThread)


class Living:
    """Remembers each timer and thread that it came across, as long as it lives.

    What outlives a test is set aside, out of every later look and collection: walking through a
    million objects for each test took longer than the tests.
    """

    def __init__(self) -> None:
        self._known: weakref.WeakSet[QTimer | QThread] = weakref.WeakSet()

    def set_aside(self) -> None:
        """Before a test: leave what is there out of later looks, but for its timers and threads."""
        self.look()
        gc.freeze()

    def look(self) -> None:
        """Collect garbage, and look through what was made since the last time."""
        gc.collect()
        for item in gc.get_objects():
            if issubclass(type(item), (QTimer, QThread)):
                self._known.add(item)

    def timers(self) -> list[QTimer]:
        """Those that are active."""
        return [timer for timer in self._valid(QTimer) if timer.isActive()]

    def threads(self) -> list[QThread]:
        """Those that run."""
        return [thread for thread in self._valid(QThread) if thread.isRunning()]

    def _valid(self, kind: type[T]) -> list[T]:
        found = [item for item in self._known if isinstance(item, kind)]
        return [item for item in found if shiboken6.isValid(item)]


LIVING = Living()
"""Of this process."""
