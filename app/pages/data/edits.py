"""Edits of a project's datasets: each makes the new value and the words for the undo list."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from engine.contract.projects.project import DatasetEntry, Project
from engine.contract.specs.data import Column, Mapping, Role


def full_mapping(mapping: Mapping, columns: tuple[str, ...]) -> Mapping:
    """The mapping with every column of the dataset in it; those it left out are ignored.

    The order is the mapping's own, as fields are written in it.
    """
    known, wanted = {column.name for column in mapping.columns}, set(columns)
    rest = tuple(Column(name, Role.IGNORED) for name in columns if name not in known)
    kept = tuple(column for column in mapping.columns if column.name in wanted)
    return Mapping(kept + rest)


def with_role(entry: DatasetEntry, names: Collection[str], role: Role) -> DatasetEntry:
    """The entry with the role of these columns changed; raise `UserError` if it cannot be."""
    columns = tuple(
        Column(column.name, role) if column.name in names else column
        for column in entry.mapping.columns
    )
    return replace(entry, mapping=Mapping(columns))


def moved(entry: DatasetEntry, name: str, step: int) -> DatasetEntry:
    """The entry with a column moved by `step` places in the order of writing."""
    columns = list(entry.mapping.columns)
    place = next(i for i, column in enumerate(columns) if column.name == name)
    target = min(max(place + step, 0), len(columns) - 1)
    columns.insert(target, columns.pop(place))
    return replace(entry, mapping=Mapping(tuple(columns)))


def added(project: Project, entry: DatasetEntry) -> Project:
    """The project with one more dataset, which is shown."""
    names = {other.name for other in project.datasets}
    entry = replace(entry, name=_free_name(entry.name, names))
    return replace(project, datasets=(*project.datasets, entry), dataset=entry.dataset_id)


def removed(project: Project, dataset_id: str) -> Project:
    """The project without a dataset; the one beside it is shown if it was shown."""
    ids = [entry.dataset_id for entry in project.datasets]
    place = ids.index(dataset_id)
    rest = tuple(entry for entry in project.datasets if entry.dataset_id != dataset_id)
    shown = project.dataset
    if shown == dataset_id:
        shown = rest[min(place, len(rest) - 1)].dataset_id if rest else ""
    return replace(project, datasets=rest, dataset=shown)


def _free_name(name: str, taken: set[str]) -> str:
    """The name, with a number behind it where it is taken."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free
