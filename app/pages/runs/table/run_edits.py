"""Renaming, tagging and deleting runs, each as a step that can be undone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from app.models.run import RunModel
from app.models.runs import RunsModel
from app.qt.value_change import ValueChange
from app.shell.trashing import MoveToTrash
from engine.contract.errors import UserError
from engine.contract.projects.project import ProjectFolder
from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunMeta
from engine.contract.runs.lock import is_locked


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


def change_meta(
    runs: RunsModel, run: RunModel, meta: RunMeta, *, text: str, report: Callable[[str], object]
) -> ValueChange[RunMeta]:
    """A step that changes a run's name, tags, notes or star; notes typed in a row are one step.

    Args:
        report: gets a sentence where the disk refuses.
    """
    run_id = run.run_id

    def apply(_before: RunMeta, after: RunMeta) -> None:
        now = runs.get(run_id)
        if now is None:
            return  # deleted since; its folder in the trash has the words of before
        try:
            now.set_meta(after)
        except (UserError, OSError) as error:
            report(str(error))

    only_notes = dataclasses.replace(meta, notes=run.meta.notes) == run.meta
    merge = f"notes of {run_id}" if only_notes else ""
    return ValueChange(text, run.meta, meta, apply=apply, merge=merge)


def delete_runs(
    folder: ProjectFolder,
    runs: RunsModel,
    chosen: Sequence[RunModel],
    *,
    report: Callable[[str], object],
) -> MoveToTrash:
    """A step that moves run folders into the trash; undo shows them again."""
    ids = {run.path: run.run_id for run in chosen}
    return MoveToTrash(
        f"Delete {quoted(chosen)}",
        {path: folder.trash / path.name for path in ids},
        trashed=lambda path: runs.remove(ids[path]),
        restored=runs.add,
        report=report,
    )


def quoted(runs: Sequence[RunModel]) -> str:
    """The name of a run, or the number of several."""
    return f"“{runs[0].meta.name}”" if len(runs) == 1 else f"{len(runs)} runs"
