"""A table with the house's manners."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from app.theme import SPACE_S


class TableView(QTableView):
    """Whole rows, quiet lines, a comfortable row height; Ctrl+C copies as tab-separated text."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.verticalHeader().hide()
        self.fit_rows()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def fit_rows(self) -> None:
        """Take the row height from the font; call it after the font has changed."""
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + SPACE_S + 2)

    def selected_rows(self) -> list[int]:
        """Rows that are selected, from the top."""
        selection = self.selectionModel()
        if selection is None:
            return []
        return sorted({index.row() for index in selection.selectedIndexes()})

    def select_row(self, row: int) -> None:
        """Select this row alone and bring it into view."""
        index = self.model().index(row, 0)
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.scrollTo(index)

    def copy_text(self) -> str:
        """The selected rows as tab-separated text, with the headers of the visible columns."""
        model, header = self.model(), self.horizontalHeader()
        visual = (header.logicalIndex(place) for place in range(model.columnCount()))
        columns = [column for column in visual if not self.isColumnHidden(column)]
        lines = [[_cell(model.headerData(c, Qt.Orientation.Horizontal)) for c in columns]]
        for row in self.selected_rows():
            lines.append([_cell(model.index(row, column).data()) for column in columns])
        return "\n".join("\t".join(line) for line in lines) + "\n"

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy rows."""
        if event.matches(QKeySequence.StandardKey.Copy) and self.selected_rows():
            QGuiApplication.clipboard().setText(self.copy_text())
        else:
            super().keyPressEvent(event)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return " ".join(text.replace("\t", " ").splitlines())
