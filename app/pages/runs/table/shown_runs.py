"""Keeps the plots in step with the runs: which ones are drawn, and when they have new numbers."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.models.run import RunModel
from app.models.runs import RunsModel
from app.pages.runs.run.view import RunsView
from app.plots.board import PlotBoard
from app.plots.plot_view import ShownRun
from app.plots.series import RunSeries


class ShownRuns(QObject):
    """Gives the board the shown runs, and tells it when one of them has grown."""

    def __init__(
        self, runs: RunsModel, view: RunsView, board: PlotBoard, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._view, self._board = view, board
        self._series: dict[str, RunSeries] = {}
        for run in runs.all():
            self._on_added(run)
        runs.added.connect(self._on_added)
        runs.removed.connect(self._on_removed)
        view.shown_changed.connect(self._give)
        board.view.run_picked.connect(view.set_current)
        self._give()

    def _on_added(self, run: RunModel) -> None:
        run_id = run.run_id
        for signal in (run.metrics_changed, run.evaluated):
            signal.connect(lambda run_id=run_id: self._board.touch(run_id))
        run.meta_changed.connect(self._give)
        self._give()

    def _on_removed(self, run: RunModel) -> None:
        self._series.pop(run.run_id, None)
        self._give()

    def _give(self) -> None:
        self._board.set_runs([self._shown(run) for run in self._view.shown()])

    def _shown(self, run: RunModel) -> ShownRun:
        series = self._series.get(run.run_id)
        if series is None or series.run is not run:
            series = self._series[run.run_id] = RunSeries(run)
        return ShownRun(series, run.meta.name, self._view.look(run.run_id))
