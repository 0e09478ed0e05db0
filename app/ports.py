"""What the window needs of an engine client; `shell/startup.py` passes in the real ones."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import SignalInstance

from engine.contract.protocol.commands import Command


class Pending(Protocol):
    """A command on its way to an engine. Exactly one of the last three signals comes, once.

    Signals:
        progressed: `commands.Progress`; may be dropped.
        part_arrived: a partial reply, of a command that has some.
        answered: the command's reply dataclass.
        failed: `commands.Failure`.
        cancelled: nothing.
    """

    progressed: SignalInstance
    part_arrived: SignalInstance
    answered: SignalInstance
    failed: SignalInstance
    cancelled: SignalInstance

    def cancel(self) -> None:
        """Ask to give up; `cancelled` comes when it has (or `answered`, if it was too late)."""


class Client(Protocol):
    """A long-lived engine that answers commands in order; started at the first one."""

    def ask(self, command: Command) -> Pending:
        """Send a command. Never blocks; its signals come later, in the GUI thread."""
