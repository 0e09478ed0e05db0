"""A long-lived engine that answers the window's commands."""

from __future__ import annotations

import itertools
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.contract.protocol.commands import Command, Failure, Progress, Reply
from engine.contract.protocol.lines import Request, RequestCancelled, Response
from engine.contract.protocol.playground import Part
from workers.client_thread import ClientThread
from workers.processes import engine_command

CANCEL_GRACE_MS = 10_000
"""How long an engine may take to give up a cancelled request before it is ended."""
CLOSE_GRACE_MS = 1_000
"""How long the end may take before the engine is terminated, and again before it is killed."""


class PendingRequest(QObject):
    """A command on its way to an engine. Exactly one of the last three signals comes, once.

    Signals:
        progressed: `Progress`; may be dropped.
        part_arrived: a partial reply of a command that has some, in order; after the engine
            died and was asked again, they come again from the first.
        answered: the command's reply dataclass.
        failed: `Failure`.
        cancelled: nothing.
    """

    progressed = Signal(object)
    part_arrived = Signal(object)
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

    def deliver(self, body: Progress | Part | Reply | Failure | RequestCancelled) -> None:
        """Pass on what the engine responded: parts and `Progress`, then one of the others."""
        if isinstance(body, Progress):
            self.progressed.emit(body)
            return
        if isinstance(body, Part):
            self.part_arrived.emit(body)
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


class EngineClient(QObject):
    """Has commands answered in order, one at a time, in a process that starts at the first one.

    If the process dies it is started again and asked again; a command of which it dies twice
    fails. Signals of requests come in the thread that owns it, those of each response in a turn of
    the event loop of their own: answers that arrive together would keep a window waiting. Call
    `close` at the end.
    """

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        command: Sequence[str] | None = None,
        log_path: Path | None = None,
        cancel_grace_ms: int = CANCEL_GRACE_MS,
        close_grace_ms: int = CLOSE_GRACE_MS,
    ) -> None:
        """Take the engine's command line, and the file that its standard error is added to."""
        super().__init__(parent)
        self._cancel_grace_ms = cancel_grace_ms
        self._close_grace_ms = close_grace_ms
        self._log: IO[bytes] = _open_log(log_path)
        self._ids = itertools.count(1)
        self._pending: dict[int, PendingRequest] = {}
        self._closed = False
        self._thread = ClientThread(command or engine_command("serve"), self._log, self)
        self._thread.responded.connect(self._on_response)
        self._responses: deque[Response] = deque()
        self._turn = QTimer(self)
        self._turn.timeout.connect(self._pass_on_next)

    def ask(self, command: Command) -> PendingRequest:
        """Send a command. Never blocks; the pending request's signals come later.

        Raises:
            ProtocolError: the command holds what has no place in the contract.
        """
        request_id = next(self._ids)
        pending = PendingRequest(lambda: self._cancel(request_id))
        if self._closed:
            QTimer.singleShot(0, self, lambda: pending.deliver(RequestCancelled()))
            return pending
        self._thread.send(Request(request_id, command))
        self._pending[request_id] = pending
        if not self._thread.isRunning():
            self._thread.start()
        return pending

    def close(self) -> None:
        """End the engine and the thread; pending requests are cancelled.

        Blocks for a moment, and at most for three times the grace: asked, terminated, killed.
        """
        if self._closed:
            return
        self._closed = True
        for timer in self.findChildren(QTimer):
            timer.stop()
        self._thread.begin_close()
        for force in (False, True):
            if self._thread.wait(self._close_grace_ms):
                break
            self._thread.end_engine(force=force)
        self._thread.wait()
        self._log.close()
        for request_id in tuple(self._pending):
            self._pass_on(Response(request_id, RequestCancelled()))

    def _cancel(self, request_id: int) -> None:
        self._thread.cancel(request_id)
        timer = QTimer(self)  # a child, so that closing stops it
        timer.setSingleShot(True)
        timer.timeout.connect(lambda: self._escalate(request_id))
        timer.timeout.connect(timer.deleteLater)
        timer.start(self._cancel_grace_ms)

    def _escalate(self, request_id: int) -> None:
        if request_id in self._pending and not self._closed:
            self._thread.escalate(request_id)

    @Slot(object)
    def _on_response(self, response: Response) -> None:
        if not self._closed:
            self._responses.append(response)
            self._turn.start(0)

    def _pass_on_next(self) -> None:
        response = self._responses.popleft()
        if not self._responses:
            self._turn.stop()
        self._pass_on(response)

    def _pass_on(self, response: Response) -> None:
        pending = self._pending.get(response.request_id)
        if response.is_final:
            self._pending.pop(response.request_id, None)
        if pending is not None:
            pending.deliver(response.body)


def _open_log(path: Path | None) -> IO[bytes]:
    if path is None:
        return tempfile.TemporaryFile("a+b")
    path.parent.mkdir(parents=True, exist_ok=True)
    return open(path, "a+b")
