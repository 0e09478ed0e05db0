"""The input at the left of the example: as a table, as text, or both."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHeaderView, QSplitter, QVBoxLayout, QWidget

from app.pages.compare.input_model import InputModel
from app.pages.compare.model import CompareModel
from app.pages.compare.text_box import TextBox
from app.plain_text import markup
from app.theme import SPACE_L, SPACE_XS, Theme
from app.widgets.labels import SectionHeader
from app.widgets.plain_delegate import PlainDelegate
from app.widgets.table_view import HEADER_STYLE, TableView

NARROW_HEADER = HEADER_STYLE.replace("4px 8px", "4px 5px")

FIELD_CHARS = 16
"""Longer names of fields are cut."""


class InputPanel(QWidget):
    """The fields with their coverage; below, the text that the backbone was given."""

    def __init__(self, model: CompareModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.header = SectionHeader("Input")
        self.model = InputModel(model, theme, self)
        self.table = TableView("Input of the example, and which values each system says")
        self.table.setModel(self.model)
        self.table.setWordWrap(True)
        rows = self.table.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.setSelectionMode(TableView.SelectionMode.SingleSelection)
        # The padded delegate of the house measures wrapped text wider than it paints it.
        self.table.setItemDelegateForColumn(1, PlainDelegate(self.table))
        self.table.horizontalHeader().setStyleSheet(NARROW_HEADER)
        self.text = TextBox("Input as the backbone reads it")
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(self.text)
        self.splitter.setStretchFactor(0, 4)
        self.splitter.setStretchFactor(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_XS)
        layout.addWidget(self.header)
        layout.addWidget(self.splitter, 1)
        self.model.modelReset.connect(self._show)
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        """Fit to another font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._show()

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
