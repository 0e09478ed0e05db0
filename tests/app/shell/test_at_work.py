"""The window's title says what is at work, and the end of a run is told where nobody looks."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.shell.at_work import RunNotifier, WindowTitle
from engine.contract.runs.events import Phase, RunState
from tests.helpers.fake_ports import FakeRunner
from tests.helpers.projects import make_run


class Window(QMainWindow):
    """One whose activity the test decides."""

    active = False

    def isActiveWindow(self) -> bool:
        return self.active


@pytest.fixture
def window(qtbot: QtBot) -> Window:
    made = Window()
    qtbot.addWidget(made)
    return made


def test_the_title_follows_the_run_at_work(
    context: AppContext,
    window: Window,
    project: Path,
    open_project: Callable[[Path], None],
    runner: FakeRunner,
    qtbot: QtBot,
) -> None:
    WindowTitle(context.project, context.runs, window)
    assert window.windowTitle() == "Prefix Workbench"
    make_run(project, state=RunState.QUEUED)
    open_project(project)
    assert window.windowTitle() == "Mountain huts – Prefix Workbench"
    (run,) = context.runs.all()
    parts = {"phase": Phase.TRAINING, "step": 23, "total_steps": 40}
    runner.set_status(run.run_id, RunState.RUNNING, **parts)
    assert window.windowTitle() == "training, 23 of 40 – Mountain huts – Prefix Workbench"
    runner.set_status(run.run_id, RunState.PAUSED, **parts)
    assert window.windowTitle().startswith("paused, 23 of 40 – ")
    runner.set_status(run.run_id, RunState.FINISHED)
    context.runs.clear()
    context.project.close()
    assert window.windowTitle() == "Prefix Workbench"


@pytest.mark.parametrize(
    ("state", "active", "told"),
    [
        (RunState.FINISHED, False, True),
        (RunState.FAILED, False, True),
        (RunState.INTERRUPTED, False, True),
        (RunState.FINISHED, True, False),
        (RunState.CANCELLED, False, False),
    ],
)
def test_the_end_of_a_run_is_told_once_where_nobody_looks(
    context: AppContext,
    window: Window,
    project: Path,
    open_project: Callable[[Path], None],
    runner: FakeRunner,
    state: RunState,
    active: bool,
    told: bool,
) -> None:
    heard: list[str] = []
    RunNotifier(context.runs, window, lambda title, _text: heard.append(title))
    make_run(project, state=RunState.QUEUED, name="huts 10")
    open_project(project)
    (run,) = context.runs.all()
    window.active = active
    runner.set_status(run.run_id, state)  # as a run of the past is told
    assert not heard
    runner.set_status(run.run_id, RunState.RUNNING)
    runner.set_status(run.run_id, state)
    runner.set_status(run.run_id, state, step=1)
    assert [title.startswith("“huts 10” ") for title in heard] == [True] * told
