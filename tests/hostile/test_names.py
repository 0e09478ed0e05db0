"""Ids in files that would lead out of the project when they become paths."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.context import AppContext
from app.shell.project_control import ProjectControl
from engine.contract import codec
from engine.contract.errors import UserError
from engine.contract.files.names import check_name, path_in
from engine.contract.projects.project import ProjectFolder
from engine.contract.runs.folder import RunFolder
from engine.contract.studies.study import StudyFolder, study_ids
from tests.helpers.errors import refused
from tests.helpers.fake_ports import discard, make_context
from tests.hostile.conftest import Call, Outside

LEADING_OUT = (
    *("../x", "..", ".", "a/b", "a\\b", "/etc/passwd", "C:x", "x\0", "x\n", " x", "x.", ".x"),
    *("CON", "nul.txt", "x" * 201, "\ud800", "a\x1b[2J", "~/x/"),
)


@pytest.mark.parametrize("name", LEADING_OUT)
def test_names_that_lead_out_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        path_in(tmp_path, name, what="run_id")
    assert caught.value.code in ("no-plain-name", "name-of-a-device", "name-too-long")
    assert caught.value.values["what"] == "run_id"


@given(st.text(st.characters(exclude_categories=()), max_size=20))
def test_a_name_is_refused_or_stays_in_its_folder(name: str) -> None:
    try:
        path = path_in(Path("/folder"), name, ".sqlite")
    except UserError:
        return
    assert path.parent == Path("/folder")
    assert path.name == f"{name}.sqlite"


@pytest.mark.parametrize("name", ["20261121-180206-1b31", "low-data-2", "größe", "a b", "x_1.v2"])
def test_ordinary_names_are_taken(name: str) -> None:
    assert check_name(name, what="name") == name


def changed(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert f'"{old}"' in text
    path.write_text(text.replace(f'"{old}"', codec.dump(new)), encoding="utf-8")


@pytest.mark.parametrize("name", ["../../outside/notes", "../x"])
class TestInAProject:
    def test_a_dataset(
        self, project: Path, run: RunFolder, outside: Outside, name: str, call: Call
    ) -> None:
        (entry,) = ProjectFolder(project).read().datasets
        changed(project / "project.json", entry.dataset_id, name)
        with refused("no-plain-name", what="dataset_id"):
            ProjectFolder(project).read()
        call(["study", "length", "--project", str(project), "--no-training"])
        assert "dataset_id" in call(["import", str(run.prefix), "--project", str(project)])

    def test_a_run_of_a_study(
        self, project: Path, run: RunFolder, outside: Outside, name: str, call: Call
    ) -> None:
        folder = ProjectFolder(project)
        (study_id,) = study_ids(folder)
        study = StudyFolder(folder, study_id)
        changed(study.path / "study.json", run.read_spec().run_id, name)
        before = sorted(project.parent.rglob("*"))
        with refused("no-plain-name", what="run_id"):
            study.read()
        assert "run_id" in call(["study", "length", "--project", str(project)])
        assert sorted(project.parent.rglob("*")) == before

    def test_a_run(self, run: RunFolder, name: str, call: Call) -> None:
        changed(run.path / "run.json", run.read_spec().run_id, name)
        assert "run_id" in call(["resume", str(run.path)])


@pytest.mark.usefixtures("qapp")
def test_closing_a_project_deletes_nothing_outside(project: Path, outside: Outside) -> None:
    """Whoever removed a dataset called ../../outside/x had that file deleted."""
    victim = outside.folder.parent / "victim.sqlite"
    victim.write_bytes(b"theirs")
    context: AppContext = make_context(project.parent / "settings.ini")
    control = ProjectControl(context.project, context.runs, context.settings)
    control.open(project)
    present = context.project.project
    with refused("no-plain-name", what="dataset_id"):
        replace(present.datasets[0], dataset_id="../../victim")
    context.project.edit("Remove", replace(present, datasets=(), dataset=""))
    control.close()
    discard(context)
    assert victim.exists()
