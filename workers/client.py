"""A long-lived engine that answers the window's commands."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from PySide6.QtCore import QObject, QTimer, Slot

from engine.contract.protocol.commands import Command, Progress, Request, RequestCancelled, Response
from workers.client_thread import ClientThread
from workers.launching import engine_command
from workers.pending import PendingRequest

CANCEL_GRACE_MS = 10_000
"""How long an engine may take to give up a cancelled command before it is ended."""
CLOSE_GRACE_MS = 1_000
"""How long the end may take before the engine is terminated, and again before it is killed."""


class EngineClient(QObject):
    """Answers commands in order, one at a time, in a process that starts at the first one.

    If the process dies it is started again and asked again; a command of which it dies twice
    fails. Signals of requests come in the thread that owns it. Call `close` at the end.
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
        self._numbers = itertools.count(1)
        self._pendings: dict[int, PendingRequest] = {}
        self._closed = False
        self._thread = ClientThread(command or engine_command("serve"), self._log, self)
        self._thread.answered.connect(self._on_answer)

    def ask(self, command: Command) -> PendingRequest:
        """Send a command. Never blocks; the pending request's signals come later.

        Raises:
            ProtocolError: the command holds what has no place in the contract.
        """
        request_id = next(self._numbers)
        pending = PendingRequest(lambda: self._cancel(request_id))
        if self._closed:
            QTimer.singleShot(0, self, lambda: pending.deliver(RequestCancelled()))
            return pending
        self._thread.ask(Request(request_id, command))
        self._pendings[request_id] = pending
        if not self._thread.isRunning():
            self._thread.start()
        return pending

    def close(self) -> None:
        """End the engine and the thread; open pending requests are cancelled.

        Blocks for a moment, and at most for three times the grace: asked, terminated, killed.
        """
        if self._closed:
            return
        self._closed = True
        self._thread.begin_close()
        for force in (False, True):
            if self._thread.wait(self._close_grace_ms):
                break
            self._thread.end_engine(force=force)
        self._thread.wait()
        self._log.close()
        for request_id in tuple(self._pendings):
            self._on_answer(Response(request_id, RequestCancelled()))

    def _cancel(self, request_id: int) -> None:
        self._thread.cancel(request_id)
        QTimer.singleShot(self._cancel_grace_ms, self, lambda: self._insist(request_id))

    def _insist(self, request_id: int) -> None:
        if request_id in self._pendings and not self._closed:
            self._thread.insist(request_id)

    @Slot(object)
    def _on_answer(self, answer: Response) -> None:
        if isinstance(answer.body, Progress):
            pending = self._pendings.get(answer.request_id)
        else:
            pending = self._pendings.pop(answer.request_id, None)
        if pending is not None:
            pending.deliver(answer.body)


def _open_log(path: Path | None) -> IO[bytes]:
    if path is None:
        return tempfile.TemporaryFile("a+b")
    path.parent.mkdir(parents=True, exist_ok=True)
    return open(path, "a+b")
