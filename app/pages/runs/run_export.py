"""Exporting what a finished run has trained, from the Runs page."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from app.context import AppContext
from app.dialogs.export import ask_for_export
from app.models.run import RunModel
from app.widgets.info_bar import InfoBar, Tone
from engine.contract.commands import Done, ExportPrefix, Failure
from engine.contract.events import Blame


class RunExport(QObject):
    """Asks for format and folder, lets the engine write, and tells in the bar what came of it."""

    def __init__(self, context: AppContext, bar: InfoBar, parent: QWidget) -> None:
        super().__init__(parent)
        self._context, self._bar, self._page = context, bar, parent

    def ask(self, run: RunModel) -> None:
        """Ask for format and folder, then export."""
        ask_for_export(
            self._context,
            self._page,
            source=run.path,
            name=run.meta.name,
            then=lambda form, out: self.export(run, form, out),
        )

    def export(self, run: RunModel, form: str, out: Path) -> None:
        """Write what the run trained to a folder."""
        title = f"Export “{run.meta.name}”"
        ticket = self._context.model_desk.ask(ExportPrefix(str(run.path), form, str(out)))
        self._context.activities.follow(title, ticket, tell_failure=False)
        ticket.answered.connect(lambda done: self._tell(done, out))
        ticket.failed.connect(lambda failure: self._fail(title, failure))

    def _tell(self, done: Done, out: Path) -> None:
        self._bar.show_message(Tone.GOOD, done.message)
        url = QUrl.fromLocalFile(str(out))
        self._bar.add_button("Show the folder", lambda: QDesktopServices.openUrl(url))

    def _fail(self, title: str, failure: Failure) -> None:
        if failure.blame is Blame.ENGINE:
            self._context.activities.failed.emit(title, failure)
        else:
            self._bar.show_message(Tone.BAD, failure.message)
