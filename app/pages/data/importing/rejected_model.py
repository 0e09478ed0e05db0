"""Rejected rows as a Qt table that grows while it is scrolled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.pages.data.words import one_line
from app.qt.table_model import ROOT, Index, TableColumn, TableModel
from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore, RejectedRow
from engine.contract.reading.formats import unit_of

BATCH_ROWS = 200
READ_CHARACTERS = 2**20
"""A batch ends early after so many."""
SHOWN_CHARACTERS = 2000
Column = TableColumn[RejectedRow]


class RejectedModel(TableModel[RejectedRow]):
    """Line, reason and text of each rejected row, read as far as one has scrolled.

    Attributes:
        fault: a sentence, where the file could not be read to the end.

    Signals:
        broken: that sentence, when it is found while scrolling.
    """

    broken = Signal(str)

    def __init__(self, store: DatasetStore, parent: QObject | None = None) -> None:
        line, reason, text = (
            unit_of(store.meta.format).title(),
            "Why it was not read",
            "Text in the file",
        )
        columns = (
            Column(line, lambda row: row.line, tip=lambda row: str(row.line)),
            Column(reason, lambda row: one_line(row.reason), tip=lambda row: row.reason),
            Column(text, lambda row: one_line(row.text), tip=lambda row: row.text),
        )
        super().__init__(columns, [], parent=parent)
        self._source: Iterator[RejectedRow] = store.rejected()
        self._more = True
        self.fault = ""
        self.fetchMore()

    def canFetchMore(self, parent: Index = ROOT) -> bool:
        """Whether there are rows that were not read yet."""
        return self._more and not parent.isValid()

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
                self._more = False
        except UserError as error:
            self._more, self.fault = False, error.message
            self.broken.emit(self.fault)
        if batch:
            self.append(batch)


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
