"""Renaming and deleting runs, and taking it back."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from app.context import AppContext
from app.models.run import RunModel
from app.pages.runs.table.run_edits import DeleteRuns, EditMeta, check_deletable
from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.lock import FolderLock
from tests.helpers.errors import refused
from tests.helpers.fake_ports import FakeRunner


@pytest.fixture
def runs(
    context: AppContext,
    rich_project: Path,
    open_project: Callable[[Path], None],
    runner: FakeRunner,
) -> list[RunModel]:
    open_project(rich_project)
    for run in context.runs.all():
        run.set_status(run.folder.read_status())
    return context.runs.all()


def test_delete_moves_to_the_trash_and_undo_moves_back(
    context: AppContext, runs: list[RunModel]
) -> None:
    chosen, ids = runs[:2], [run.run_id for run in runs[:2]]
    colors = [context.runs.number(run_id) for run_id in ids]
    folder = context.project.folder
    problems: list[str] = []
    context.undo.push(DeleteRuns(folder, context.runs, chosen, report=problems.append))
    assert [context.runs.get(run_id) for run_id in ids] == [None, None]
    assert sorted(path.name for path in folder.trash.iterdir()) == ids
    context.undo.undo()
    assert [context.runs.get(run_id).path for run_id in ids] == [folder.runs / i for i in ids]
    assert [context.runs.number(run_id) for run_id in ids] == colors
    assert RunFolder(folder.runs / ids[0]).read_spec().run_id == ids[0]
    context.undo.redo()
    assert context.runs.get(ids[0]) is None
    assert problems == []


def test_a_disk_that_refuses_keeps_the_run(context: AppContext, runs: list[RunModel]) -> None:
    folder = context.project.folder
    (folder.path / "trash").write_text("in the way")
    problems: list[str] = []
    run_id = runs[0].run_id
    context.undo.push(DeleteRuns(folder, context.runs, runs[:1], report=problems.append))
    assert context.runs.get(run_id) is runs[0]
    assert len(problems) == 1
    context.undo.undo()
    assert context.runs.get(run_id) is runs[0]
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("state", "code"), [(RunState.RUNNING, "run-at-work"), (RunState.QUEUED, "run-queued")]
)
def test_a_run_at_work_or_in_the_queue_is_refused(
    runs: list[RunModel], state: RunState, code: str
) -> None:
    runs[0].set_status(dataclasses.replace(runs[0].status, state=state))
    with refused(code, name=runs[0].meta.name):
        check_deletable(runs[0])


def test_a_run_whose_engine_still_holds_its_lock_is_refused(runs: list[RunModel]) -> None:
    with FolderLock(runs[0].path) as lock:
        assert lock.acquire()
        with refused("run-at-work"):
            check_deletable(runs[0])
    check_deletable(runs[0])


def test_a_name_is_changed_and_back_on_disk(context: AppContext, runs: list[RunModel]) -> None:
    run = runs[0]
    meta = dataclasses.replace(run.meta, name="the best")
    context.undo.push(EditMeta(context.runs, run, meta, text="Rename", report=pytest.fail))
    assert RunFolder(run.path).read_meta().name == "the best"
    context.undo.undo()
    assert RunFolder(run.path).read_meta().name == "prefix 10"


def test_notes_typed_in_a_row_are_one_step_and_a_name_is_another(
    context: AppContext, runs: list[RunModel]
) -> None:
    run = runs[0]
    for change in ({"notes": "a"}, {"notes": "ab"}, {"name": "n"}, {"notes": "abc"}):
        meta = dataclasses.replace(run.meta, **change)
        context.undo.push(EditMeta(context.runs, run, meta, text="Edit", report=pytest.fail))
    assert context.undo.count() == 3
    context.undo.setIndex(1)
    assert (run.meta.notes, run.meta.name) == ("ab", "prefix 10")
