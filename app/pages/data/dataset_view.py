"""The dataset view: rows, the chosen row as text and tokens, roles, linearisation, split."""

from __future__ import annotations

from collections.abc import Generator

from PySide6.QtWidgets import QPushButton, QTabWidget, QWidget

from app.assets import icon
from app.context import AppContext
from app.pages.data.classes.classes_panel import TITLES, ClassesPanel
from app.pages.data.current import CurrentDataset
from app.pages.data.dataset_header import DatasetHeader
from app.pages.data.mapping.linearisation_panel import LinearisationPanel
from app.pages.data.mapping.mapping_panel import MappingPanel
from app.pages.data.mapping.row_text_view import RowTextView
from app.pages.data.rows.rows_view import RowsView
from app.pages.data.split.split_panel import SplitPanel
from app.pages.data.tokens.token_view import TokenView
from app.qt.boxes import hbox, vbox
from app.qt.sizes import set_minimum_chars
from app.theme import SPACE_M, SPACE_S
from app.widgets.command_line import CommandLine
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
        self._context, self._current = context, current

    def build(self) -> Generator[None, None, None]:
        """Make the parts, and yield where the window may have a turn."""
        context, current = self._context, self._current
        theme, client, settings = context.theme, context.data_client, context.settings
        self.header = DatasetHeader(context, current)
        self.rows = RowsView(current, theme)
        self.text = RowTextView(current, client, theme)
        self.tokens = TokenView(context, current)
        yield
        self.mapping = MappingPanel(current, client, theme)
        self.linearisation = LinearisationPanel(current, self.text, theme)
        self.split = SplitPanel(current, client, theme)
        yield
        self.classes = ClassesPanel(current, client, theme)
        self.example = _tabs(
            "The chosen row",
            (self.text, "Row as &text"),
            (self.tokens, "Row as the &model sees it"),
        )
        split = VerticalArea()
        split.setWidget(self.split)
        self.settings = _tabs(
            "Settings of the dataset",
            (self.mapping, "&Columns"),
            (self.linearisation, "&Linearisation"),
            (split, "&Split"),
            (self.classes, ""),
        )
        left = SavedSplitter(
            self.rows, self.example, settings=settings, key=ROWS_LAYOUT, stretch=(3, 2)
        )
        set_minimum_chars(left, ROWS_CHARS)
        whole = PageSplitter(
            *(left, self.settings),
            settings=settings,
            key=LAYOUT,
            narrow=1,
            width_chars=SETTINGS_CHARS,
        )
        yield
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
        for signal in (current.shown, current.entry_changed):
            signal.connect(self._show_command)
            signal.connect(self._show_classes)
        self._show_command()
        self._show_classes()

    def _show_classes(self) -> None:
        title = TITLES.get(self._current.mapping.answer, "")
        index = self.settings.indexOf(self.classes)
        self.settings.setTabText(index, title)
        self.settings.setTabVisible(index, bool(title))

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


def _tabs(name: str, *pages: tuple[QWidget, str]) -> QTabWidget:
    tabs = QTabWidget()
    tabs.setDocumentMode(True)
    tabs.setAccessibleName(name)
    for page, title in pages:
        tabs.addTab(page, title)
    return tabs
