"""What the window asks of a page, and what the pages share: a bar, and requests of the engine."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QWidget

from app.context import AppContext
from app.ports import Pending
from app.widgets.info_bar import InfoBar, Tone
from engine.contract.protocol.commands import Command, Done, ExportPrefix, Failure
from engine.contract.runs.events import Blame


class Page(QWidget):
    """A page of the window; `page_list.PAGES` has its title, picture and how it is made.

    A project's opening and closing reach it by the signals of `context.project`; what it edits
    goes through the project's undo stack, so there is nothing of its own to save.

    Attributes:
        bar: says what the user should know or can mend; the page lays it out.
    """

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.context = context
        self.bar = InfoBar(context.theme, self)
        context.project.opened.connect(self.bar.hide)

    def open_path(self, path: Path) -> bool:
        """Show or import what is at `path`; whether the page could."""
        return False

    def reset_layout(self) -> None:
        """Put splitters and columns back as they first were."""

    def warn(self, text: str) -> None:
        """Say why something was not done."""
        self.bar.show_message(Tone.WARNING, text)

    def complain(self, text: str) -> None:
        """Say what went wrong."""
        self.bar.show_message(Tone.BAD, text)

    def tell_deleted(self, text: str) -> None:
        """Say what the last step of the undo stack has deleted, with a button to undo it."""
        self.context.messages.post_undo(text, self.context.undo)

    def ask(self, title: str, command: Command) -> Pending:
        """Send a command, in the list of activities; its success is the caller's to tell."""
        self.bar.hide()
        pending = self.context.model_client.ask(command)
        self.context.activities.follow(title, pending, tell_failure=False)
        pending.failed.connect(partial(self.tell_failure, title))
        return pending

    def export(self, source: Path, name: str, form: str, out: Path) -> None:
        """Write a prefix or delta, or a run's, to a folder."""
        pending = self.ask(f"Export “{name}”", ExportPrefix(str(source), form, str(out)))
        pending.answered.connect(lambda done: self.context.messages.post_file(done.message, out))

    def tell(self, done: Done) -> None:
        """Say what was done."""
        self.bar.show_message(Tone.GOOD, done.message)

    def tell_failure(self, title: str, failure: Failure) -> None:
        """Say what the user can mend; a fault of ours goes to the window."""
        if failure.blame is Blame.ENGINE:
            self.context.activities.failed.emit(title, failure)
        else:
            self.complain(failure.message)
