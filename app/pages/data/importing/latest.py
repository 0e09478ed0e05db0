"""Questions of which only the newest counts."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.ports import Client, Pending
from app.qt.idle_task import single_shot
from engine.contract.protocol.commands import Command


class LatestAsk(QObject):
    """Asks an engine client; a newer question replaces the older one, whose answer never arrives.

    Args:
        engine client: who answers.
        wait_ms: a question is sent when no newer one came for so long; 0 sends at once.

    Signals:
        answered: the reply to the newest question.
        failed: its `Failure`.
        busy_changed: whether an answer is waited for.
    """

    answered = Signal(object)
    failed = Signal(object)
    busy_changed = Signal(bool)

    def __init__(self, client: Client, parent: QObject, *, wait_ms: int = 0) -> None:
        super().__init__(parent)
        self._client = client
        self._pending: Pending | None = None
        self._waiting: Command | None = None
        self._busy = False
        self._timer = single_shot(self, wait_ms, self._send)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is waited for."""
        return self._busy

    def ask(self, command: Command) -> None:
        """Ask this instead of whatever was asked before."""
        self._forget()
        self._waiting = command
        if self._timer.interval() > 0:
            self._timer.start()
        else:
            self._send()
        self._set_busy(self._waiting is not None or self._pending is not None)

    def drop(self) -> None:
        """Ask nothing any more; an answer under way is thrown away."""
        self._forget()
        self._set_busy(False)

    def _send(self) -> None:
        command, self._waiting = self._waiting, None
        if command is None:
            return
        self._pending = pending = self._client.ask(command)
        pending.answered.connect(self._on_answered)
        pending.failed.connect(self._on_failed)
        pending.cancelled.connect(self._on_cancelled)

    def _forget(self) -> None:
        self._timer.stop()
        self._waiting = None
        pending = self._release()
        if pending is not None:
            pending.cancel()

    def _release(self) -> Pending | None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.answered.disconnect(self._on_answered)
            pending.failed.disconnect(self._on_failed)
            pending.cancelled.disconnect(self._on_cancelled)
        return pending

    def _on_answered(self, reply: object) -> None:
        self._release()
        self._set_busy(False)
        self.answered.emit(reply)

    def _on_failed(self, failure: object) -> None:
        self._release()
        self._set_busy(False)
        self.failed.emit(failure)

    def _on_cancelled(self) -> None:
        self._release()
        self._set_busy(False)

    def _set_busy(self, busy: bool) -> None:
        if busy != self._busy:
            self._busy = busy
            self.busy_changed.emit(busy)
