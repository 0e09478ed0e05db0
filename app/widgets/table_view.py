"""A table of whole rows, with copying and column widths that follow the text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QItemSelectionModel, QSize, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QStyle,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.qt.sizes import icon_size, row_height
from app.qt.table_model import Index, TableColumn
from app.widgets.plain_delegate import PlainDelegate
from engine.contract.tables.saving import with_guard

CELL_MARGIN = 5
MAX_COLUMN_CHARS = 48
SORT_MARK_PX = 26
HEADER_STYLE = """
QHeaderView::section {
    background: palette(window); color: palette(window-text);
    border: none; border-bottom: 1px solid palette(mid); border-right: 1px solid palette(mid);
    padding: 4px 8px;
}
"""


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
        self.setItemDelegate(PaddedDelegate(self))
        header = self.horizontalHeader()
        header.setStyleSheet(HEADER_STYLE)
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def fit_rows(self) -> None:
        """Take the row height, and the size of icons, from the font."""
        self.setIconSize(icon_size())
        self.verticalHeader().setDefaultSectionSize(row_height())

    def fit_columns(self) -> None:
        """Take the column widths from the cells in view, none wider than a long phrase."""
        limit = self.fontMetrics().averageCharWidth() * MAX_COLUMN_CHARS
        header = self.horizontalHeader()
        header.setStretchLastSection(False)  # else the last column keeps its stretched width
        self.resizeColumnsToContents()
        for column in range(header.count()):
            header.resizeSection(column, min(header.sectionSize(column), limit))
        header.setStretchLastSection(True)

    def set_widths(self, columns: Sequence[TableColumn[Any]]) -> None:
        """Take the column widths from the columns' own, none narrower than its title."""
        metrics = self.fontMetrics()
        for index, column in enumerate(columns):
            title = metrics.horizontalAdvance(column.title) + SORT_MARK_PX
            width = metrics.averageCharWidth() * column.width_chars
            self.setColumnWidth(index, max(width, title))

    def copy(self) -> None:
        """Put the selected rows on the clipboard."""
        if self.selected_rows():
            QGuiApplication.clipboard().setText(self.copy_text())

    def selected_rows(self) -> list[int]:
        """Rows that are selected, from the top."""
        selection = self.selectionModel()
        if selection is None:
            return []
        return sorted({index.row() for index in selection.selectedIndexes()})

    def select_row(self, row: int) -> None:
        """Select this row alone and bring it into view."""
        index, flags = self.model().index(row, 0), QItemSelectionModel.SelectionFlag
        self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.scrollTo(index)

    def follow_row(self, row: int) -> None:
        """The same, unless it is the current row and selected: then the view stays."""
        if self.currentIndex().row() != row or not self.selectionModel().hasSelection():
            self.select_row(row)

    def copy_text(self) -> str:
        """The selected rows as tab-separated text, with the headers of the visible columns."""
        model, header = self.model(), self.horizontalHeader()
        visual = (header.logicalIndex(index) for index in range(model.columnCount()))
        columns = [column for column in visual if not self.isColumnHidden(column)]
        lines = [[_cell(model.headerData(c, Qt.Orientation.Horizontal)) for c in columns]]
        for row in self.selected_rows():
            lines.append([_cell(model.index(row, column).data()) for column in columns])
        return "\n".join("\t".join(line) for line in lines) + "\n"

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of the text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.fit_rows()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy rows."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)


class PaddedDelegate(PlainDelegate):
    """Gives cells a margin at left and right, which the style keeps too small for numbers."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the ground over the whole cell, then the cell with its margin."""
        ground = QStyleOptionViewItem(option)
        self.initStyleOption(ground, index)
        widget = option.widget
        style = widget.style() if widget is not None else QApplication.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, ground, painter, widget)
        option.rect.adjust(CELL_MARGIN, 0, -CELL_MARGIN, 0)
        super().paint(painter, option, index)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """The style's, with the margin."""
        return super().sizeHint(option, index) + QSize(2 * CELL_MARGIN, 0)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return with_guard(" ".join(text.replace("\t", " ").splitlines()))
