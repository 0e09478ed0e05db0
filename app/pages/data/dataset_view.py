"""The dataset view: rows, the chosen row as text and tokens, roles, linearisation, split."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QPlainTextEdit,
    QPushButton,
    QStackedLayout,
    QTabWidget,
    QWidget,
)

from app.assets import icon
from app.context import AppContext
from app.pages.data.current import CurrentDataset
from app.pages.data.dataset_header import DatasetHeader
from app.pages.data.mapping.example_preview import ExamplePreview
from app.pages.data.mapping.linearisation_panel import LinearisationPanel
from app.pages.data.mapping.mapping_panel import MappingPanel
from app.pages.data.rows.rows_view import RowsView
from app.pages.data.split.split_counts import SplitCountsView
from app.pages.data.split.split_panel import SplitPanel
from app.pages.data.tokens.token_view import TokenView
from app.qt.boxes import hbox, vbox
from app.qt.sizes import set_minimum_chars
from app.theme import SPACE_M, SPACE_S, SPACE_XS, Theme
from app.widgets.command_line import CommandLine
from app.widgets.labels import Badge, MutedLabel
from app.widgets.page_splitter import PageSplitter, SavedSplitter
from app.widgets.vertical_area import VerticalArea
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.options import column_args, option_args, spec_args
from engine.contract.projects.project import DatasetEntry
from engine.contract.reading.options import reading_args
from engine.contract.specs.data import DataSpec
from engine.contract.specs.run import RunSpec

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
        left = SavedSplitter(
            self.rows, self.example, settings=context.settings, key=ROWS_LAYOUT, stretch=(3, 2)
        )
        set_minimum_chars(left, ROWS_CHARS)
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
        vbox(
            self.header,
            (whole, 1),
            hbox((self.command, 1), self.go_on, spacing=SPACE_S),
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


def data_arguments(entry: DatasetEntry) -> list[str]:
    """Arguments of `train` on this data, leaving out what is the default."""
    data = DataSpec("", "", entry.mapping, entry.linearisation, entry.split)
    spec = RunSpec("", "", PrefixMethod(), data)
    source = entry.source_path or entry.name
    words = [*option_args("--data", source), *reading_args(entry.reading)]
    words += column_args(data.mapping, data.split)
    return ["train", *words, *spec_args(spec, room="data."), "--out", "RUN_DIR"]


class CutTextView(QWidget):
    """Source above target; both can be selected and copied."""

    def __init__(self, preview: ExamplePreview, theme: Theme) -> None:
        super().__init__()
        self._preview = preview
        self.source = self._make_text("Source text")
        self.target = self._make_text("Target text")
        self.fault = MutedLabel(theme)
        self.fault.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.fault.setMargin(SPACE_S)
        texts = QWidget()
        vbox(
            Badge(theme, "source: the model reads it", tone="frozen"),
            (self.source, 3),
            Badge(theme, "target: the model learns to write it", tone="trainable"),
            (self.target, 2),
            parent=texts,
            margins=SPACE_S,
            spacing=SPACE_XS,
        )
        self._stack = QStackedLayout(self)
        self._stack.addWidget(texts)
        self._stack.addWidget(self.fault)
        preview.changed.connect(self._show)
        self._show()

    def _make_text(self, name: str) -> QPlainTextEdit:
        edit = QPlainTextEdit()
        edit.setReadOnly(True)
        edit.setTabChangesFocus(True)
        edit.setAccessibleName(name)
        edit.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        lines = edit.fontMetrics().lineSpacing()
        edit.setMinimumHeight(lines + 2 * SPACE_S)
        return edit

    def _show(self) -> None:
        example = self._preview.example
        self._stack.setCurrentIndex(0 if example else 1)
        self.fault.setText(self._preview.fault)
        self.source.setPlainText(example.source if example else "")
        self.target.setPlainText(example.target if example else "")
