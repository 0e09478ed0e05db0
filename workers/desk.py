"""A long-lived engine that answers the window's commands."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from PySide6.QtCore import QObject, QTimer, Slot

from engine.contract.commands import Answer, Ask, CancelledAsk, Command, Progress
from workers.desk_thread import DeskThread
from workers.launching import engine_command
from workers.ticket import CommandTicket

CANCEL_GRACE_MS = 10_000
"""How long an engine may take to give up a cancelled command before it is ended."""
CLOSE_GRACE_MS = 1_000
"""How long the end may take before the engine is terminated, and again before it is killed."""


class EngineDesk(QObject):
    """Answers commands in order, one at a time, in a process that starts at the first one.

    If the process dies it is started again and asked again; a command of which it dies twice
    fails. Tickets' signals come in the thread that owns the desk. Call `close` at the end.
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
        self._tickets: dict[int, CommandTicket] = {}
        self._closed = False
        self._thread = DeskThread(command or engine_command("serve"), self._log, self)
        self._thread.answered.connect(self._on_answer)

    def ask(self, command: Command) -> CommandTicket:
        """Send a command. Never blocks; the ticket's signals come later.

        Raises:
            ProtocolError: the command holds what has no place in the contract.
        """
        ask_id = next(self._numbers)
        ticket = CommandTicket(lambda: self._cancel(ask_id))
        if self._closed:
            QTimer.singleShot(0, self, lambda: ticket.deliver(CancelledAsk()))
            return ticket
        self._thread.ask(Ask(ask_id, command))
        self._tickets[ask_id] = ticket
        if not self._thread.isRunning():
            self._thread.start()
        return ticket

    def close(self) -> None:
        """End the engine and the thread; open tickets are cancelled.

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
        for ask_id in tuple(self._tickets):
            self._on_answer(Answer(ask_id, CancelledAsk()))

    def _cancel(self, ask_id: int) -> None:
        self._thread.cancel(ask_id)
        QTimer.singleShot(self._cancel_grace_ms, self, lambda: self._insist(ask_id))

    def _insist(self, ask_id: int) -> None:
        if ask_id in self._tickets and not self._closed:
            self._thread.insist(ask_id)

    @Slot(object)
    def _on_answer(self, answer: Answer) -> None:
        if isinstance(answer.body, Progress):
            ticket = self._tickets.get(answer.ask_id)
        else:
            ticket = self._tickets.pop(answer.ask_id, None)
        if ticket is not None:
            ticket.deliver(answer.body)


def _open_log(path: Path | None) -> IO[bytes]:
    if path is None:
        return tempfile.TemporaryFile("a+b")
    path.parent.mkdir(parents=True, exist_ok=True)
    return open(path, "a+b")
