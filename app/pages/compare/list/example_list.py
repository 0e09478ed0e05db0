"""The pane at the left: histogram, filters and the list of examples."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStyle, QWidget

from app.pages.compare.example.example_model import DIFFERENCE, INPUT, MARKS, NUMBER, ExampleModel
from app.pages.compare.list.filter_bar import FilterBar
from app.pages.compare.list.listing import Order
from app.pages.compare.model import CompareModel
from app.pages.compare.table.histogram_view import HistogramView
from app.qt.boxes import stack, vbox
from app.theme import SPACE_M, SPACE_XS, Theme
from app.widgets.buttons import push_button
from app.widgets.labels import MutedLabel
from app.widgets.table_view import CELL_MARGIN, HEADER_STYLE, TableView

SORTED_HEADER = HEADER_STYLE.replace("4px 8px", "4px 18px 4px 6px")
"""With room for the sign of the order."""
MARK_PX, MARGIN_PX = 18, 8
"""Room at the right of a title, and at its left with the line between two of them."""

INPUT_CHARS = 14
"""Least width of the input; its tool tip holds the whole."""


class ExampleList(QWidget):
    """Shows `CompareModel.listed`; its current row is the example shown."""

    def __init__(self, model: CompareModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._least = model, 0
        self.histogram = HistogramView(model, theme)
        self.filters = FilterBar(model, theme)
        self.model = ExampleModel(model, theme, self)
        self.table = TableView("Examples")
        self.table.setModel(self.model)
        self.table.setSelectionMode(TableView.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setStyleSheet(SORTED_HEADER)
        header.setStretchLastSection(False)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(-1, Qt.SortOrder.DescendingOrder)
        header.setMinimumSectionSize(self.fontMetrics().averageCharWidth() * 3)
        header.sectionClicked.connect(self._sort)
        self.table.selectionModel().currentRowChanged.connect(self._choose)
        self.nothing = self._make_nothing(theme)
        self.pages = stack(self.table, self.nothing)
        vbox(self.histogram, self.filters, (self.pages, 1), parent=self, spacing=SPACE_XS)
        model.comparison_changed.connect(self._fit)
        model.listed_changed.connect(self._show)
        model.current_changed.connect(self._show_current)
        self._fit()
        self._show()

    def minimumSizeHint(self) -> QSize:
        """Wide enough for the columns that are always shown."""
        return super().minimumSizeHint().expandedTo(QSize(self._least, 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the scores that there is room for."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Fit to another font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self.table.fit_rows()
            self._fit()

    def _make_nothing(self, theme: Theme) -> QWidget:
        page = QWidget()
        text = MutedLabel(theme, "No example matches the search and filters.")
        button = push_button("Show all examples", self.filters.clear)
        vbox(
            1,
            text,
            (button, 0, Qt.AlignmentFlag.AlignLeft),
            3,
            parent=page,
            margins=None,
            spacing=SPACE_M,
        )
        return page

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self._model.set_current(self.model.rows[index.row()])

    def _sort(self, column: int) -> None:
        """Descending first, since the best and the largest are sought; then ascending."""
        present = self._model.sorting
        falling = self.model.sorting(column, descending=True)
        self._model.set_sorting(
            self.model.sorting(column, descending=False) if present == falling else falling
        )

    def _show(self) -> None:
        filtered_away = bool(self._model.comparison.examples) and not self._model.listed
        self.pages.setCurrentWidget(self.nothing if filtered_away else self.table)
        self._show_order()
        self._show_current()

    def _show_order(self) -> None:
        sorting, header = self._model.sorting, self.table.horizontalHeader()
        order = Qt.SortOrder.DescendingOrder if sorting.descending else Qt.SortOrder.AscendingOrder
        column = -1
        if sorting.order is not Order.LARGEST:
            columns = range(self.model.columnCount())
            found = [c for c in columns if self._is_sorted_by(c)]
            column = found[0] if found else -1
        header.setSortIndicator(column, order)

    def _is_sorted_by(self, column: int) -> bool:
        sorting = self._model.sorting
        return self.model.sorting(column, descending=sorting.descending) == sorting

    def _show_current(self) -> None:
        row = self.model.row_of(self._model.current)
        if row is None:
            self.table.selectionModel().clear()
        else:
            self.table.follow_row(row)

    def _fit(self) -> None:
        """Widths from what the columns may hold, without looking at every row.

        Scores that would be cut at the edge are not shown; the input gets the room that is left.
        """
        table, header, single = self.table, self.table.horizontalHeader(), self._model.is_single
        self.histogram.setVisible(not single)
        table.setColumnHidden(DIFFERENCE, single)
        if not self.model.columnCount():
            return
        examples = len(self._model.comparison.examples)
        least = self.fontMetrics().averageCharWidth() * INPUT_CHARS
        room = self.width() - table.verticalScrollBar().sizeHint().width() - 2
        room -= self._take(MARKS, "★✎") + self._take(NUMBER, f"{examples}")
        room -= 0 if single else self._take(DIFFERENCE, "−100.0")
        if self._least != self.width() - room + least:
            self._least = self.width() - room + least
            self.updateGeometry()
        for column in range(INPUT + 1, self.model.columnCount()):
            width = self._take(column, "100.0")
            fits = room - width >= least
            table.setColumnHidden(column, not fits)
            room -= width if fits else 0
        header.resizeSection(INPUT, max(room, least))

    def _take(self, column: int, text: str) -> int:
        """Make a column wide enough for such a text and for its title; the width."""
        title = self.model.headerData(column, Qt.Orientation.Horizontal)
        metrics = self.fontMetrics()
        mark = self.style().pixelMetric(QStyle.PixelMetric.PM_HeaderMarkSize)
        width = max(
            metrics.horizontalAdvance(text) + 2 * CELL_MARGIN + SPACE_M,
            metrics.horizontalAdvance(str(title)) + max(MARK_PX, mark) + MARGIN_PX,
        )
        self.table.horizontalHeader().resizeSection(column, width)
        return width
