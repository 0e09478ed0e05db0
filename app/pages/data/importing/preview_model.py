"""The first rows of a file that is about to be imported, as a Qt table."""

from __future__ import annotations

import bisect
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QObject, Qt

from app.pages.data.rows.qt_index import ROOT, Index
from app.pages.data.rows.rows_model import ROLE_OF_COLUMN
from app.pages.data.words import ROLE_HINTS, ROLE_TITLES, one_line
from engine.contract.reading.reading import FileReport


class PreviewModel(QAbstractTableModel):
    """Preview rows of a `FileReport`; the vertical header holds lines of the file."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._report: FileReport | None = None

    def set_report(self, report: FileReport | None) -> None:
        """Show another report, or none."""
        self.beginResetModel()
        self._report = report
        self.endResetModel()

    def row_of_line(self, line: int) -> int | None:
        """The preview's row that begins in this line of the file, or None."""
        lines = self._report.preview_lines if self._report is not None else ()
        row = bisect.bisect_left(lines, line)
        return row if row < len(lines) and lines[row] == line else None

    def rowCount(self, parent: Index = ROOT) -> int:
        """Rows; none below a cell."""
        return 0 if parent.isValid() or self._report is None else len(self._report.preview)

    def columnCount(self, parent: Index = ROOT) -> int:
        """Columns; none below a cell."""
        return 0 if parent.isValid() or self._report is None else len(self._report.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text of a cell, or the tool tip that holds the whole of it."""
        if self._report is None or not index.isValid():
            return None
        cells = self._report.preview[index.row()]
        cell = cells[index.column()] if index.column() < len(cells) else ""
        if role == Qt.ItemDataRole.DisplayRole:
            return one_line(cell)
        return cell if role == Qt.ItemDataRole.ToolTipRole else None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Texts of the headers."""
        if self._report is None:
            return None
        if orientation == Qt.Orientation.Vertical:
            lines = self._report.preview_lines
            if role == Qt.ItemDataRole.DisplayRole:
                return lines[section] if section < len(lines) else section + 1
            return None
        if not 0 <= section < len(self._report.columns):
            return None
        column = self._report.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.name
        if role == ROLE_OF_COLUMN:
            return column.role
        if role == Qt.ItemDataRole.ToolTipRole:
            title = ROLE_TITLES[column.role]
            return f"{column.name}: guessed role {title}\n{ROLE_HINTS[column.role]}"
        return None
