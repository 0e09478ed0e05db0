"""The Start page says what goes on in recent projects, from their files, beside the window."""

import os
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.models.recent_work import describe
from app.pages.start import StartPage
from app.shell.main_window import MainWindow
from engine.contract.projects.project import ProjectFolder
from engine.contract.runs.events import Phase, RunState
from engine.contract.runs.folder import RunFolder, RunStatus
from engine.contract.runs.lock import FolderLock
from tests.helpers.projects import make_run


def status(state: RunState, **more: object) -> RunStatus:
    return RunStatus(run_id="x", state=state, **more)  # type: ignore[arg-type]


def start_page(window: MainWindow) -> StartPage:
    page = window.stack.page("start")
    assert isinstance(page, StartPage)
    return page


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        ([], ""),
        ([status(RunState.QUEUED)], ""),
        (
            [status(RunState.RUNNING, phase=Phase.TRAINING, step=23, total_steps=40)],
            "training, step 23 of 40",
        ),
        (
            [status(RunState.PAUSED, phase=Phase.TRAINING, step=2300, total_steps=4000)],
            "paused, step 2,300 of 4,000",
        ),
        ([status(RunState.STARTING), status(RunState.QUEUED)], "starting; 1 queued"),
        ([status(RunState.RUNNING), status(RunState.PAUSED)], "2 runs running"),
    ],
)
def test_words(statuses: list[RunStatus], words: str) -> None:
    assert describe(statuses) == words


def test_recent_projects_say_what_is_at_work(
    window: MainWindow, project: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    run = RunFolder(make_run(project, 1, state=RunState.RUNNING))
    make_run(project, 2, state=RunState.QUEUED)
    done = RunStatus(run_id=run.read_spec().run_id, state=RunState.RUNNING,
                     phase=Phase.TRAINING, step=23, total_steps=40)  # fmt: skip
    run.write_status(done)
    settings = window.context.settings
    with FolderLock(run.path) as lock:
        lock.acquire()
        settings.add_recent(tmp_path / "gone")
        settings.add_recent(project)
        row = start_page(window).recent.rows()[0]
        words = ("Mountain huts", "training, step 23 of 40; 1 queued")
        qtbot.waitUntil(lambda: row.button.words() == words)
        assert "step 23 of 40" in row.button.accessibleDescription()
    # Its process is gone: nothing is at work, whatever its file says.
    window.show_page("data")
    window.show_page("start")
    qtbot.waitUntil(lambda: start_page(window).recent.rows()[0].button.words()[1] == "")


def test_a_folder_that_comes_back_is_missing_no_more(
    window: MainWindow, project: Path, tmp_path: Path
) -> None:
    away = tmp_path / "away"
    project.rename(away)
    window.context.settings.add_recent(project)
    assert start_page(window).recent.rows()[0].is_missing
    away.rename(project)
    window.show_page("data")
    window.show_page("start")
    assert not start_page(window).recent.rows()[0].is_missing


def test_odd_files_stop_nothing(window: MainWindow, project: Path, qtbot: QtBot) -> None:
    good = RunFolder(make_run(project, 1, state=RunState.RUNNING))
    broken, pipe = (RunFolder(make_run(project, n, state=RunState.RUNNING)) for n in (2, 3))
    (broken.path / "status.json").write_text("{", encoding="utf-8")
    (pipe.path / "status.json").unlink()
    os.mkfifo(pipe.path / "status.json")
    (ProjectFolder(project).runs / "file").write_text("", encoding="utf-8")
    with FolderLock(good.path) as lock:
        lock.acquire()
        window.context.settings.add_recent(project)
        qtbot.waitUntil(lambda: bool(start_page(window).recent.rows()[0].button.words()[1]))
