"""The current study: its state, figure, tables and runs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QTabWidget, QWidget

from app.assets import icon
from app.context import AppContext
from app.pages.runs.form.estimates import time_left
from app.pages.studies.actions import StudyActions
from app.pages.studies.results.figure import StudyFigure
from app.pages.studies.results.runs_model import SAMPLE, STATE, StudyRunsModel, has_samples
from app.pages.studies.results.scores import StudyScores
from app.pages.studies.results.tables import TablesView
from app.pages.studies.study_header import StudyHeader
from app.qt.boxes import stack, vbox
from app.qt.table_model import ROW_ROLE, SortedRows
from app.run_text import STATES, verdict
from app.widgets.empty_state import EmptyState
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.table_view import TableView
from engine.contract.runs.events import RunState

NOTHING = (
    "No finished runs yet",
    "The figure appears when the first run finishes and grows with each further run.",
)
COLLECTING = ("Collecting the scores…", "The figure will appear in a moment.")
NO_SCORES = ("No scores yet", "Choose “Try again” above to compute them.")
STATE_MARGIN_PX = 31
"""Room for icon, margins and sort mark beside the word."""


class StudyView(QWidget):
    """Follows library and scores; decides nothing."""

    def __init__(self, context: AppContext, scores: StudyScores, actions: StudyActions) -> None:
        super().__init__()
        library = context.studies
        self._context, self._library, self._scores = context, library, scores
        self._actions = actions
        theme = context.theme
        self.header = StudyHeader(context, actions)
        self.failures = InfoBar(theme, closable=False)
        self.figure = StudyFigure(theme)
        self.nothing = EmptyState(theme, *NOTHING, icon="studies")
        self.tables = TablesView(theme)
        self.runs = StudyRunsModel(context.runs, theme, self)
        self.table = TableView("Runs of the study")
        self.table.setModel(SortedRows(self.runs, self))
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.table.doubleClicked.connect(self._open_run)
        self.table.activated.connect(self._open_run)
        self._figure_or_nothing = stack(self.nothing, self.figure)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._figure_or_nothing, icon("studies"), "Figure")
        self.tabs.addTab(self.tables, icon("columns"), "Tables")
        self.tabs.addTab(self.table, icon("runs"), "Runs")
        vbox(self.header, self.failures, (self.tabs, 1), parent=self, spacing=0)
        library.current_changed.connect(self.show_current)
        library.touched.connect(self._on_touched)
        library.changed.connect(self._show_states)
        scores.changed.connect(self._on_scores)
        theme.changed.connect(self._fit_columns)
        self.show_current()

    def show_current(self) -> None:
        """Show the library's current study."""
        if (study := self._library.current) is not None:
            self.runs.show_study(study, self._scores.get(study.study_id))
            self.table.setColumnHidden(SAMPLE, not has_samples(study))
            self._fit_columns()
            self._show_states()
            self._show_results()

    def _fit_columns(self) -> None:
        """By the cells, and the state's by the longest that may come."""
        self.table.fit_columns()
        words = (state.word for state in STATES.values())
        widest = max(map(self.fontMetrics().horizontalAdvance, words))
        width = widest + self.table.iconSize().width() + STATE_MARGIN_PX
        self.table.setColumnWidth(STATE, max(self.table.columnWidth(STATE), width))

    def _is_current(self, study_id: str) -> bool:
        return self._library.current is self._library.get(study_id)

    def _on_touched(self, study_id: str) -> None:
        if self._is_current(study_id):
            self.runs.touch()
            self._show_states()

    def _on_scores(self, study_id: str) -> None:
        if self._is_current(study_id):
            self._show_results()
            self._show_states()

    def _show_states(self) -> None:
        study = self._library.current
        if study is None:
            return
        left = time_left(study, self._context.runs, self._context.speeds)
        self.header.show_study(study, self._library.tally(study), left)
        failed = self._actions.runs_in(RunState.FAILED)
        problem = self._scores.problem(study.study_id)
        if failed:
            words = "A run failed" if len(failed) == 1 else f"{len(failed)} runs failed"
            text = f"{words}: {verdict(failed[0])}"
            self._complain(text, self._actions.retry.trigger)
        elif problem:
            self._complain(problem, self._scores.refresh)
        else:
            self.failures.hide()

    def _complain(self, text: str, try_again: Callable[[], object]) -> None:
        if self.failures.isHidden() or self.failures.label.text() != text:
            self.failures.show_message(Tone.BAD, text)
            self.failures.add_button("Try again", try_again)

    def _show_results(self) -> None:
        study = self._library.current
        if study is None:
            return
        results = self._scores.get(study.study_id)
        some = results is not None and bool(results.summaries)
        self._actions.set_has_tables(some)
        self.runs.set_results(results)
        self.tables.show_results(study, results)
        if results is not None and some:
            self.figure.show_results(study, results)
        title, text = NOTHING
        if results is None and self._library.tally(study).finished > 0:
            title, text = NO_SCORES if self._scores.problem(study.study_id) else COLLECTING
        self.nothing.title.setText(title)
        self.nothing.text.setText(text)
        self._figure_or_nothing.setCurrentIndex(1 if some else 0)

    def _open_run(self, index: QModelIndex) -> None:
        run_id = index.data(ROW_ROLE).spec.run_id
        if self._context.runs.get(run_id) is not None:
            self._context.navigator.show_runs(run_id)
