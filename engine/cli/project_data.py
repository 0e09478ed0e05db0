"""A file as a data set of a project, for the verbs that work in one."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from engine.cli.console import Console
from engine.cli.training import import_data
from engine.contract.data_spec import Linearisation, Mapping, Split
from engine.contract.dataset_store import DatasetStore
from engine.contract.errors import UserError
from engine.contract.files import slug
from engine.contract.project import DatasetEntry, Project, ProjectFolder


def dataset_of(
    console: Console,
    project: ProjectFolder,
    source: Path,
    *,
    mapping: Mapping,
    form: Linearisation | None,
    split: Split,
) -> tuple[DatasetEntry, str]:
    """The file as a data set of the project, which is made if it is not there; and its sha256."""
    known = project.read() if (project.path / "project.json").exists() else None
    present = known or Project(name=project.path.name)
    incoming = project.dataset_store(f".incoming-{time.time_ns()}")
    try:
        fingerprint = import_data(console, source, incoming)
        for entry in present.datasets:
            if _fingerprint(project.dataset_store(entry.dataset_id)) == fingerprint:
                return entry, fingerprint
        dataset_id = _free_id(slug(source.stem), {one.dataset_id for one in present.datasets})
        incoming.replace(project.dataset_store(dataset_id))
    finally:
        incoming.unlink(missing_ok=True)
    entry = DatasetEntry(
        dataset_id,
        source.stem,
        str(source.resolve()),
        mapping,
        form or Linearisation(),
        split,
    )
    project.write(
        replace(present, datasets=(*present.datasets, entry), dataset=present.dataset or dataset_id)
    )
    return entry, fingerprint


def _fingerprint(store: Path) -> str:
    try:
        with DatasetStore(store) as opened:
            return opened.meta.fingerprint
    except UserError:  # its file is gone or damaged: then it is none of ours
        return ""


def _free_id(wanted: str, taken: set[str]) -> str:
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name
