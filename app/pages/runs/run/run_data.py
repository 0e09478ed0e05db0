"""The data of a new run: the dataset that the Data page shows, as a run folder refers to it."""

from __future__ import annotations

from dataclasses import dataclass

from app.models.project import ProjectModel
from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.projects.project import DatasetEntry, ProjectFolder
from engine.contract.specs.data import DataSpec


@dataclass(frozen=True)
class RunData:
    """The dataset entry, and what a `RunSpec` holds of it."""

    entry: DatasetEntry
    spec: DataSpec


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
    return RunData(entry, _spec(folder, entry))


def _spec(folder: ProjectFolder, entry: DatasetEntry) -> DataSpec:
    with DatasetStore(folder.dataset_store(entry.dataset_id)) as store:
        fingerprint = store.meta.fingerprint
    return DataSpec(
        # As a run folder, two levels below the project, sees it: projects can be moved.
        dataset=f"../../{folder.datasets.name}/{entry.dataset_id}.sqlite",
        fingerprint=fingerprint,
        mapping=entry.mapping,
        linearisation=entry.linearisation,
        split=entry.split,
    )
