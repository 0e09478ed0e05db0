"""What a page asks of the model engine client, and tells in its bar."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.context import AppContext
from app.ports import Pending
from app.widgets.info_bar import InfoBar, Tone
from engine.contract.protocol.commands import Command, Done, ExportPrefix, Failure
from engine.contract.runs.events import Blame


class PageRequests(QObject):
    """Puts commands on the list of activities; what the user can mend is told in the page's bar."""

    def __init__(self, context: AppContext, bar: InfoBar, page: QWidget) -> None:
        super().__init__(page)
        self._context, self._bar = context, bar

    def ask(self, title: str, command: Command) -> Pending:
        """Send a command; its success is the caller's to tell."""
        pending = self._context.model_client.ask(command)
        self._context.activities.follow(title, pending, tell_failure=False)
        pending.failed.connect(partial(self.tell_failure, title))
        return pending

    def export(self, source: Path, name: str, form: str, out: Path) -> None:
        """Write a prefix or delta, or a run's, to a folder."""
        command = ExportPrefix(str(source), form, str(out))
        pending = self.ask(f"Export “{name}”", command)
        pending.answered.connect(lambda reply: self.tell(reply, out))

    def tell(self, done: Done, folder: Path | None = None) -> None:
        """Say what was done; where a folder was written, with a button that shows it."""
        if folder is None:
            self._bar.show_message(Tone.GOOD, done.message)
        else:
            self._context.messages.post_file(done.message, folder)

    def tell_failure(self, title: str, failure: Failure) -> None:
        """Say what the user can mend; a fault of ours goes to the window."""
        if failure.blame is Blame.ENGINE:
            self._context.activities.failed.emit(title, failure)
        else:
            self._bar.show_message(Tone.BAD, failure.message)
