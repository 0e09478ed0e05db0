"""What the Compare page shows; widgets write to it and listen to it."""

from __future__ import annotations

import random
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.context import AppContext
from app.pages.compare.comparison import Comparison, Example, Floats, compare
from app.pages.compare.example.notes_model import NotesModel
from app.pages.compare.list.listing import Cell, Filter, Order, Sorting, listed
from app.pages.compare.systems.model import SystemsModel
from app.pages.compare.table.score_table import ScoreTable, score_table
from app.pages.compare.task_view import TaskView
from app.qt.idle_task import IdleTask
from app.qt.latest_request import LatestRequest
from engine.contract.metrics import higher_is_better, metric_info
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.outputs import (
    Compared,
    CompareOutputs,
    CountPredictions,
    PredictionCounts,
)
from engine.contract.runs.scores import MeanDifference
from engine.contract.specs.answer import AnswerKind


class CompareModel(QObject):
    """The comparison of the chosen systems and which part of it the user reads.

    Attributes:
        systems: what is chosen and in memory.
        comparison: the systems, aligned; empty until there is one.
        notes: stars, notes and tags.
        counts: what each system predicts for what is right, and the baseline; without any while
            they are computed, and of texts.
        metric: whose row scores and differences are shown.
        other: index of the system whose difference to the reference system is listed; nothing
            is compared while there is one system only.
        listed: indices of the examples that the list shows, in its order.
        current: index of the example shown, or None.

    Signals:
        comparison_changed: systems, alignment, metric or `other` are new.
        scores_changed: the score table's mean differences were computed, or cannot be.
        counts_changed: the predictions were counted.
        listed_changed: other examples are listed, or in another order.
        current_changed: another example is shown.
    """

    comparison_changed = Signal()
    scores_changed = Signal()
    counts_changed = Signal()
    listed_changed = Signal()
    current_changed = Signal()

    def __init__(
        self, context: AppContext, systems: SystemsModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.systems = systems
        self.comparison = Comparison()
        self.metric = self.task.info.quick_metrics[0]
        self.other = 1
        self.filter, self.sorting = Filter(), Sorting()
        self.listed: tuple[int, ...] = ()
        self.current: int | None = None
        self.notes = NotesModel(context.project, self)
        self._means: dict[tuple[str, int], MeanDifference] = {}
        self._failure = ""
        self._means_request = LatestRequest(context.data_client, self)
        self._means_request.answered.connect(self._on_compared)
        self._means_request.failed.connect(self._on_failed)
        self.counts = PredictionCounts((), None)
        self._counts_request = LatestRequest(context.data_client, self)
        self._counts_request.answered.connect(self._on_counted)
        self._building: IdleTask[Comparison] | None = None
        systems.loaded_changed.connect(self._build)
        context.project.closed.connect(self._forget)
        self.notes.changed.connect(self._on_notes)
        self._build()

    @property
    def task(self) -> TaskView:
        """What the compared systems predict; files follow the runs that they stand beside."""
        systems = self.comparison.systems
        return (
            self.systems.task_of(systems[self.comparison.base])
            if systems
            else self.systems.task("")
        )

    @property
    def example(self) -> Example | None:
        """The example shown."""
        return None if self.current is None else self.comparison.examples[self.current]

    @property
    def is_single(self) -> bool:
        """Whether one system is read, without another to compare it with."""
        return len(self.comparison.systems) == 1

    @property
    def differences(self) -> Floats:
        """Row scores of system `other` less those of the reference system.

        Below 0 means better where `higher_is_better` says so of the metric.
        """
        return self.comparison.difference(self.metric, self.other)

    @property
    def score_table(self) -> ScoreTable:
        """The score table, with the mean differences once they are computed."""
        return score_table(
            self.comparison,
            self.metric,
            self._means,
            is_computing=self._means_request.is_busy,
            failure=self._failure,
            baseline=self.counts.baseline,
        )

    def set_metric(self, metric: str) -> None:
        """Show differences of this metric."""
        if metric != self.metric and metric in self.comparison.metrics:
            turned = higher_is_better(metric) is not higher_is_better(self.metric)
            if turned and self.sorting.order is Order.DIFFERENCE:
                # The same system's wins stay on top.
                self.sorting = replace(self.sorting, descending=not self.sorting.descending)
            self.metric = metric
            self._show_pair()

    def set_other(self, system: int) -> None:
        """Show differences of this system to the reference system."""
        if system != self.other and 0 < system < len(self.comparison.systems):
            self.other = system
            self._show_pair()

    def set_filter(self, chosen: Filter) -> None:
        """List the examples that pass."""
        if chosen != self.filter:
            self.filter = chosen
            self._list()
            if self.listed and self.current not in self.listed:
                self.set_current(self.listed[0])

    def set_sorting(self, sorting: Sorting) -> None:
        """List in this order."""
        if sorting != self.sorting:
            self.sorting = sorting
            self._list()

    def set_current(self, index: int | None) -> None:
        """Show this example."""
        if index != self.current:
            self.current = index
            self.current_changed.emit()

    def step(self, by: int) -> None:
        """Show a neighbour in the list; stays at its ends."""
        if self.listed:
            row = self.listed.index(self.current) + by if self.current in self.listed else 0
            self.set_current(self.listed[min(max(row, 0), len(self.listed) - 1)])

    def step_random(self) -> None:
        """Show any other example of the list."""
        others = [index for index in self.listed if index != self.current]
        if others:
            self.set_current(random.choice(others))

    def toggle_star(self) -> None:
        """Star the example shown, or remove its star."""
        if self.example is not None:
            self.notes.toggle_star(self.example.example_id)

    def _on_notes(self) -> None:
        if self.filter.starred or self.filter.noted or self.sorting.order is Order.MARKS:
            self._list()

    def _forget(self) -> None:
        self.filter, self.sorting = Filter(), Sorting()
        self.other = 1

    def _build(self) -> None:
        """Align the systems again once all are read; what is shown stays until that is done."""
        if self.systems.is_reading:
            return
        if self._building is not None:
            self._building.cancel()
            self._building = None
        systems = self.systems.systems
        if systems:
            self._building = IdleTask(
                compare(systems), self, done=self._on_built, failed=lambda _error: None
            )
        else:
            self._set_comparison(Comparison())

    def _on_built(self, comparison: Comparison) -> None:
        self._building = None
        self._set_comparison(comparison)

    def _set_comparison(self, comparison: Comparison) -> None:
        shown, old = self.example, self.comparison
        if comparison.systems == old.systems and bool(old.examples) == bool(comparison.examples):
            return
        self.comparison = comparison
        metrics = comparison.metrics
        if metrics and self.metric not in metrics:
            primary = self.task.info.quick_metrics[0]
            self.metric = primary if primary in metrics else metrics[0]
        if not 0 < self.other < len(comparison.systems):
            self.other = 1
        turned = self.is_single is not (len(old.systems) == 1)
        if turned or self.sorting.system >= len(comparison.systems):
            first = Sorting(Order.NUMBER, descending=False)
            self.sorting = first if self.is_single else Sorting()
        self._compare_rows()
        self._count_predictions()
        ids = (example.example_id for example in comparison.examples)
        wanted = shown.example_id if shown else None
        self.current = next((i for i, ident in enumerate(ids) if ident == wanted), None)
        self._show_pair()
        self.current_changed.emit()

    def _show_pair(self) -> None:
        """For another metric, pair or systems; the range of differences no longer applies."""
        self.filter = replace(self.filter, low=None, high=None)
        self.comparison_changed.emit()
        self._list()

    def rows_of(self, cell: Cell) -> frozenset[int]:
        """The examples that a part of a confusion matrix counts."""
        if cell.system >= len(self.counts.confusions):
            return frozenset()
        return frozenset(
            row
            for counted in self.counts.confusions[cell.system].cells
            if cell.gold in (None, counted.gold) and cell.predicted in (None, counted.predicted)
            for row in counted.rows
        )

    def _list(self) -> None:
        cell = self.filter.cell
        indices = listed(
            self.comparison,
            self.differences,
            self.notes.notes,
            chosen=self.filter,
            sorting=self.sorting,
            counted=self.rows_of(cell) if cell is not None else (),
        )
        self.listed = tuple(indices)
        self.listed_changed.emit()
        if self.current is None and self.listed:
            self.set_current(self.listed[0])

    def _compare_rows(self) -> None:
        """Ask for the mean differences of all metrics; the newest request counts."""
        systems, metrics = self.comparison.systems, self.comparison.metrics
        self._means.clear()
        self._failure = ""
        if len(systems) < 2 or not metrics or not self.comparison.examples:
            self._means_request.drop()
            return
        paths = tuple(str(system.entry.path) for system in systems)
        self._means_request.ask(CompareOutputs(paths, metrics, self.comparison.base))

    def _count_predictions(self) -> None:
        """Ask for the confusion matrices and the baseline."""
        comparison, info = self.comparison, self.task.info
        self.counts = PredictionCounts((), None)
        self.filter = replace(self.filter, cell=None)
        if info.answer is AnswerKind.TEXT or not comparison.examples:
            self._counts_request.drop()
            return
        paths = tuple(str(system.entry.path) for system in comparison.systems)
        named = dict.fromkeys(name for system in comparison.systems for name in system.scores)
        metrics = tuple(name for name in named if info.answer in metric_info(name).answers)
        self._counts_request.ask(
            CountPredictions(paths, info.answer, metrics or info.metrics, comparison.base)
        )

    def _on_counted(self, reply: PredictionCounts) -> None:
        self.counts = reply
        self.counts_changed.emit()

    def _on_compared(self, reply: Compared) -> None:
        self._means = {(item.metric, item.file): item.mean for item in reply.differences}
        self.scores_changed.emit()

    def _on_failed(self, failure: Failure) -> None:
        self._failure = failure.message
        self.scores_changed.emit()
