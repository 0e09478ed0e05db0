"""Renaming, tagging and deleting runs, each as a step that can be undone."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtGui import QUndoCommand

from app.models.run import RunModel
from app.models.runs import RunsModel
from engine.contract.errors import UserError
from engine.contract.files.writing import explain_disk_errors
from engine.contract.projects.project import ProjectFolder
from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunMeta
from engine.contract.runs.lock import is_locked

_META_ID = 6_900


def check_deletable(run: RunModel) -> None:
    """Raise `UserError` where the run is at work or waits in the queue."""
    state = run.status.state
    if state.is_active or is_locked(run.path):
        raise UserError(
            "run-at-work",
            "“{name}” is {state}. Stop it first, then delete it.",
            name=run.meta.name,
            state=state.value,
        )
    if state is RunState.QUEUED:
        raise UserError(
            "run-queued",
            "“{name}” waits in the queue. Take it out with Stop first, then delete it.",
            name=run.meta.name,
        )


class EditMeta(QUndoCommand):
    """Changes a run's name, tags, notes or star; notes typed in a row are one step.

    Args:
        report: told a sentence where the disk refuses.
    """

    def __init__(
        self,
        runs: RunsModel,
        run: RunModel,
        meta: RunMeta,
        *,
        text: str,
        report: Callable[[str], None],
    ) -> None:
        super().__init__(text)
        self._runs, self._run_id = runs, run.run_id
        self._before, self._after = run.meta, meta
        self._report = report

    def redo(self) -> None:
        """Write the new words."""
        self._set(self._after)

    def undo(self) -> None:
        """Write the old words."""
        self._set(self._before)

    def id(self) -> int:
        """The same for all edits of words, which may merge."""
        return _META_ID

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take in the next edit of the same run's notes."""
        if not isinstance(other, EditMeta) or other._run_id != self._run_id:
            return False
        only_notes = all(
            dataclasses.replace(step._before, notes="")
            == dataclasses.replace(step._after, notes="")
            for step in (self, other)
        )
        if only_notes:
            self._after = other._after
        return only_notes

    def _set(self, meta: RunMeta) -> None:
        run = self._runs.get(self._run_id)
        if run is None:
            return  # deleted since; its folder in the trash keeps the words it has
        try:
            run.set_meta(meta)
        except (UserError, OSError) as error:
            self._report(str(error))


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
            "not-moved",
            "{path} cannot be moved to {target} ({reason}). Close what uses it, and try again.",
            path=source,
            target=goal,
            reason=error.strerror,
        ) from error
