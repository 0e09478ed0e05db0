"""A confusion matrix as a table: each number on a ground that shows its share of its row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QRect, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from app.pages.compare.list.listing import Cell
from app.qt.table_model import CENTER, Index, TableColumn, TableModel
from app.theme import Theme
from app.widgets.heat_delegate import HeatDelegate
from app.widgets.table_view import CELL_MARGIN, TableView
from engine.contract.runs.confusion import Confusion, ConfusionCell

HEAD_CHARS = 14
"""Longer names are cut in the headings; the tool tips of the cells have them whole."""
NONE = "·"
FRAME_PX = 2


class MatrixTable(TableView):
    """Rows are what is right, columns what was predicted; right predictions are bold.

    Attributes:
        confusion: what is shown.

    Signals:
        chosen: what is right and what was predicted, None for any: a cell, or a whole row or
            column by its heading.
    """

    chosen = Signal(object, object)

    def __init__(self, theme: Theme) -> None:
        super().__init__("Confusion matrix")
        self.confusion = Confusion()
        self._gold: tuple[str, ...] = ()
        self._predicted: tuple[str, ...] = ()
        self._model = TableModel[str](parent=self, row_title=lambda row: self._gold[row])
        self.setModel(self._model)
        self.setSelectionBehavior(TableView.SelectionBehavior.SelectItems)
        self.setSelectionMode(TableView.SelectionMode.SingleSelection)
        self.setAlternatingRowColors(False)
        self.setItemDelegate(_CellDelegate(theme, self))
        self.verticalHeader().show()
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionsClickable(True)
            header.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.verticalHeader().setStyleSheet(self.horizontalHeader().styleSheet())
        self.horizontalHeader().setStretchLastSection(False)
        self.horizontalHeader().setDefaultAlignment(CENTER)
        self.clicked.connect(lambda index: self._choose(index.row(), index.column()))
        self.horizontalHeader().sectionClicked.connect(lambda column: self._choose(-1, column))
        self.verticalHeader().sectionClicked.connect(lambda row: self._choose(row, -1))
        theme.changed.connect(self._fit, Qt.ConnectionType.QueuedConnection)  # after the fonts

    def show_confusion(self, confusion: Confusion) -> None:
        """Show these counts."""
        self.confusion = confusion
        self._gold, self._predicted = confusion.sides
        cells = {(cell.gold, cell.predicted): cell for cell in confusion.cells}
        totals = Counter[str]()
        for cell in confusion.cells:
            totals[cell.gold] += cell.count
        columns = [_column(name, cells, totals) for name in self._predicted]
        self._model.show_table(columns, self._gold)
        self._fit()

    def show_chosen(self, cell: Cell | None) -> None:
        """Select the cells that the list is filtered by."""
        self.clearSelection()
        if cell is None:
            return
        rows, columns = _indices(self._gold, cell.gold), _indices(self._predicted, cell.predicted)
        first = self._model.index(rows[0], columns[0])
        last = self._model.index(rows[-1], columns[-1])
        chosen, how = QItemSelection(first, last), QItemSelectionModel.SelectionFlag.Select
        self.selectionModel().select(chosen, how)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose the current cell; with Shift its row, with Ctrl its column."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            index, held = self.currentIndex(), event.modifiers()
            row = -1 if held & Qt.KeyboardModifier.ControlModifier else index.row()
            column = -1 if held & Qt.KeyboardModifier.ShiftModifier else index.column()
            self._choose(row, column)
        else:
            super().keyPressEvent(event)

    def _choose(self, row: int, column: int) -> None:
        gold = self._gold[row] if row >= 0 else None
        predicted = self._predicted[column] if column >= 0 else None
        if gold is not None or predicted is not None:
            self.chosen.emit(gold, predicted)

    def _fit(self) -> None:
        """All columns equally wide: as wide as the longest heading, which may be cut."""
        metrics = self.fontMetrics()
        most = metrics.averageCharWidth() * HEAD_CHARS
        heads = (metrics.horizontalAdvance(name) for name in self._predicted)
        width = min(max(heads, default=0), most) + 4 * CELL_MARGIN
        largest = max((cell.count for cell in self.confusion.cells), default=0)
        width = max(width, metrics.horizontalAdvance(f"{largest:,}") + 4 * CELL_MARGIN)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(metrics.averageCharWidth() * 4)
        header.setDefaultSectionSize(width)
        rows = (metrics.horizontalAdvance(name) for name in self._gold)
        heading = min(max(rows, default=0), most) + 5 * CELL_MARGIN
        self.verticalHeader().setFixedWidth(heading)
        bar = self.verticalScrollBar().sizeHint().width()
        self.setMaximumWidth(heading + width * max(len(self._predicted), 1) + bar + 2)


def _indices(names: Sequence[str], name: str | None) -> range:
    """Where a name stands, or all indices for any."""
    if name is None:
        return range(len(names))
    return range(index := names.index(name), index + 1)


class _CellDelegate(HeatDelegate):
    """Frames the cells that the list is filtered by."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The cell, then its frame."""
        frame, is_chosen = QRect(option.rect), option.state & QStyle.StateFlag.State_Selected
        super().paint(painter, option, index)
        if is_chosen:
            painter.save()
            painter.setPen(QPen(self._theme.colors.accent, FRAME_PX))
            painter.drawRect(frame.adjusted(1, 1, -2, -2))
            painter.restore()


def _column(
    predicted: str, cells: dict[tuple[str, str], ConfusionCell], totals: Counter[str]
) -> TableColumn[str]:
    bold = QFont()
    bold.setBold(True)

    def count(gold: str) -> int:
        cell = cells.get((gold, predicted))
        return cell.count if cell else 0

    def spoken(gold: str) -> str:
        return f"right {gold}, predicted {predicted}: {count(gold):,}"

    def is_right(gold: str) -> bool:
        cell = cells.get((gold, predicted))
        return cell.is_right if cell else gold == predicted

    return TableColumn(
        predicted,
        lambda gold: f"{count(gold):,}" if count(gold) else NONE,
        title_tip=predicted,
        align=CENTER,
        tip=spoken,
        spoken=spoken,
        sort_key=lambda gold: count(gold) / (totals[gold] or 1),
        font=lambda gold: bold if is_right(gold) else None,
    )
