"""Two writers of one project.json: both changes end in the file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract.projects.project import (
    DatasetEntry,
    ExampleNote,
    Project,
    ProjectFolder,
    merge,
)
from engine.contract.runs.lock import FolderLock
from tests.contract.children import run_python
from tests.contract.objects import MAPPING
from tests.helpers.errors import refused

ADD = """
import sys
from dataclasses import replace
from pathlib import Path
from engine.contract.projects.project import ProjectFolder, ExampleNote
folder = ProjectFolder(Path(sys.argv[1]))
for number in range(20):
    note = ExampleNote(f"{sys.argv[2]}-{number}")
    folder.update(lambda p: replace(p, example_notes=(*p.example_notes, note)))
"""


def dataset(name: str, title: str = "") -> DatasetEntry:
    return DatasetEntry(name, title or name, f"/{name}.csv", MAPPING)


def test_what_each_side_changed_is_in_the_result() -> None:
    base = Project("P", datasets=(dataset("a"), dataset("b"), dataset("c")), dataset="a")
    ours = replace(
        base,
        name="Renamed",
        datasets=(dataset("a", "A"), dataset("c")),
        example_notes=(ExampleNote("1"),),
    )
    theirs = replace(base, datasets=(*base.datasets, dataset("d")), dataset="d")
    assert merge(base, ours, theirs) == Project(
        "Renamed",
        datasets=(dataset("a", "A"), dataset("c"), dataset("d")),
        dataset="d",
        example_notes=(ExampleNote("1"),),
    )


def test_what_one_side_changed_outlasts_its_deletion_by_the_other() -> None:
    base = Project("P", datasets=(dataset("a"),))
    gone, edited = replace(base, datasets=()), replace(base, datasets=(dataset("a", "A"),))
    assert merge(base, gone, edited).datasets == (dataset("a", "A"),)
    assert merge(base, edited, gone).datasets == (dataset("a", "A"),)
    assert merge(base, gone, base).datasets == ()
    assert merge(base, base, gone).datasets == ()


NOTES = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["x", "y"]), max_size=4).map(
    lambda notes: Project(
        "P", example_notes=tuple(ExampleNote(i, note=n) for i, n in notes.items())
    )
)


@given(NOTES, NOTES)
def test_one_writer_alone_gets_what_it_wrote(base: Project, ours: Project) -> None:
    assert merge(base, ours, base) == ours
    assert set(merge(base, base, ours).example_notes) == set(ours.example_notes)


@given(NOTES, NOTES, NOTES)
def test_the_order_of_the_writers_decides_nothing_where_they_agree(
    base: Project, one: Project, two: Project
) -> None:
    first, second = merge(base, one, two).example_notes, merge(base, two, one).example_notes
    assert {note.example_id for note in first} == {note.example_id for note in second}


def test_many_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    ProjectFolder(tmp_path).write(Project("P"))
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda name: run_python(ADD, str(tmp_path), name), "abc"))
    notes = ProjectFolder(tmp_path).read().example_notes
    assert {note.example_id for note in notes} == {
        f"{name}-{number}" for name in ("a", "b", "c") for number in range(20)
    }


def test_a_writer_that_does_not_end_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.contract.projects.project.UPDATE_PATIENCE_S", 0.05)
    folder = ProjectFolder(tmp_path)
    folder.write(Project("P"))
    with FolderLock(tmp_path, name="project.lock") as lock:
        assert lock.acquire()
        with refused("project-being-written", path=tmp_path / "project.json"):
            folder.update(lambda project: replace(project, name="Q"))
    assert folder.read().name == "P"
