"""The rows that could not be read: where, why, and their text."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QWidget

from app.assets import icon
from app.context import AppContext
from app.pages.data.importing.rejected_model import RejectedModel
from app.qt.boxes import vbox
from app.table_saving import ask_where_to_save
from app.theme import SPACE_M, SPACE_S
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.labels import MutedLabel
from app.widgets.table_view import TableView
from app.words import plural
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.commands import Done, ExportRejected, Failure


class RejectedDialog(QDialog):
    """A list to read and to export; has the dataset file open for itself."""

    def __init__(self, context: AppContext, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._store = DatasetStore(path)
        meta = self._store.meta
        self.setWindowTitle(f"Rejected rows of {meta.name}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.finished.connect(self._store.close)
        text = (
            f"{plural(meta.rejected_count, 'row')} of the file could not be read. Nothing is "
            "lost: fix the file and import it again, or export the list."
        )
        self.model = RejectedModel(self._store, self)
        self.table = TableView("Rejected rows")
        self.table.setModel(self.model)
        self.table.resizeColumnsToContents()
        self.bar = InfoBar(context.theme)
        self.model.broken.connect(self._show_fault)
        if self.model.fault:
            self._show_fault(self.model.fault)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.export_button = buttons.addButton("Export…", QDialogButtonBox.ButtonRole.ActionRole)
        self.export_button.setIcon(icon("export"))
        self.export_button.clicked.connect(self._ask_where)
        buttons.rejected.connect(self.reject)
        vbox(
            MutedLabel(context.theme, text),
            self.bar,
            (self.table, 1),
            buttons,
            parent=self,
            margins=SPACE_M,
            spacing=SPACE_S,
        )
        width = self.fontMetrics().averageCharWidth()
        self.resize(110 * width, 30 * self.fontMetrics().height())

    def _show_fault(self, sentence: str) -> None:
        self.bar.show_message(Tone.BAD, sentence)

    def export(self, out: Path) -> None:
        """Write all rejected rows as CSV or as a workbook."""
        pending = self._context.data_client.ask(ExportRejected(str(self._store.path), str(out)))
        pending.answered.connect(self._on_done)
        pending.failed.connect(self._on_failed)
        title = f"Export rejected rows to {out.name}"
        self._context.activities.follow(title, pending, tell_failure=False)

    def _ask_where(self) -> None:
        name = f"{Path(self._store.meta.name).stem}-rejected"
        ask_where_to_save(
            self,
            self._context.settings,
            "Export rejected rows",
            name=name,
            chosen=self.export,
        )

    def _on_done(self, reply: Done) -> None:
        self.bar.show_message(Tone.GOOD, reply.message or "The rejected rows are exported.")

    def _on_failed(self, failure: Failure) -> None:
        self.bar.show_message(Tone.BAD, failure.message)
