"""The input of the example: as a table, as text, or both."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHeaderView, QWidget

from app.pages.compare.example.columns import TextBox
from app.pages.compare.example.input_model import InputModel
from app.pages.compare.model import CompareModel
from app.qt.boxes import vbox
from app.qt.plain_text import markup
from app.theme import SPACE_L, SPACE_XS, Theme
from app.widgets.labels import SectionHeader
from app.widgets.plain_delegate import PlainDelegate
from app.widgets.table_view import HEADER_STYLE, TableView

NARROW_HEADER = HEADER_STYLE.replace("4px 8px", "4px 5px")

FIELD_CHARS = 16
"""Longer names of fields are broken."""

MEASURED_ROWS = 100
"""A table of more rows scrolls, whatever their height."""

TEXT_LINES = 3
"""The text below a table that leaves it no room is so high, and scrolls."""


class InputPanel(QWidget):
    """The fields with their coverage, and the text that the backbone was given.

    As high as its table and text are; where that is more than the room it has, they scroll.
    """

    def __init__(self, model: CompareModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._room = model, 400
        self.header = SectionHeader("Input")
        self.model = InputModel(model, theme, self)
        self.table = TableView("Input of the example, and which values each system says")
        self.table.setModel(self.model)
        self.table.setWordWrap(True)
        self.table.setSelectionMode(TableView.SelectionMode.SingleSelection)
        # The padded delegate of the house measures wrapped text wider than it paints it.
        self.table.setItemDelegateForColumn(1, PlainDelegate(self.table))
        self.table.horizontalHeader().setStyleSheet(NARROW_HEADER)
        self.text = TextBox("Input as the backbone reads it")
        vbox(self.header, self.table, self.text, 1, parent=self, spacing=SPACE_XS)
        self.model.modelReset.connect(self._show)
        self._show()

    def set_room(self, height: int) -> None:
        """Take at most this height, in pixels."""
        if height != self._room:
            self._room = height
            self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Fit to another font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the values anew."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def _show(self) -> None:
        example = self._model.example
        title = f"Input {example.number}" if example else "Input"
        if example and example.category:
            title += f" · {example.category}"
        self.header.label.setText(title)
        self.table.setVisible(bool(example and example.fields))
        self.text.show_html(markup(example.input) if example else "")
        header = self.table.horizontalHeader()
        header.setStretchLastSection(False)
        if self.model.columnCount() < 2:
            return
        counts = [f"{found.count}/{found.total}" for found in self.model.coverages]
        narrow = max(map(self.fontMetrics().horizontalAdvance, ["✓", *counts])) + SPACE_L
        header.setMinimumSectionSize(narrow)
        for column in range(self.model.columnCount()):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, narrow)
        longest = self.fontMetrics().averageCharWidth() * FIELD_CHARS
        header.resizeSection(0, min(self.table.sizeHintForColumn(0) + SPACE_XS, longest))
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self._fit()

    def _fit(self) -> None:
        """Give the table the height of its rows, and the text what is left."""
        rest = self._room - self.header.sizeHint().height() - 2 * SPACE_XS
        if self.table.isHidden():
            self.text.setMaximumHeight(max(rest, 0))
            self.text.updateGeometry()
            return
        high = natural_height(self.table)
        least = self.text.fontMetrics().lineSpacing() * TEXT_LINES
        self.text.setMaximumHeight(max(rest - high, least))
        self.text.updateGeometry()
        fit_to_rows(self.table, rest - self.text.heightForWidth(self.text.width()))


def fit_to_rows(table: TableView, most: int) -> None:
    """Give a table the height of its rows, but at most so much, and at least three rows."""
    least = 4 * table.verticalHeader().defaultSectionSize()
    table.setFixedHeight(min(natural_height(table), max(most, least)))


def natural_height(table: TableView) -> int:
    """Height of the head and of all rows, each as high as its values are."""
    rows = table.verticalHeader()
    for row in range(min(table.model().rowCount(), MEASURED_ROWS)):
        table.resizeRowToContents(row)
    return table.horizontalHeader().sizeHint().height() + rows.length() + 2
