"""A file as a data set of a project, for the verbs that work in one."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

from engine.cli.console import Console
from engine.cli.training import import_data
from engine.contract.errors import UserError
from engine.contract.files.folders import remove_leftovers
from engine.contract.files.writing import slug
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.projects.project import PROJECT_FILE, DatasetEntry, Project, ProjectFolder
from engine.contract.reading.reading import ReadOptions
from engine.contract.specs.data import Linearisation, Mapping, Split

_DAY_S = 86_400.0


def dataset_of(
    console: Console,
    project: ProjectFolder,
    source: Path,
    *,
    options: ReadOptions,
    mapping: Mapping,
    form: Linearisation | None,
    split: Split,
) -> tuple[DatasetEntry, str]:
    """The file as a dataset of the project, which is made if it is not there; and its sha256."""
    incoming = project.datasets / f".incoming.{secrets.token_hex(4)}.part"
    chosen: list[DatasetEntry] = []

    def add(present: Project) -> Project:
        """Under the project's lock: two that import at once must not choose the same id."""
        for entry in present.datasets:
            if _fingerprint(project.dataset_store(entry.dataset_id)) == fingerprint:
                chosen.append(entry)
                return present
        dataset_id = _free_id(slug(source.stem), {entry.dataset_id for entry in present.datasets})
        incoming.replace(project.dataset_store(dataset_id))
        entry = DatasetEntry(
            dataset_id,
            source.stem,
            str(source.resolve()),
            mapping,
            form or Linearisation(),
            split,
            options,
        )
        chosen.append(entry)
        return replace(
            present,
            datasets=(*present.datasets, entry),
            dataset=present.dataset or dataset_id,
        )

    try:
        if (project.path / PROJECT_FILE).exists():
            project.read()  # a damaged one is refused before the file is read
        fingerprint = import_data(console, source, incoming, options=options)
        if not (project.path / PROJECT_FILE).exists():
            project.write(Project(name=project.path.name))
        project.update(add)
    finally:
        incoming.unlink(missing_ok=True)
    return chosen[0], fingerprint


def tidy(project: ProjectFolder, *more: Path) -> None:
    """Remove what killed processes left in the project's folders, and in `more`, a day ago."""
    for folder in (project.path, project.datasets, project.prefixes, *more):
        remove_leftovers(folder, older_than_s=_DAY_S)


def _fingerprint(store: Path) -> str:
    try:
        with DatasetStore(store) as opened:
            return opened.meta.fingerprint
    except UserError:  # its file is gone or damaged: then it is none of ours
        return ""


def _free_id(wanted: str, used: set[str]) -> str:
    number, name = 1, wanted
    while name in used:
        number += 1
        name = f"{wanted}-{number}"
    return name
