"""The runs of a project, in the order they were made, kept in step with the runner."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.models.run import RunModel, RunPart
from engine.contract.errors import WorkbenchError
from engine.contract.runs.events import JournalEntry, RunState
from engine.contract.runs.folder import RunFolder, RunStatus
from engine.contract.specs.data import DataSpec
from workers.base import Runner

log = logging.getLogger(__name__)


class RunsModel(QObject):
    """All runs of the open project.

    Signals:
        added, removed: `RunModel`.
        changed: `RunModel`, `RunPart`: what of it is new.
        damaged: path, sentence; a run folder that does not open is shown, not hidden.
    """

    added = Signal(object)
    removed = Signal(object)
    changed = Signal(object, object)
    damaged = Signal(str, str)

    def __init__(self, runner: Runner) -> None:
        super().__init__()
        self._runner = runner
        self._runs: dict[str, RunModel] = {}
        self._numbers: dict[str, int] = {}
        self._data: dict[DataSpec, DataSpec] = {}
        runner.entries_arrived.connect(self._on_entries)
        runner.status_changed.connect(self._on_status)

    def all(self) -> list[RunModel]:
        """The runs, oldest first."""
        return list(self._runs.values())

    def active(self) -> list[RunModel]:
        """Those that a process works on."""
        return [run for run in self._runs.values() if run.status.state.is_active]

    def finished(self) -> list[RunModel]:
        """Those that are complete, oldest first."""
        return [run for run in self._runs.values() if run.status.state is RunState.FINISHED]

    def get(self, run_id: str) -> RunModel | None:
        """The run with this id, or None."""
        return self._runs.get(run_id)

    def number(self, run_id: str) -> int:
        """The run's index among all that were ever added: decides its colour.

        It stays when other runs are removed, and when this one is removed and comes back.
        """
        return self._numbers.setdefault(run_id, len(self._numbers))

    def add(self, path: Path) -> RunModel | None:
        """Open the run in this folder and watch it; None (and `damaged`) if it is damaged."""
        try:
            run = RunModel(RunFolder(path), self)
        except WorkbenchError as error:
            log.warning("%s: %s", path, error)
            self.damaged.emit(str(path), str(error))
            return None
        # Hundreds of runs read the same data: the fewer objects, the shorter a collection waits.
        run.spec = replace(run.spec, data=self._data.setdefault(run.spec.data, run.spec.data))
        self._runs[run.run_id] = run
        self.number(run.run_id)
        for part in RunPart:
            getattr(run, part.value).connect(partial(self.changed.emit, run, part))
        self.added.emit(run)
        self._runner.follow(path)
        return run

    def remove(self, run_id: str) -> None:
        """Forget a run; its folder is not touched."""
        run = self._runs.pop(run_id, None)
        if run is not None:
            self._runner.detach(run_id)
            self.removed.emit(run)
            run.deleteLater()

    def clear(self) -> None:
        """Forget all runs, as when another project is opened."""
        for run_id in list(self._runs):
            self.remove(run_id)
        self._numbers.clear()
        self._data.clear()

    def _on_entries(self, run_id: str, entries: tuple[JournalEntry, ...]) -> None:
        if (run := self._runs.get(run_id)) is not None:
            run.apply(entries)

    def _on_status(self, run_id: str, status: RunStatus) -> None:
        if (run := self._runs.get(run_id)) is not None:
            run.set_status(status)
