"""The rows that could not be read: where, why, and their text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QWidget

from app.assets import icon
from app.context import AppContext
from app.pages.data.words import single_line
from app.qt.boxes import vbox
from app.qt.sizes import chars
from app.qt.table_model import ROOT, Index, TableColumn, TableModel
from app.table_saving import ask_where_to_save
from app.theme import SPACE_M, SPACE_S
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.labels import MutedLabel
from app.widgets.table_view import TableView
from app.words import plural
from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore, RejectedRow
from engine.contract.protocol.commands import Done, Failure
from engine.contract.protocol.data import ExportRejected
from engine.contract.reading.formats import unit_of

BATCH_ROWS = 200
READ_CHARACTERS = 2**20
"""A batch ends early after so many."""
SHOWN_CHARACTERS = 2000
Column = TableColumn[RejectedRow]


class RejectedModel(TableModel[RejectedRow]):
    """Line, reason and text of each rejected row, read as far as one has scrolled.

    Signals:
        broken: a sentence, where the file cannot be read to the end.
    """

    broken = Signal(str)

    def __init__(self, store: DatasetStore, parent: QObject | None = None) -> None:
        line = unit_of(store.meta.format).capitalize()
        columns = (
            Column(line, lambda row: row.line, tip=lambda row: str(row.line)),
            Column(
                "Why it was not read",
                lambda row: single_line(row.reason),
                tip=lambda row: row.reason,
            ),
            Column("Text in the file", lambda row: single_line(row.text), tip=lambda row: row.text),
        )
        super().__init__(columns, [], parent=parent)
        self._source: Iterator[RejectedRow] = store.rejected()
        self._has_more = True

    def canFetchMore(self, parent: Index = ROOT) -> bool:
        """Whether there are rows that were not read yet."""
        return self._has_more and not parent.isValid()

    def fetchMore(self, parent: Index = ROOT) -> None:
        """Read the next rows."""
        if parent.isValid():
            return
        batch, size = [], 0
        try:
            for row in self._source:
                size += len(row.reason) + len(row.text)
                batch.append(replace(row, reason=_cut(row.reason), text=_cut(row.text)))
                if len(batch) == BATCH_ROWS or size > READ_CHARACTERS:
                    break
            else:
                self._has_more = False
        except UserError as error:
            self._has_more = False
            self.broken.emit(error.message)
        if batch:
            self.append(batch)


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
        self.bar = InfoBar(context.theme)
        self.model.broken.connect(self._show_fault)
        self.model.fetchMore()
        self.table = TableView("Rejected rows")
        self.table.setModel(self.model)
        self.table.resizeColumnsToContents()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.export_button = buttons.addButton("Export…", QDialogButtonBox.ButtonRole.ActionRole)
        self.export_button.setIcon(icon("export"))
        self.export_button.clicked.connect(self._ask_where)
        buttons.rejected.connect(self.reject)
        vbox(
            *(MutedLabel(context.theme, text), self.bar, (self.table, 1), buttons),
            parent=self,
            margins=SPACE_M,
            spacing=SPACE_S,
        )
        self.resize(chars(110), 30 * self.fontMetrics().height())

    def export(self, out: Path) -> None:
        """Write all rejected rows as CSV or as a workbook."""
        pending = self._context.data_client.ask(ExportRejected(str(self._store.path), str(out)))
        pending.answered.connect(self._on_done)
        pending.failed.connect(self._on_failed)
        title = f"Export rejected rows to {out.name}"
        self._context.activities.follow(title, pending, tell_failure=False)

    def _ask_where(self) -> None:
        name = f"{Path(self._store.meta.name).stem}-rejected"
        settings, title = self._context.settings, "Export rejected rows"
        ask_where_to_save(self, settings, title, name=name, chosen=self.export)

    def _on_done(self, reply: Done) -> None:
        self.bar.show_message(Tone.GOOD, reply.message or "The rejected rows are exported.")

    def _on_failed(self, failure: Failure) -> None:
        self._show_fault(failure.message)

    def _show_fault(self, sentence: str) -> None:
        self.bar.show_message(Tone.BAD, sentence)


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
