"""Deleting runs so that it can be undone: their folders move to the project's trash."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtGui import QUndoCommand

from app.models.run import RunModel
from app.models.runs import RunsModel
from engine.contract.errors import UserError
from engine.contract.events import RunState
from engine.contract.files import explain_disk_errors
from engine.contract.lock import is_locked
from engine.contract.project import ProjectFolder


def check_deletable(run: RunModel) -> None:
    """Raise `UserError` where the run is at work or waits in the queue."""
    state = run.status.state
    if state.is_active or is_locked(run.path):
        raise UserError(f"“{run.meta.name}” is {state.value}: stop it first, then delete it.")
    if state is RunState.QUEUED:
        raise UserError(
            f"“{run.meta.name}” waits in the queue: take it out with Stop first, then delete it."
        )


class DeleteRuns(QUndoCommand):
    """Moves run folders into the trash; undo moves them back and shows them again.

    Args:
        report: told a sentence where the disk refuses; nothing is then half-moved.
    """

    def __init__(
        self,
        folder: ProjectFolder,
        runs: RunsModel,
        chosen: Sequence[RunModel],
        *,
        report: Callable[[str], None],
    ) -> None:
        names = f"“{chosen[0].meta.name}”" if len(chosen) == 1 else f"{len(chosen)} runs"
        super().__init__(f"Delete {names}")
        self._folder = folder
        self._runs = runs
        self._report = report
        self._paths = {run.run_id: run.path for run in chosen}
        self._moved: list[Path] = []

    def redo(self) -> None:
        """Move the folders to the trash."""
        self._moved = []
        for run_id, path in self._paths.items():
            try:
                _move(path, self._trash(path))
            except UserError as error:
                self._report(str(error))
            else:
                self._runs.remove(run_id)
                self._moved.append(path)

    def undo(self) -> None:
        """Move them back."""
        for path in self._moved:
            try:
                _move(self._trash(path), path)
            except UserError as error:
                self._report(str(error))
            else:
                self._runs.add(path)

    def _trash(self, path: Path) -> Path:
        return self._folder.trash / path.name


def _move(source: Path, goal: Path) -> None:
    with explain_disk_errors(goal):
        goal.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.rename(source, goal)
    except OSError as error:
        raise UserError(
            f"{source} cannot be moved to {goal} ({error.strerror}): close what uses it, and "
            "try again."
        ) from error
