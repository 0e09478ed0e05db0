"""The Runs page: a form on the left; runs, their plots, samples and details on the right."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QTabWidget, QWidget

from app.assets import icon
from app.dialogs.export import ask_for_export
from app.models.run import RunModel, RunPart
from app.pages.runs.form.form import RunForm
from app.pages.runs.form.launch_panel import LaunchPanel
from app.pages.runs.run.details_pane import DetailsPane
from app.pages.runs.run.header import RunHeader
from app.pages.runs.run.samples_pane import SamplesPane
from app.pages.runs.run.view import RunsView
from app.pages.runs.run_actions import RunActions
from app.pages.runs.table.run_table import RunTable
from app.plots.board import PlotBoard
from app.plots.export import PlotSaver
from app.qt.boxes import vbox
from app.qt.idle_task import turn_queue
from app.shell.page import Page
from app.theme import SPACE_S, SPACE_XS
from app.widgets.bar_area import BarArea
from app.widgets.command_line import CommandLine
from app.widgets.empty_state import EmptyState
from app.widgets.page_splitter import PageSplitter, SavedSplitter
from engine.contract.methods.all import info_of

LAYOUT, TABLE_LAYOUT = "runs/form", "runs/upper"
FORM_CHARS = 50
TABLE_LINES = 15


class RunsPage(Page):
    """Makes the page's models and panes and ties them together; decides nothing."""

    def build(self) -> Generator[None, None, None]:
        """Make the page."""
        context = self.context
        self.planner = context.planner
        self.view = RunsView(context.runs, self)
        yield from self._make_panes()
        self._lay_out()
        yield
        self._connect()
        self._draw_runs()
        self._show_runs()
        self._show_command()

    def _make_panes(self) -> Generator[None, None, None]:
        context, theme = self.context, self.context.theme
        self.form = RunForm(self.planner, theme)
        yield
        self.launch = LaunchPanel(context, self)
        self._runs_pane = QWidget()
        self.command = CommandLine(theme)
        self.command.setContentsMargins(SPACE_S, SPACE_XS, SPACE_S, SPACE_XS)
        room = self.command.sizePolicy()
        room.setRetainSizeWhenHidden(True)  # what is above stays where it is
        self.command.setSizePolicy(room)
        self.actions_ = RunActions(context, self.view, self._runs_pane)
        self.table = RunTable(context, self.view, self.actions_)
        yield
        self.header = RunHeader(self.view, self.planner.form, self.actions_, theme)
        self.board = PlotBoard(theme, context.settings)
        self.saver = PlotSaver(self.board, theme, settings=context.settings, parent=self)
        self.samples = SamplesPane(self.view, theme)
        self.details = DetailsPane(self.view, self.actions_, theme)
        self.empty = EmptyState(
            theme,
            "No runs yet",
            "Choose a backbone and a prefix length on the left, then press Train: the run's "
            "curves and outputs appear here. Train both adds its fine-tuning baseline.",
            icon="runs",
        )
        yield

    def _lay_out(self) -> None:
        settings = self.context.settings
        side, lower = QWidget(), QWidget()
        vbox((self.form, 1), self.launch, parent=side, spacing=0)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.board, icon("activity"), "Plots")
        self.tabs.addTab(self.samples, icon("columns"), "Samples")
        self.tabs.addTab(self.details, icon("info"), "Details")
        vbox(self.header, (self.tabs, 1), parent=lower, spacing=0)
        self.upper = SavedSplitter(
            self.table, lower, settings=settings, key=TABLE_LAYOUT, stretch=(0, 1)
        )
        vbox((self.empty, 1), (self.upper, 1), parent=self._runs_pane, spacing=0)
        BarArea(self._runs_pane, self.bar)
        self.columns = PageSplitter(
            side, self._runs_pane, settings=settings, key=LAYOUT, width_chars=FORM_CHARS
        )
        self.columns.setCollapsible(0, True)
        self._size_table()
        self.upper.restore()
        vbox((self.columns, 1), self.command, parent=self, spacing=0)

    def _connect(self) -> None:
        context, actions = self.context, self.actions_
        context.runs.added.connect(self._show_runs_in_turn)
        context.runs.removed.connect(self._show_runs)
        context.runs.changed.connect(self._on_run_changed)
        context.runs.damaged.connect(self._on_damaged)
        context.navigator.runs_requested.connect(self._show_run)
        context.project.opened.connect(self._show_runs)
        self.form.data_asked.connect(context.navigator.show_data)
        self.view.shown_changed.connect(self._draw_runs)
        self.board.view.run_picked.connect(self.view.set_current)
        self.planner.changed.connect(self._show_command)
        self.launch.made.connect(self._show_made)
        actions.refused.connect(self.warn)
        actions.duplicated.connect(self._show_form)
        actions.annotate_asked.connect(self._show_notes)
        actions.baseline_asked.connect(self.launch.train_baseline_of)
        actions.export_asked.connect(self._ask_for_export)
        self.saver.failed.connect(self.complain)
        self.saver.saved.connect(
            lambda path: context.messages.post_file(f"Saved {Path(path).name}.", Path(path))
        )

    def showEvent(self, event: QShowEvent) -> None:
        """Let the form's run be measured."""
        super().showEvent(event)
        self.planner.set_watched(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Cancel a measurement."""
        super().hideEvent(event)
        self.planner.set_watched(False)

    def reset_layout(self) -> None:
        """Put splitters and columns back as they first were."""
        self.columns.share()
        self._size_table()
        self.table.reset_layout()

    def _size_table(self) -> None:
        table = self.fontMetrics().height() * TABLE_LINES
        self.upper.setSizes([table, max(self.height() - table, table)])

    def _show_command(self) -> None:
        command = self.planner.command()
        self.command.setVisible(bool(command))
        if command:
            self.command.set_command(shlex.split(command)[2:])

    def _draw_runs(self) -> None:
        self.board.set_runs(self.view.shown())

    def _on_run_changed(self, run: RunModel, part: RunPart) -> None:
        if part in (RunPart.METRICS, RunPart.EVALUATIONS):
            self.board.touch(run.run_id)

    def _on_damaged(self, _path: str, text: str) -> None:
        self.complain(f"A run cannot be opened: {text}")

    def _show_runs_in_turn(self) -> None:
        if self.upper.isHidden() or self.view.current is None:
            turn_queue().add(self._show_runs)

    def _show_runs(self) -> None:
        """The table, or what to do where there is no run; a run is chosen once that is laid out."""
        has_runs = bool(self.context.runs.all())
        self.empty.setVisible(not has_runs)
        self.upper.setVisible(has_runs)
        if has_runs and self.view.current is None:
            turn_queue().add(self._choose_run)

    def _choose_run(self) -> None:
        runs = self.context.runs.all()
        if runs and self.view.current is None:
            self.view.set_current(runs[-1].run_id)

    def _show_made(self, run_ids: Sequence[str]) -> None:
        for run_id in run_ids:
            self.view.set_shown(run_id, True)
        self.view.set_current(run_ids[0])

    def _show_run(self, run_id: str) -> None:
        if self.context.runs.get(run_id) is not None:
            self.view.set_current(run_id)

    def _show_form(self) -> None:
        if self.columns.sizes()[0] == 0:
            self.columns.share()
        self.form.verticalScrollBar().setValue(0)
        self.form.picker.box.setFocus()

    def _ask_for_export(self, run: RunModel) -> None:
        ask_for_export(
            self.context,
            self,
            source=run.path,
            name=run.meta.name,
            formats=info_of(run.spec.method).exports,
            then=partial(self.export, run.meta.name),
        )

    def _show_notes(self, run: RunModel) -> None:
        self.view.set_current(run.run_id)
        self.tabs.setCurrentWidget(self.details)
        self.details.focus_notes()
