"""A project: a folder with datasets, runs and prefixes.

    project.json        name, datasets with their mapping and split, starred examples
    run-form.json       what the form of a new run holds
    datasets/ID.sqlite  dataset files
    pasted/             tables from the clipboard, as they were copied
    runs/RUN_ID/        run folders
    prefixes/NAME/      imported prefixes in native format
    compare/            outputs of other systems, and blind judgements
    written/NAME/       tables that texts are written for
    trash/              what was deleted, until the project is closed
    lock                held by the window that shows the project
    project.lock        held for the moment in which `project.json` is read and replaced

History of `project.json`: version 1, the first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from os.path import exists, join
from pathlib import Path
from typing import Any

from engine.contract import codec
from engine.contract.specs.data import Linearisation, Mapping, Split
from engine.contract.errors import ProtocolError, UserError
from engine.contract.files.writing import write_atomically
from engine.contract.runs.lock import FolderLock
from engine.contract.files.names import check_name, path_in
from engine.contract.reading.reading import ReadOptions
from engine.contract.files.regular_files import UnsafeFileError, read_text, refuse_links

PROJECT_VERSION = 1
PROJECT_FILE = "project.json"
UPDATE_PATIENCE_S = 5.0


@dataclass(frozen=True)
class DatasetEntry:
    """A dataset of the project with what the Data page has set.

    Attributes:
        reading: how its file was read, as far as the user has settled it.
    """

    dataset_id: str
    name: str
    source_path: str
    mapping: Mapping
    linearisation: Linearisation = field(default_factory=Linearisation)
    split: Split = field(default_factory=Split)
    reading: ReadOptions = field(default_factory=ReadOptions)

    def __post_init__(self) -> None:
        check_name(self.dataset_id, what="dataset_id")


@dataclass(frozen=True)
class ExampleNote:
    """What the user noted at one example in Compare."""

    example_id: str
    starred: bool = False
    note: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Project:
    """What `project.json` holds.

    Attributes:
        dataset: id of the dataset shown, or "".
        backbone_folders: local folders that were added to the catalog.
        compared: run ids chosen in Compare.
    """

    name: str
    datasets: tuple[DatasetEntry, ...] = ()
    dataset: str = ""
    backbone_folders: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()
    example_notes: tuple[ExampleNote, ...] = ()
    version: int = PROJECT_VERSION


class ProjectFolder:
    """Paths of a project."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.datasets = path / "datasets"
        self.pasted = path / "pasted"
        self.runs = path / "runs"
        self.prefixes = path / "prefixes"
        self.trash = path / "trash"
        self.run_form = path / "run-form.json"

    def dataset_store(self, dataset_id: str) -> Path:
        """Path of a dataset file."""
        return path_in(self.datasets, dataset_id, ".sqlite", what="dataset_id")

    def run_paths(self) -> list[Path]:
        """Folders of the project's runs, oldest first."""
        if not self.runs.is_dir():
            return []
        root = str(self.runs)  # texts are several times as fast as paths, for hundreds of runs
        names = sorted(os.listdir(root))
        return [self.runs / name for name in names if exists(join(root, name, "run.json"))]

    def refuse_links(self) -> None:
        """Check that its datasets, runs, prefixes and studies are files and folders of its own.

        What is in a run, prefix or study is checked when that is read.

        Raises:
            UserError: a link, pipe or device, named.
        """
        if self.path.is_dir():
            refuse_links(self.path, depth=2)

    def read(self) -> Project:
        """Read `project.json`; the first thing that is done with a project.

        Raises:
            UserError: missing, damaged, or of a newer version; or links, pipes or devices are
                where its datasets, runs, prefixes and studies should be.
        """
        path = self.path / PROJECT_FILE
        try:
            self.refuse_links()
            return codec.from_text(Project, read_text(path))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UserError(
                "no-project",
                "{path} is not a project ({file} is missing). Choose a project's folder, or make a "
                "new project.",
                path=self.path,
                file=PROJECT_FILE,
            ) from error
        except (OSError, UnicodeDecodeError, ProtocolError) as error:
            raise UserError(
                "damaged-project",
                "{path} is damaged ({reason}). Its datasets and runs are still in the folder.",
                path=path,
                reason=error,
            ) from error

    def write(self, project: Project) -> None:
        """Write the `project.json` of a new project."""
        write_atomically(self.path / PROJECT_FILE, codec.to_text(project))

    def update(
        self, change: Callable[[Project], Project], *, instead: Project | None = None
    ) -> Project:
        """Replace `project.json` by what `change` makes of it; one writer at a time.

        Args:
            instead: what counts as its content where the file is missing or damaged.

        Returns:
            What is in the file now.

        Raises:
            UserError: as `read`, the disk does not take it, or another writer does not end.
        """
        lock = FolderLock(self.path, name="project.lock")
        if not lock.acquire(patience_s=UPDATE_PATIENCE_S):
            raise UserError(
                "project-being-written",
                "Another program has been writing {path} for {patience_s:g} s. Wait for it, or end "
                "it.",
                path=self.path / PROJECT_FILE,
                patience_s=UPDATE_PATIENCE_S,
            )
        with lock:
            before: Project | None = None
            try:
                before = self.read()
            except UnsafeFileError:
                raise
            except UserError:
                if instead is None:
                    raise
            after = change(before or instead or Project(""))
            if after != before:
                self.write(after)
        return after


def merge(base: Project, ours: Project, theirs: Project) -> Project:
    """What two changes of `base`, made at the same time, give together.

    Datasets, notes and folders are merged one by one; where both sides changed the same, ours
    counts, and what one side changed outlasts its deletion by the other.
    """
    merged: dict[str, Any] = {}
    for name in Project.__dataclass_fields__:
        sides = (getattr(base, name), getattr(ours, name), getattr(theirs, name))
        if name in ("datasets", "example_notes", "backbone_folders"):
            merged[name] = _merge_items(*sides)
        else:
            merged[name] = sides[1] if sides[1] != sides[0] else sides[2]
    return Project(**merged)


def _merge_items(
    base: tuple[Any, ...], ours: tuple[Any, ...], theirs: tuple[Any, ...]
) -> tuple[Any, ...]:
    if base == theirs:
        return ours
    known, mine, other = _by_id(base), _by_id(ours), _by_id(theirs)
    result = {}
    for key in {**other, **mine}:
        before, here, there = known.get(key), mine.get(key), other.get(key)
        choice = here if here != before else there
        if choice is None and before is not None:
            choice = there if here is None and there != before else None
        if choice is not None:
            result[key] = choice
    return tuple(result.values())


def _by_id(items: Iterable[Any]) -> dict[str, Any]:
    return {
        getattr(item, "dataset_id", None) or getattr(item, "example_id", None) or item: item
        for item in items
    }
