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
    old = tuple(column for column in mapping.columns if column.name in wanted)
    rest = tuple(Column(name, Role.IGNORED) for name in columns if name not in known)
    return replace(mapping, columns=old + rest)


def with_role(entry: DatasetEntry, names: Collection[str], role: Role) -> DatasetEntry:
    """The entry with the role of these columns changed; raise `UserError` if it cannot be."""
    columns = tuple(
        Column(column.name, role) if column.name in names else column
        for column in entry.mapping.columns
    )
    return replace(entry, mapping=replace(entry.mapping, columns=columns))


def moved(entry: DatasetEntry, name: str, step: int) -> DatasetEntry:
    """The entry with a column moved by `step` in the order of writing."""
    columns = list(entry.mapping.columns)
    index = [column.name for column in columns].index(name)
    target = min(max(index + step, 0), len(columns) - 1)
    columns.insert(target, columns.pop(index))
    return replace(entry, mapping=replace(entry.mapping, columns=tuple(columns)))


def added(project: Project, entry: DatasetEntry) -> Project:
    """The project with one more dataset, which is shown; its name gets a number if need be."""
    names, name, number = {other.name for other in project.datasets}, entry.name, 2
    while name in names:
        name, number = f"{entry.name} ({number})", number + 1
    entry = replace(entry, name=name)
    return replace(project, datasets=(*project.datasets, entry), dataset=entry.dataset_id)


def removed(project: Project, dataset_id: str) -> Project:
    """The project without a dataset; its neighbour is shown if it was shown."""
    index = [entry.dataset_id for entry in project.datasets].index(dataset_id)
    rest = (*project.datasets[:index], *project.datasets[index + 1 :])
    shown = project.dataset
    if shown == dataset_id:
        shown = rest[min(index, len(rest) - 1)].dataset_id if rest else ""
    return replace(project, datasets=rest, dataset=shown)
