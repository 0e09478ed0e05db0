"""A command on its way to an engine."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from engine.contract.protocol.commands import Failure, Progress, Reply, RequestCancelled


class PendingRequest(QObject):
    """A command that was asked. Exactly one of the last three signals comes, once.

    Signals:
        progressed: `Progress`; may be dropped.
        answered: the command's reply dataclass.
        failed: `Failure`.
        cancelled: nothing.
    """

    progressed = Signal(object)
    answered = Signal(object)
    failed = Signal(object)
    cancelled = Signal()

    def __init__(self, cancel: Callable[[], None]) -> None:
        super().__init__()
        self._cancel: Callable[[], None] | None = cancel

    def cancel(self) -> None:
        """Ask to give up; harmless when there is nothing left to give up."""
        if self._cancel is not None:
            self._cancel()

    def deliver(self, body: Progress | Reply | Failure | RequestCancelled) -> None:
        """Tell what the engine said: any number of `Progress`, then one final word."""
        if isinstance(body, Progress):
            self.progressed.emit(body)
            return
        self._cancel = None
        if isinstance(body, Failure):
            self.failed.emit(body)
        elif isinstance(body, RequestCancelled):
            self.cancelled.emit()
        else:
            self.answered.emit(body)
        # A slot that holds its request, and is held by its connection, would keep both for ever.
        self.deleteLater()
