"""The dataset view: rows, the chosen row as text and tokens, roles, linearisation, split."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QSplitter, QTabWidget, QWidget

from app.assets import icon
from app.context import AppContext
from app.pages.data.current import CurrentDataset
from app.pages.data.dataset_header import DatasetHeader
from app.pages.data.importing.command_text import data_arguments
from app.pages.data.mapping.example_preview import ExamplePreview
from app.pages.data.mapping.linearisation_panel import LinearisationPanel
from app.pages.data.mapping.mapping_panel import MappingPanel
from app.pages.data.rows.rows_view import RowsView
from app.pages.data.rows.text_view import CutTextView
from app.pages.data.split.split_counts import SplitCountsView
from app.pages.data.split.split_panel import SplitPanel
from app.pages.data.tokens.token_view import TokenView
from app.qt.boxes import hbox, vbox
from app.qt.sizes import set_minimum_chars
from app.theme import SPACE_M, SPACE_S
from app.widgets.command_line import CommandLine
from app.widgets.page_splitter import PageSplitter
from app.widgets.vertical_area import VerticalArea

LAYOUT, ROWS_LAYOUT = "data/settings", "data/rows"
SETTINGS_CHARS = 46
"""Width of the settings to begin with."""
ROWS_CHARS = 48
"""Least width of rows and texts."""


class DatasetView(QWidget):
    """Left what the data is, right what is made of it, below the command that does the same."""

    def __init__(self, context: AppContext, current: CurrentDataset) -> None:
        super().__init__()
        theme, client = context.theme, context.data_client
        self._current = current
        preview = ExamplePreview(current, client, self)
        self.counts = SplitCountsView(current, client, self)
        self.header = DatasetHeader(context.project, current, theme)
        self.rows = RowsView(current, theme)
        self.text = CutTextView(preview, theme)
        self.tokens = TokenView(context, current)
        self.mapping = MappingPanel(current, theme)
        self.linearisation = LinearisationPanel(current, preview, theme)
        self.split = SplitPanel(current, self.counts, theme)
        self.example = self._tabs(
            "The chosen row",
            (self.text, "Row as &text"),
            (self.tokens, "Row as the &model sees it"),
        )
        split = VerticalArea()
        split.setWidget(self.split)
        self.settings = self._tabs(
            "Settings of the dataset",
            (self.mapping, "&Columns"),
            (self.linearisation, "&Linearisation"),
            (split, "&Split"),
        )
        left = QSplitter(Qt.Orientation.Vertical)
        left.addWidget(self.rows)
        left.addWidget(self.example)
        left.setStretchFactor(0, 3)
        left.setStretchFactor(1, 2)
        left.setChildrenCollapsible(False)
        set_minimum_chars(left, ROWS_CHARS)
        left.restoreState(context.settings.layout(ROWS_LAYOUT))
        left.splitterMoved.connect(
            lambda _place, _index: context.settings.set_layout(ROWS_LAYOUT, left.saveState())
        )
        whole = PageSplitter(
            left,
            self.settings,
            settings=context.settings,
            key=LAYOUT,
            narrow=1,
            width_chars=SETTINGS_CHARS,
        )
        self.command = CommandLine(theme)
        self.go_on = QPushButton(icon("runs"), "Continue to R&uns")
        self.go_on.clicked.connect(lambda: context.navigator.show_runs())
        bottom = hbox((self.command, 1), self.go_on, spacing=SPACE_S)
        vbox(
            self.header,
            (whole, 1),
            bottom,
            parent=self,
            margins=(SPACE_M, SPACE_M, SPACE_M, SPACE_S),
            spacing=SPACE_S,
        )
        current.shown.connect(self._show_command)
        current.entry_changed.connect(self._show_command)
        self._show_command()

    def _tabs(self, name: str, *pages: tuple[QWidget, str]) -> QTabWidget:
        tabs = QTabWidget()
        tabs.setDocumentMode(True)
        tabs.setAccessibleName(name)
        for page, title in pages:
            tabs.addTab(page, title)
        return tabs

    def _show_command(self) -> None:
        entry = self._current.entry
        self.command.set_command(data_arguments(entry) if entry is not None else ["train"])
