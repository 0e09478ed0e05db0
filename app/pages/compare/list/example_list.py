"""The pane at the left: histogram, filters and the list of examples."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QModelIndex, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStyle, QWidget

from app.pages.compare.list.filter_bar import FilterBar
from app.pages.compare.list.histogram_view import HistogramView
from app.pages.compare.list.listing import Order, Sorting
from app.pages.compare.model import CompareModel
from app.pages.compare.systems.systems import letter
from app.pages.compare.table import formats
from app.qt.boxes import stack, vbox
from app.qt.table_model import CENTER, LEFT, RIGHT, TableColumn, TableModel
from app.theme import SPACE_M, SPACE_XS, Theme
from app.widgets.buttons import push_button
from app.widgets.labels import MutedLabel
from app.widgets.table_view import CELL_MARGIN, HEADER_STYLE, TableView
from app.words import metric_value
from engine.contract.metrics import metric_title

SORTED_HEADER = HEADER_STYLE.replace("4px 8px", "4px 18px 4px 6px")
"""With room for the sign of the order."""
MARK_PX, MARGIN_PX = 18, 8
"""Room at the right of a title, and at its left with the line between two of them."""

SHORT_CHARS = 120
INPUT_CHARS = 14
"""Least width of the input; its tool tip holds the whole."""

MARKS, NUMBER, DIFFERENCE, INPUT = range(4)
"""Columns before the row scores."""
_ORDERS = [Sorting(order) for order in (Order.MARKS, Order.NUMBER, Order.DIFFERENCE, Order.INPUT)]


class ExampleList(QWidget):
    """Shows `CompareModel.listed`; its current row is the example shown.

    Columns are marks, number, difference, input, and row scores of each system.
    """

    def __init__(self, model: CompareModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._least = model, 0
        self.histogram = HistogramView(model, theme)
        self.filters = FilterBar(model, theme)
        self._sortings: list[Sorting] = []
        """By each column, the largest first."""
        self.model = TableModel[int](parent=self)
        self.table = TableView("Examples")
        self.table.setModel(self.model)
        self.table.setSelectionMode(TableView.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setStyleSheet(SORTED_HEADER)
        header.setStretchLastSection(False)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setMinimumSectionSize(self.fontMetrics().averageCharWidth() * 3)
        header.sectionClicked.connect(self._sort)
        self.table.selectionModel().currentRowChanged.connect(self._choose)
        self.nothing = QWidget()
        text = MutedLabel(theme, "No example matches the search and filters.")
        button = push_button("Show all examples", self.filters.clear)
        shown = (button, 0, Qt.AlignmentFlag.AlignLeft)
        vbox(1, text, shown, 3, parent=self.nothing, margins=None, spacing=SPACE_M)
        self.pages = stack(self.table, self.nothing)
        vbox(self.histogram, self.filters, (self.pages, 1), parent=self, spacing=SPACE_XS)
        model.comparison_changed.connect(self._show_columns)
        model.listed_changed.connect(self._show)
        model.current_changed.connect(self._show_current)
        model.notes.changed.connect(self.model.touch)
        theme.changed.connect(self.model.touch)
        theme.changed.connect(self._fit, Qt.ConnectionType.QueuedConnection)  # after the fonts
        self._show_columns()
        self._show()

    def minimumSizeHint(self) -> QSize:
        """Wide enough for the columns that are always shown."""
        return super().minimumSizeHint().expandedTo(QSize(self._least, 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the scores that there is room for."""
        super().resizeEvent(event)
        self._fit()

    def _show_columns(self) -> None:
        """For other systems or metrics: the list itself follows with `listed_changed`."""
        model, comparison = self._model, self._model.comparison
        metric, title = model.metric, metric_title(model.metric)
        differences = model.differences

        def difference(index: int) -> str:
            value = float(differences[index])
            return formats.signed(None if math.isnan(value) else value, metric)

        columns = [
            TableColumn[int]("★", self._marks, title_tip="Stars and notes", align=CENTER,
                             tip=self._notes, spoken=self._notes),
            TableColumn[int]("No.", lambda index: str(comparison.examples[index].number),
                             title_tip="Row number in the file", align=RIGHT),
            TableColumn[int](f"Δ {title}", difference, align=RIGHT,
                             title_tip=f"Row {title} of {letter(model.other)} minus A's"),
            TableColumn[int]("Input", self._input, align=LEFT,
                             tip=lambda index: comparison.examples[index].input[:1000]),
        ]  # fmt: skip
        names = dict.fromkeys((*model.task.info.quick_metrics, metric))
        shown = [name for name in names if name in comparison.metrics]
        scores = [(system, name) for name in shown for system in range(len(comparison.systems))]
        columns += [self._score_column(*score) for score in scores]
        self._sortings = _ORDERS + [
            Sorting(Order.SCORE, system=system, metric=name) for system, name in scores
        ]
        self.model.show_table(columns, ())
        self._fit()

    def _score_column(self, system: int, metric: str) -> TableColumn[int]:
        comparison, title = self._model.comparison, metric_title(metric)

        def text(index: int) -> str:
            score = float(comparison.scores[metric][system][index])
            return formats.NONE if math.isnan(score) else metric_value(metric, score)

        tip = f"Row {title} of {comparison.systems[system].name}"
        return TableColumn(f"{letter(system)} {title}", text, title_tip=tip, align=RIGHT)

    def _marks(self, index: int) -> str:
        note = self._model.notes.get(self._model.comparison.examples[index].example_id)
        return ("★" if note.starred else "") + ("✎" if note.note or note.tags else "")

    def _notes(self, index: int) -> str | None:
        note = self._model.notes.get(self._model.comparison.examples[index].example_id)
        words = ["starred"] if note.starred else []
        words += [f"tags: {', '.join(note.tags)}"] if note.tags else []
        return "; ".join([*words, note.note] if note.note else words) or None

    def _input(self, index: int) -> str:
        example = self._model.comparison.examples[index]
        values = ", ".join(value for _key, value in example.fields)
        return " ".join((values or example.input)[:SHORT_CHARS].split())

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self._model.set_current(self.model.rows[index.row()])

    def _sort(self, column: int) -> None:
        """Descending first, since the best and the largest are sought; then ascending."""
        falling = self._sortings[column]
        rising = replace(falling, descending=False)
        self._model.set_sorting(rising if self._model.sorting == falling else falling)

    def _show(self) -> None:
        self.model.show_table(self.model.columns, self._model.listed)
        filtered_away = bool(self._model.comparison.examples) and not self._model.listed
        self.pages.setCurrentWidget(self.nothing if filtered_away else self.table)
        sorting, sortings = self._model.sorting, self._sortings
        falling, order = replace(sorting, descending=True), Qt.SortOrder.AscendingOrder
        if sorting.descending:
            order = Qt.SortOrder.DescendingOrder
        column = sortings.index(falling) if falling in sortings else -1
        self.table.horizontalHeader().setSortIndicator(column, order)
        self._show_current()

    def _show_current(self) -> None:
        listed, current = self._model.listed, self._model.current
        if current in listed:
            self.table.follow_row(listed.index(current))
        else:
            self.table.selectionModel().clear()

    def _fit(self) -> None:
        """Widths from what the columns may hold, without reading every row.

        Scores that would be cut at the edge are not shown; the input gets the room that is left.
        """
        table, header, single = self.table, self.table.horizontalHeader(), self._model.is_single
        self.histogram.setVisible(not single)
        table.setColumnHidden(DIFFERENCE, single)
        examples = len(self._model.comparison.examples)
        least = self.fontMetrics().averageCharWidth() * INPUT_CHARS
        room = self.width() - table.verticalScrollBar().sizeHint().width() - 2
        room -= self._fit_column(MARKS, "★✎") + self._fit_column(NUMBER, f"{examples}")
        room -= 0 if single else self._fit_column(DIFFERENCE, "−100.0")
        if self._least != self.width() - room + least:
            self._least = self.width() - room + least
            self.updateGeometry()
        for column in range(INPUT + 1, self.model.columnCount()):
            width = self._fit_column(column, "100.0")
            fits = room - width >= least
            table.setColumnHidden(column, not fits)
            room -= width if fits else 0
        header.resizeSection(INPUT, max(room, least))

    def _fit_column(self, column: int, text: str) -> int:
        """Make a column wide enough for such a text and for its title; the width."""
        title = self.model.columns[column].title
        metrics = self.fontMetrics()
        mark = self.style().pixelMetric(QStyle.PixelMetric.PM_HeaderMarkSize)
        width = max(
            metrics.horizontalAdvance(text) + 2 * CELL_MARGIN + SPACE_M,
            metrics.horizontalAdvance(title) + max(MARK_PX, mark) + MARGIN_PX,
        )
        self.table.horizontalHeader().resizeSection(column, width)
        return width
