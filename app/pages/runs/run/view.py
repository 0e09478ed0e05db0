"""Which runs are on the plots, selected and shown below: a model between table and panes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from app.models.run import RunModel, RunPart
from app.models.runs import RunsModel
from app.plots.plot_view import ShownRun
from app.plots.series import RunSeries
from app.theme import RunStyle, run_style

MAX_SHOWN_AT_FIRST = 6
"""More runs than this are opened hidden: their lines would cover one another."""


class RunsView(QObject):
    """Shown, current and selected runs.

    Signals:
        shown_changed: other runs are on the plots, or one has another name.
        current_changed: another run is current, or none.
        updated: `RunPart` of the current run that is new.
        selection_changed: other runs are selected.
    """

    shown_changed = Signal()
    current_changed = Signal()
    updated = Signal(object)
    selection_changed = Signal()

    def __init__(self, runs: RunsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self._hidden = {run.run_id for run in runs.all()[MAX_SHOWN_AT_FIRST:]}
        self._series: dict[str, RunSeries] = {}
        self._current = ""
        self._selected: tuple[str, ...] = ()
        runs.added.connect(self._on_added)
        runs.removed.connect(self._on_removed)
        runs.changed.connect(self._on_run_changed)

    def shown(self) -> list[ShownRun]:
        """Runs on the plots, oldest first."""
        runs = [run for run in self._runs.all() if self.is_shown(run.run_id)]
        return [
            ShownRun(self._series_of(run), run.meta.name, self.style(run.run_id)) for run in runs
        ]

    def is_shown(self, run_id: str) -> bool:
        """Whether this run is on the plots."""
        return run_id not in self._hidden

    def set_shown(self, run_id: str, shown: bool) -> None:
        """Put a run on the plots, or take it off."""
        if shown != self.is_shown(run_id):
            self._hidden ^= {run_id}
            self.shown_changed.emit()

    def show_only(self, run_ids: Sequence[str]) -> None:
        """Put these runs on the plots and take all others off."""
        self._hidden = {run.run_id for run in self._runs.all()} - set(run_ids)
        self.shown_changed.emit()

    @property
    def current(self) -> RunModel | None:
        """The run that samples and details are of."""
        return self._runs.get(self._current)

    def set_current(self, run_id: str) -> None:
        """Make a run the current one, or none with ""."""
        if run_id != self._current:
            self._current = run_id
            self.current_changed.emit()

    @property
    def selected(self) -> list[RunModel]:
        """Selected runs, in the table's order."""
        runs = (self._runs.get(run_id) for run_id in self._selected)
        return [run for run in runs if run is not None]

    def set_selected(self, run_ids: Sequence[str]) -> None:
        """Select runs."""
        if tuple(run_ids) != self._selected:
            self._selected = tuple(run_ids)
            self.selection_changed.emit()

    def style(self, run_id: str) -> RunStyle:
        """The run's lasting colour and line style."""
        return run_style(self._runs.number(run_id))

    def _series_of(self, run: RunModel) -> RunSeries:
        if run.run_id not in self._series:
            self._series[run.run_id] = RunSeries(run)
        return self._series[run.run_id]

    def _on_added(self, run: RunModel) -> None:
        if len(self._runs.all()) - len(self._hidden) > MAX_SHOWN_AT_FIRST:
            self._hidden.add(run.run_id)
        else:
            self.shown_changed.emit()

    def _on_removed(self, run: RunModel) -> None:
        self._hidden.discard(run.run_id)
        self._series.pop(run.run_id, None)
        self.set_selected([run_id for run_id in self._selected if run_id != run.run_id])
        if run.run_id == self._current:
            self.set_current("")
        self.shown_changed.emit()

    def _on_run_changed(self, run: RunModel, part: RunPart) -> None:
        if run.run_id == self._current:
            self.updated.emit(part)
        if part is RunPart.META:
            self.shown_changed.emit()
