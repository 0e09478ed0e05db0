from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.dialogs.closing import Closing, ClosingDialog
from app.models.run import RunModel
from app.shell.main_window import MainWindow
from engine.contract.protocol.backbones import FetchBackbone
from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunFolder
from tests.helpers.fake_ports import FakeClient, FakeRunner
from tests.helpers.projects import make_run


@pytest.fixture
def running(window: MainWindow, project: Path, runner: FakeRunner, qtbot: QtBot) -> RunModel:
    """A run that trains, and one that waits behind it."""
    make_run(project, 1, state=RunState.RUNNING, name="prefix 10")
    make_run(project, 2, state=RunState.QUEUED)
    window.context.navigator.open_path(project)
    run = window.context.runs.all()[0]
    qtbot.waitUntil(lambda: run.status.state is RunState.RUNNING)
    runner.calls.clear()
    return run


def asked(window: MainWindow) -> ClosingDialog:
    assert window.leaving.dialog is not None
    return window.leaving.dialog


def test_closes_at_once_when_idle(window: MainWindow) -> None:
    assert window.close()
    assert window.leaving.dialog is None


def test_staying_changes_nothing(window: MainWindow, running: RunModel, runner: FakeRunner) -> None:
    assert not window.close()
    asked(window).buttons[Closing.STAY].click()
    assert window.isVisible()
    assert runner.calls == []
    assert window.context.project.is_open


def test_the_question_says_what_is_left_and_what_goes_on(
    window: MainWindow, running: RunModel, runner: FakeRunner, project: Path
) -> None:
    window.context.runs.add(make_run(project, 3, state=RunState.QUEUED))
    window.close()
    dialog = asked(window)
    words = [label.text() for label in dialog.findChildren(QLabel)]
    assert dialog.windowTitle() == "Quit Prefix Workbench"
    assert "1 run is training." in words
    assert "•  prefix 10: training" in words
    assert "•  2 runs in the queue" in words
    assert dialog.focusWidget() is dialog.buttons[Closing.STAY], "Enter changes nothing"
    dialog.reject()
    runner.set_status(running.run_id, RunState.PAUSED)
    window.context.actions.get("close.project").trigger()
    dialog = asked(window)
    assert dialog.windowTitle() == "Close the project"
    words = [label.text() for label in dialog.findChildren(QLabel)]
    assert "1 run is paused." in words
    assert "training" not in dialog.explanation.text()
    assert dialog.buttons[Closing.LEAVE_RUNNING].text() == "Leave paused"
    dialog.buttons[Closing.LEAVE_RUNNING].click()
    assert not window.context.project.is_open
    assert window.isVisible(), "closing a project is not closing the program"


def test_escape_means_stay(window: MainWindow, running: RunModel) -> None:
    window.close()
    asked(window).reject()
    assert window.isVisible()


def test_asking_twice_shows_one_dialog(window: MainWindow, running: RunModel) -> None:
    window.close()
    first = asked(window)
    window.close()
    assert asked(window) is first


def test_kept_running_it_is_let_go(
    window: MainWindow, running: RunModel, runner: FakeRunner
) -> None:
    window.close()
    asked(window).buttons[Closing.LEAVE_RUNNING].click()
    assert not window.isVisible()
    assert ("detach", running.run_id) in runner.calls
    assert not any(name.startswith("stop") for name, _ in runner.calls)


def test_stop_and_save_waits_for_the_checkpoint(
    window: MainWindow, running: RunModel, runner: FakeRunner
) -> None:
    waiting = window.context.runs.all()[1]
    window.close()
    asked(window).buttons[Closing.STOP_AND_SAVE].click()
    assert runner.calls == [("detach", waiting.run_id), ("stop_and_save", running.run_id)]
    assert window.isVisible(), "it waits for the end of the run"
    assert window.bar.label.text().startswith("Stopping at a checkpoint")
    runner.set_status(running.run_id, RunState.STOPPING)
    assert window.isVisible()
    runner.set_status(running.run_id, RunState.CANCELLED)
    assert not window.isVisible()
    assert RunFolder(waiting.path).read_status().state is RunState.QUEUED


def test_opening_another_project_asks_too(
    window: MainWindow, running: RunModel, tmp_path: Path, runner: FakeRunner
) -> None:
    other = tmp_path / "other"
    window.control.create(other, "x")
    first = running.path.parent.parent
    window.context.navigator.open_path(first)
    run = window.context.runs.all()[0]
    runner.set_status(run.run_id, RunState.RUNNING)
    window.context.navigator.open_path(other)
    folder = window.context.project.folder
    assert folder is not None
    assert folder.path == first, "not before the user has agreed"
    asked(window).buttons[Closing.LEAVE_RUNNING].click()
    folder = window.context.project.folder
    assert folder is not None
    assert folder.path == other


def test_other_work_is_named_and_ends_with_the_window(
    window: MainWindow, client: FakeClient
) -> None:
    window.context.activities.follow("Fetch GPT-2", client.ask(FetchBackbone("gpt2")))
    assert not window.close()
    dialog = asked(window)
    assert set(dialog.buttons) == {Closing.LEAVE_RUNNING, Closing.STAY}
    dialog.buttons[Closing.LEAVE_RUNNING].click()
    assert not window.isVisible()
