"""What the window needs from `workers`: protocols; `shell/startup.py` passes in the real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from PySide6.QtCore import SignalInstance

from engine.contract.protocol.commands import Command


class Pending(Protocol):
    """A command on its way to an engine. Exactly one of the last three signals comes, once.

    Signals:
        progressed: `commands.Progress`; may be dropped.
        answered: the command's reply dataclass.
        failed: `commands.Failure`.
        cancelled: nothing.
    """

    progressed: SignalInstance
    answered: SignalInstance
    failed: SignalInstance
    cancelled: SignalInstance

    def cancel(self) -> None:
        """Ask to give up; `cancelled` comes when it has (or `answered`, if it was too late)."""


class Client(Protocol):
    """A long-lived engine that answers commands in order; started at the first one."""

    def ask(self, command: Command) -> Pending:
        """Send a command. Never blocks; its signals come later, in the GUI thread."""


class RunControl(Protocol):
    """Starts, watches and stops training runs.

    Signals:
        entries_arrived: run id, tuple of `JournalEntry`, in the journal's order. Watching a
            live run, re-attaching and replaying a finished one all look the same.
        status_changed: run id, `RunStatus`.
    """

    entries_arrived: SignalInstance
    status_changed: SignalInstance

    def watch(self, path: Path) -> None:
        """Follow the run in this folder from the first line of its journal."""

    def unwatch(self, run_id: str) -> None:
        """Stop following; a process that works on the run goes on."""

    def enqueue(self, path: Path) -> None:
        """Start the run, or resume it, once no other run of this control is at work."""

    def dequeue(self, run_id: str) -> None:
        """Take a waiting run out of the queue; it becomes CANCELLED."""

    def stop(self, run_id: str, *, save: bool) -> None:
        """Ask the run to end; terminated, then killed if it does not answer."""

    def pause(self, run_id: str) -> None:
        """Ask the run to wait."""

    def proceed(self, run_id: str) -> None:
        """Ask a paused run to go on."""
