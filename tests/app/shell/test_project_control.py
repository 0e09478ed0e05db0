import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.shell.opening import OpenedPath, PathKind
from app.shell.project_control import (
    EXAMPLE_NAME,
    RUNS_AT_ONCE,
    SAMPLE_NAME,
    ProjectControl,
    unused_folder,
)
from engine.contract.errors import UserError
from engine.contract.projects.project import Project, ProjectFolder
from engine.contract.runs.events import RunState
from engine.contract.runs.lock import FolderLock, is_locked
from tests.helpers.errors import refused
from tests.helpers.fake_ports import FakeRunner
from tests.helpers.projects import DATASET_ID, make_project, make_rich_project, make_run


@pytest.fixture
def control(context: AppContext, tmp_path: Path) -> Iterator[ProjectControl]:
    sample = tmp_path / "sample.csv"
    sample.write_text("a,text\n1,one\n", encoding="utf-8")
    made = ProjectControl(context.project, context.runs, context.settings, samples=[sample])
    yield made
    made.close()


def test_opening_tells_what_is_unfinished_and_starts_nothing(
    control: ProjectControl,
    context: AppContext,
    runner: FakeRunner,
    rich_project: Path,
    qtbot: QtBot,
) -> None:
    with (
        qtbot.waitSignal(control.interrupted) as interrupted,
        qtbot.waitSignal(control.queued) as queued,
    ):
        control.open(rich_project)
    paths = ProjectFolder(rich_project).run_paths()
    assert [run.path for run in context.runs.all()] == paths
    assert runner.queue == []
    assert [run.path for run in queued.args[0]] == [paths[5]]
    # The builder's "running" run has no process, so it counts as interrupted as well.
    assert [run.path for run in interrupted.args[0]] == [paths[2], paths[4]]
    assert context.settings.recent_projects == (rich_project,)


def test_closing_empties_the_trash_and_gives_the_lock_back(
    control: ProjectControl, context: AppContext, project: Path
) -> None:
    control.open(project)
    trash = ProjectFolder(project).trash
    trash.mkdir()
    (trash / "old").write_text("x", encoding="utf-8")
    assert is_locked(project)
    control.close()
    assert not trash.exists()
    assert not is_locked(project)
    assert not context.project.is_open
    assert context.runs.all() == []


def remove_dataset(context: AppContext) -> None:
    context.project.edit("Remove", replace(context.project.project, datasets=(), dataset=""))


def test_closing_deletes_the_file_of_a_removed_dataset(
    control: ProjectControl, context: AppContext, project: Path
) -> None:
    store = ProjectFolder(project).dataset_store(DATASET_ID)
    control.open(project)
    remove_dataset(context)
    assert store.exists()
    control.close()
    assert not store.exists()


def test_a_dataset_brought_back_keeps_its_file(
    control: ProjectControl, context: AppContext, project: Path
) -> None:
    store = ProjectFolder(project).dataset_store(DATASET_ID)
    control.open(project)
    remove_dataset(context)
    context.undo.undo()
    control.close()
    assert store.exists()


@pytest.mark.parametrize("damaged", [False, True])
def test_a_removed_dataset_that_a_run_may_need_keeps_its_file(
    control: ProjectControl, context: AppContext, rich_project: Path, damaged: bool
) -> None:
    folder = ProjectFolder(rich_project)
    *others, run = folder.run_paths()
    for path in others:
        shutil.rmtree(path)
    if damaged:
        (run / "run.json").write_text("{", encoding="utf-8")
    control.open(rich_project)
    remove_dataset(context)
    control.close()
    assert folder.dataset_store(DATASET_ID).exists()


def test_a_removal_that_could_not_be_saved_deletes_nothing(
    control: ProjectControl,
    context: AppContext,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(self: ProjectFolder, content: Project) -> None:
        raise UserError("disk-full", "The disk is full.")

    control.open(project)
    monkeypatch.setattr(ProjectFolder, "write", full)
    remove_dataset(context)
    control.close()
    assert ProjectFolder(project).dataset_store(DATASET_ID).exists()


def test_a_project_is_open_in_one_window_only(control: ProjectControl, project: Path) -> None:
    with FolderLock(project) as lock:
        assert lock.acquire()
        with refused("project-in-use", path=project):
            control.open(project)
    control.open(project)


def test_a_damaged_project_leaves_the_present_one_open(
    control: ProjectControl, context: AppContext, project: Path, tmp_path: Path
) -> None:
    control.open(project)
    broken = make_project(tmp_path / "broken")
    (broken / "project.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=re.escape(str(broken))):
        control.open(broken)
    assert context.project.folder is not None
    assert context.project.folder.path == project
    assert not is_locked(broken)


def test_a_new_project_needs_an_empty_folder(control: ProjectControl, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "x").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match=re.escape(str(full))):
        control.create(full, "x")
    with pytest.raises(UserError, match=re.escape(str(full / "x"))):
        control.create(full / "x", "x")


def test_an_unwritable_place_is_named(control: ProjectControl, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match=re.escape(str(tmp_path / "file"))):
        control.create(tmp_path / "file" / "project", "x")


def test_a_table_makes_a_project_beside_others(
    control: ProjectControl, context: AppContext, table: Path, qtbot: QtBot
) -> None:
    (context.settings.projects_folder / "peaks").mkdir(parents=True)
    with qtbot.waitSignal(control.opened) as found:
        control.open_path(table)
    assert found.args == [OpenedPath(PathKind.TABLE, table)]
    assert context.project.folder is not None
    assert context.project.folder.path == context.settings.projects_folder / "peaks 2"
    assert context.project.project.name == "peaks"


def test_without_a_project_a_prefix_gets_one_and_outputs_say_what_to_do(
    control: ProjectControl, context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    outputs = tmp_path / "out.jsonl"
    outputs.write_text('{"output": "a", "references": ["b"]}\n', encoding="utf-8")
    with refused("needs-open-project", name="out.jsonl"):
        control.open_path(outputs)
    prefix = tmp_path / "mailed"
    prefix.mkdir()
    (prefix / "prefix.json").write_text("{}", encoding="utf-8")
    with qtbot.waitSignal(control.opened) as found:
        control.open_path(prefix)
    assert found.args == [OpenedPath(PathKind.PREFIX, prefix)]
    assert context.project.project.name == "mailed"


def test_many_runs_are_read_after_the_page_is_shown(
    control: ProjectControl, context: AppContext, project: Path, qtbot: QtBot
) -> None:
    for number in range(RUNS_AT_ONCE + 1):
        make_run(project, number, state=RunState.QUEUED)
    with qtbot.waitSignal(control.queued) as queued:
        control.open(project)
        assert context.project.is_open
        assert not context.runs.all()
    assert len(queued.args[0]) == RUNS_AT_ONCE + 1


def test_a_run_folder_opens_its_project(
    control: ProjectControl, context: AppContext, rich_project: Path, qtbot: QtBot
) -> None:
    run = ProjectFolder(rich_project).run_paths()[1]
    assert control.stays(run)
    with qtbot.waitSignal(control.run_opened) as found:
        control.open_path(run)
    assert found.args == [run.name]
    assert context.project.is_open
    assert control.stays(run)
    assert control.stays(rich_project)


def test_another_project_does_not_stay(
    control: ProjectControl, project: Path, rich_project: Path
) -> None:
    control.open(project)
    assert not control.stays(rich_project)


def test_sample_project_is_made_once_and_then_opened(
    control: ProjectControl, context: AppContext, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(control.opened) as found:
        control.open_sample()
    folder = context.settings.projects_folder / SAMPLE_NAME
    assert found.args == [OpenedPath(PathKind.TABLE, folder / "sample.csv")]
    assert (folder / "sample.csv").read_text(encoding="utf-8") == "a,text\n1,one\n"
    control.close()
    with qtbot.waitSignal(control.opened):
        control.open_sample()
    assert context.project.folder is not None
    assert context.project.folder.path == folder


def test_the_example_is_copied_once_and_then_opened(
    control: ProjectControl, context: AppContext, rich_project: Path, tmp_path: Path
) -> None:
    control = ProjectControl(
        context.project,
        context.runs,
        context.settings,
        example=rich_project,
    )
    control.open_example()
    folder = context.settings.projects_folder / EXAMPLE_NAME
    assert context.project.folder is not None
    assert context.project.folder.path == folder
    assert len(context.runs.all()) == len(ProjectFolder(rich_project).run_paths())
    (folder / "mine.txt").write_text("kept", encoding="utf-8")
    control.close()
    control.open_example()
    assert (folder / "mine.txt").exists()
    control.close()
    assert not is_locked(rich_project)


def test_names_become_folders(tmp_path: Path) -> None:
    assert unused_folder(tmp_path, "a/b: c?").name == "a_b_ c_"
    assert unused_folder(tmp_path, " .. ").name == "Project"
    (tmp_path / "x").mkdir()
    assert unused_folder(tmp_path, "x").name == "x 2"


def test_damaged_run_folders_are_told_not_hidden(
    control: ProjectControl, context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    project = make_rich_project(tmp_path / "p")
    broken = ProjectFolder(project).run_paths()[0]
    (broken / "run.json").write_text("{}", encoding="utf-8")
    with qtbot.waitSignal(context.runs.damaged) as damaged:
        control.open(project)
    assert damaged.args[0] == str(broken)
    assert len(context.runs.all()) == 5
