"""From the form to run folders in the queue."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from app.context import AppContext
from app.models.project import ProjectModel
from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.projects.project import DatasetEntry
from engine.contract.runs.folder import RunFolder, RunMeta
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import DataSpec
from engine.contract.specs.run import RunSpec, describe_system, finetuning_baseline, new_run_id


@dataclass(frozen=True)
class RunData:
    """The dataset's entry, the path of its file, and what a `RunSpec` holds of it."""

    entry: DatasetEntry
    store: str
    spec: DataSpec

    @property
    def answer(self) -> AnswerKind:
        """What is to be predicted."""
        return self.spec.mapping.answer


def run_data(project: ProjectModel) -> RunData:
    """The data that a run made now would read.

    Raises:
        UserError: no project, no dataset, a missing file, or columns without roles.
    """
    folder = project.open_folder()
    entry = project.dataset
    if entry is None:
        raise UserError("no-dataset", "The project has no dataset. Add one on the Data page.")
    entry.mapping.check_trainable()
    path = folder.dataset_store(entry.dataset_id)
    with DatasetStore(path) as store:
        fingerprint = store.meta.fingerprint
    spec = DataSpec(
        # As a run folder, two levels below the project, sees it: projects can be moved.
        dataset=f"../../{folder.datasets.name}/{entry.dataset_id}.sqlite",
        fingerprint=fingerprint,
        mapping=entry.mapping,
        linearisation=entry.linearisation,
        split=entry.split,
    )
    return RunData(entry, str(path), spec)


@dataclass(frozen=True)
class NewRun:
    """A run that is about to be made."""

    spec: RunSpec
    name: str
    tags: tuple[str, ...] = ()


def train(spec: RunSpec) -> tuple[NewRun, ...]:
    """The run of the form."""
    return (NewRun(replace(spec, run_id=new_run_id()), describe_system(spec.method, spec.task)),)


def baseline(spec: RunSpec, of: str = "") -> tuple[NewRun, ...]:
    """Full fine-tuning to compare a run with: the same data, split, seed and task."""
    return (NewRun(finetuning_baseline(spec), f"fine-tuning baseline{of}"),)


def both(spec: RunSpec) -> tuple[NewRun, ...]:
    """The form's run and its baseline, which sorts after it by its id."""
    (first,), (other,) = train(spec), baseline(spec)
    after = replace(other.spec, run_id=f"{first.spec.run_id}-twin")
    return (first, replace(other, spec=after))


def make_runs(context: AppContext, new: Iterable[NewRun]) -> list[str]:
    """Create these runs in the open project, watch and queue them; return their ids.

    Raises:
        UserError: no project is open, or its folder cannot be written to.
    """
    folder = context.project.open_folder()
    ids = []
    for run in new:
        path = folder.runs / run.spec.run_id
        name = _free_name(run.name, {other.meta.name for other in context.runs.all()})
        RunFolder.create(path, run.spec, RunMeta(name, tags=run.tags, created_s=time.time()))
        if context.runs.add(path) is not None:
            context.runner.submit(path)
        ids.append(run.spec.run_id)
    return ids


def _free_name(wanted: str, used: set[str]) -> str:
    name, number = wanted, 1
    while name in used:
        number += 1
        name = f"{wanted} ({number})"
    return name
