"""Rejected rows as a Qt table that grows while it is scrolled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, Signal

from app.pages.data.rows.qt_index import ROOT, Index
from app.pages.data.words import numbered, one_line
from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore, RejectedRow

BATCH_ROWS = 200
READ_CHARACTERS = 2**20
"""A batch ends early after so many."""
SHOWN_CHARACTERS = 2000
HEADERS = ("Why it was not read", "Text in the file")


class RejectedModel(QAbstractTableModel):
    """Line, reason and text of each rejected row, read as far as one has scrolled.

    Attributes:
        fault: a sentence, where the file could not be read to the end.

    Signals:
        broken: that sentence, when it is found while scrolling.
    """

    broken = Signal(str)

    def __init__(self, store: DatasetStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._headers = (numbered(store.meta.format), *HEADERS)
        self._source: Iterator[RejectedRow] = store.rejected()
        self._rows: list[RejectedRow] = []
        self._more = True
        self.fault = ""
        self.fetchMore()

    def rowCount(self, parent: Index = ROOT) -> int:
        """Rows; none below a cell."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        """Columns; none below a cell."""
        return 0 if parent.isValid() else len(self._headers)

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
            first = len(self._rows)
            self.beginInsertRows(QModelIndex(), first, first + len(batch) - 1)
            self._rows += batch
            self.endInsertRows()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Line, reason or text."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return (row.line, one_line(row.reason), one_line(row.text))[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return (str(row.line), row.reason, row.text)[index.column()]
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Texts of the headers."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._headers[section] if 0 <= section < len(self._headers) else None
        return None


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
