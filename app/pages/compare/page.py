"""The Compare page: the systems' scores above, their outputs example by example below."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from PySide6.QtWidgets import QMenu, QWidget

from app.assets import icon
from app.context import AppContext
from app.dialogs.settings_difference import show_differences
from app.models.run import RunModel
from app.pages.compare.blind.model import BlindModel
from app.pages.compare.blind.view import BlindView
from app.pages.compare.empty_view import EmptyView
from app.pages.compare.example.example_view import ExampleView
from app.pages.compare.list.example_list import ExampleList
from app.pages.compare.messages import CompareMessages, JobRows
from app.pages.compare.model import CompareModel
from app.pages.compare.pair_bar import PairBar
from app.pages.compare.systems.chooser import ChooserPanel
from app.pages.compare.systems.model import SystemsModel
from app.pages.compare.table.copying import row_lines, score_lines
from app.pages.compare.table.score_view import COPIES, ScoreButton, ScoreView
from app.pages.compare.task_view import TaskView
from app.pages.compare.task_views import TASK_VIEWS
from app.qt.boxes import Gap, stack, vbox
from app.qt.idle_task import IdleTask
from app.qt.plain_text import caption
from app.qt.shortcuts import add_key
from app.shell.page import Page
from app.table_saving import ask_where_to_save, save_table
from app.theme import SPACE_M, SPACE_S, SPACE_XS
from app.widgets.buttons import flat_button, push_button
from app.widgets.flow import FlowLayout
from app.widgets.info_bar import Tone
from app.widgets.page_splitter import PageSplitter
from engine.contract.errors import UserError
from engine.contract.tables.saving import Line

LAYOUT = "compare/list"
LIST_CHARS = 52
"""Width of the list to begin with, if the example has room beside it."""


class ComparePage(Page):
    """Compares systems of the open project."""

    def __init__(
        self,
        context: AppContext,
        tasks: Sequence[TaskView] = TASK_VIEWS,
        *,
        at_once: bool = True,
    ) -> None:
        self._tasks = tasks
        super().__init__(context, at_once=at_once)

    def build(self) -> Generator[None, None, None]:
        """Make the page."""
        context = self.context
        self.systems = SystemsModel(context, self._tasks, self)
        self.model = CompareModel(context, self.systems, self)
        self.blind = BlindModel(context, self.model, self)
        theme = context.theme
        self.messages = CompareMessages(self.model, theme)
        self.pair = PairBar(self.model, theme)
        self.scores = ScoreView(self.model, theme)
        self.list = ExampleList(self.model, theme)
        yield
        self.view = ExampleView(self.model, theme)
        self.empty = EmptyView(context, self.systems)
        self.empty.read_asked.connect(self.read_alone)
        yield
        self.splitter = PageSplitter(
            self.list, self.view, settings=context.settings, key=LAYOUT, width_chars=LIST_CHARS
        )
        self.splitter.setHandleWidth(SPACE_M)
        self.comparing = self._make_comparing()
        self.pages = stack(self.empty, self.comparing)
        self.jobs = JobRows(self.systems.jobs, theme)
        vbox(
            self.messages,
            self.bar,
            self.jobs,
            (self.pages, 1),
            parent=self,
            margins=(SPACE_M, SPACE_S, SPACE_M, SPACE_S),
            spacing=SPACE_S,
        )
        self._exporting: IdleTask[int] | None = None
        self._read_alone = ""
        yield
        for changed in (
            self.model.comparison_changed,
            self.model.listed_changed,
            self.systems.entries_changed,
            self.blind.changed,
        ):
            changed.connect(self._show)
        context.navigator.compare_requested.connect(self.choose_runs)
        context.project.closed.connect(self._forget)
        self._show()

    @cached_property
    def blind_view(self) -> BlindView:
        """Made when it is first shown."""
        view = BlindView(self.blind, self.context.theme)
        self.pages.addWidget(view)
        return view

    @cached_property
    def panel(self) -> ChooserPanel:
        """Made when it first drops down."""
        return ChooserPanel(self.systems, self.context.theme, self)

    def choose_runs(self, run_ids: Iterable[str]) -> None:
        """Compare these runs, or read the one; nothing changes for an empty list."""
        keys = tuple(run_ids)
        if keys:
            self._read_alone = keys[0] if len(keys) == 1 else ""
            self.systems.choose(keys)
            self._show()

    def read_alone(self) -> None:
        """Read the outputs of the one system that is chosen."""
        self.choose_runs(self.systems.chosen)

    def show_settings(self) -> None:
        """Show in which settings the compared runs differ."""
        show_differences(self._runs(), self.context.theme, self.window())

    def open_path(self, path: Path) -> bool:
        """Add an outside file of outputs; whether a project is open to hold it."""
        self.systems.add_file(path)
        return self.context.project.is_open

    def export_rows(self, path: Path) -> None:
        """Write all compared rows side by side, as CSV or as a workbook."""
        self._export(path, row_lines(self.model.comparison, self.model.notes.notes))

    def export_scores(self, path: Path) -> None:
        """Write the score table, as CSV or as a workbook."""
        self._export(path, score_lines(self.scores.scores))

    def start_blind(self) -> None:
        """Judge the listed examples without names."""
        self.blind.start()
        if self.blind.record is not None:
            self.blind_view.begin()

    def _make_comparing(self) -> QWidget:
        tip = "Choose the systems to compare"
        self.choose = flat_button("columns", tip, text="Systems")
        self.choose.setAutoRaise(False)
        self.choose.clicked.connect(lambda: self.panel.drop_below(self.choose))
        self.measures = ScoreButton(self.model, self.context.settings, self.context.theme)
        tip = "Judge pairs of outputs without knowing which system wrote them"
        self.judge = push_button("Blind…", self.start_blind, icon="blind", tip=tip)
        self.copies = push_button("Export", icon="export")
        self.copies.setMenu(self._make_menu())
        tip = "Show in which settings the runs differ"
        self.settings = push_button("Settings…", self.show_settings, icon="settings", tip=tip)
        buttons = (self.settings, self.judge, self.copies)
        bar = FlowLayout(self.choose, self.measures, *self.pair.parts, *buttons)
        page = QWidget()
        vbox(bar, self.scores, Gap(SPACE_XS), (self.splitter, 1), parent=page, spacing=SPACE_S)
        order = (self.choose, self.measures, *self.pair.menus, *buttons, self.scores.table)
        for before, after in pairwise((*order, self.list.histogram)):
            QWidget.setTabOrder(before, after)
        note = self.view.note.note
        for key, slot in (
            ("Right", lambda: self.model.step(1)),
            ("J", lambda: self.model.step(1)),
            ("Left", lambda: self.model.step(-1)),
            ("K", lambda: self.model.step(-1)),
            ("R", self.model.step_random),
            ("S", self.model.toggle_star),
            ("N", note.setFocus),
        ):  # a field that is typed into keeps its letters
            add_key(page, key, slot, children=True)
        add_key(note, "Escape", self.list.table.setFocus)
        return page

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        for form in COPIES:
            action = menu.addAction(icon("copy"), caption(f"Copy the score table as {form}"))
            action.triggered.connect(lambda _checked=False, f=form: self.scores.copy(f))
        menu.addSeparator()
        for text, title, name, export in (
            ("Save the score table…", "Save the score table", "scores", self.export_scores),
            ("Export all rows side by side…", "Export all rows", "comparison", self.export_rows),
        ):
            action = menu.addAction(icon("export"), text)
            action.triggered.connect(
                lambda _checked=False, title=title, name=name, export=export: ask_where_to_save(
                    self, self.context.settings, title, name=name, chosen=export
                )
            )
        return menu

    def _export(self, path: Path, lines: Iterable[Line]) -> None:
        if self._exporting is not None:
            return

        def done(count: int) -> None:
            self._exporting = None
            self.bar.show_message(Tone.GOOD, f"{count:,} rows are written to {path}.")

        def failed(error: UserError) -> None:
            self._exporting = None
            self.complain(str(error))

        self._exporting = save_table(path, lines, self, done=done, failed=failed)

    def _show(self) -> None:
        count = len(self.model.comparison.systems)
        self.choose.setText(f"Systems ({count})")
        self.judge.setVisible(self.model.task.has_blind_test)
        self.judge.setEnabled(count > 1 and bool(self.model.listed))
        self.settings.setEnabled(len(self._runs()) > 1)
        if self.blind.record is not None:
            page: QWidget = self.blind_view
        else:
            alone = self.systems.chosen == (self._read_alone,)
            page = self.comparing if count > 1 or (count and alone) else self.empty
        if self.pages.currentWidget() is not page:
            self.pages.setCurrentWidget(page)
            if page is self.comparing:
                self.list.table.setFocus()
        self.messages.setVisible(self.blind.record is None)

    def _runs(self) -> list[RunModel]:
        """The compared systems that are runs."""
        runs = {run.run_id: run for run in self.context.runs.all()}
        return [runs[s.key] for s in self.model.comparison.systems if s.key in runs]

    def _forget(self) -> None:
        self._read_alone = ""
        self.bar.hide()
        if self._exporting is not None:
            self._exporting.cancel()
            self._exporting = None
