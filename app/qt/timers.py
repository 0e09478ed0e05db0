"""A timer that waits for a pause."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, SignalInstance

Slot = Callable[[], object] | SignalInstance


def single_shot(owner: QObject, wait_ms: int, slot: Slot) -> QTimer:
    """A timer of `owner` that fires once, so long after the latest start; not started yet."""
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.setInterval(wait_ms)
    timer.timeout.connect(slot)
    return timer
