"""What the Train buttons do: make runs and queue them, after fetching the backbone if need be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.context import AppContext
from app.models.run import RunModel
from app.pages.runs.form.draft import Draft
from app.pages.runs.form.run_making import NewRun, RunMaker, baseline, baseline_of, both, train
from engine.contract.backbone import BackboneEntry
from engine.contract.errors import UserError
from engine.contract.specs.data import DataSpec

Recipe = Callable[[Draft, DataSpec], tuple[NewRun, ...]]


class Launcher(QObject):
    """Turns the form into queued runs.

    Signals:
        made: tuple of the ids of the runs that were queued.
        fetch_needed: `BackboneEntry` that is not on this machine; `fetch_then_train` goes on.
        failed: a sentence.
        waiting_changed: runs began or ceased to wait for a fetch.
    """

    made = Signal(object)
    fetch_needed = Signal(object)
    failed = Signal(str)
    waiting_changed = Signal()

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._planner, self._project = context.planner, context.project
        self._backbones, self._maker = context.planner.backbones, RunMaker(context)
        self._wanted: tuple[BackboneEntry, tuple[NewRun, ...]] | None = None
        self._waiting: dict[str, list[tuple[Path, tuple[NewRun, ...]]]] = {}
        self._backbones.fetched.connect(self._on_fetched)
        self._backbones.fetch_failed.connect(self._on_fetch_failed)

    @property
    def waiting_count(self) -> int:
        """Runs that wait for their backbone."""
        return sum(len(runs) for waiting in self._waiting.values() for _path, runs in waiting)

    def train(self) -> None:
        """Queue the form's run."""
        self._launch(train)

    def train_baseline(self) -> None:
        """Queue the fine-tuning baseline of the form's run."""
        self._launch(baseline)

    def train_baseline_of(self, run: RunModel) -> None:
        """Queue the fine-tuning baseline of this very run, whatever the form holds."""
        self._offer(self._backbones.get(run.spec.backbone), baseline_of(run))

    def train_both(self) -> None:
        """Queue both, the prefix first."""
        self._launch(both)

    def fetch_then_train(self) -> None:
        """Fetch the backbone that `fetch_needed` named, then queue the runs it was for."""
        folder = self._project.folder
        if self._wanted is None or folder is None:
            return
        entry, runs = self._wanted
        self._wanted = None
        self._waiting.setdefault(entry.name, []).append((folder.path, runs))
        self.waiting_changed.emit()
        self._backbones.fetch(entry.name)

    def _launch(self, recipe: Recipe) -> None:
        problem, data = self._planner.error, self._planner.data
        if problem is not None:
            self.failed.emit(problem.message)
            return
        assert data is not None, "neither data nor why there is none"
        try:
            runs = recipe(self._planner.form.draft, data.spec)
        except UserError as error:
            self.failed.emit(error.message)
            return
        self._offer(self._planner.backbone, runs)

    def _offer(self, entry: BackboneEntry | None, runs: tuple[NewRun, ...]) -> None:
        if entry is not None and not entry.on_disk:
            self._wanted = (entry, runs)
            self.fetch_needed.emit(entry)
        else:
            self._make(runs)

    def _make(self, runs: tuple[NewRun, ...]) -> None:
        try:
            made = self._maker.make(runs)
        except UserError as error:
            self.failed.emit(error.message)
        else:
            self.made.emit(tuple(made))

    def _on_fetched(self, name: str) -> None:
        waiting = self._waiting.pop(name, [])
        folder = self._project.folder
        for path, runs in waiting:
            if folder is not None and folder.path == path:
                self._make(runs)
        if waiting:
            self.waiting_changed.emit()

    def _on_fetch_failed(self, name: str, message: str) -> None:
        if self._waiting.pop(name, []):
            self.waiting_changed.emit()
        self.failed.emit(message)
