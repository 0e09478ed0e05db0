"""Engines that are killed, windows that are killed, and windows that are closed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from app.dialogs.closing import Closing
from engine.contract.projects.project import ProjectFolder
from engine.contract.runs.events import CheckpointSaved, RunPaused, RunState
from engine.contract.runs.folder import PauseRequest, RunFolder
from engine.contract.runs.lock import is_locked
from tests.end2end.person import Person
from tests.helpers import window_at_work
from tests.helpers.tiny_runs import ROOT, Watcher, kill, losses, wait_until

STEPS = 150
"""Some two seconds, so that a run can be paused before it ends."""


@pytest.mark.usefixtures("quick_engines")
def test_a_killed_engine_is_an_event_on_the_screen(
    open_window: Callable[[], Person],
    project: ProjectFolder,
    queue_run: Callable[..., RunFolder],
) -> None:
    queue_run(STEPS)
    person = open_window()
    person.open(project.path)
    person.start_queue()
    run = person.the_run()
    page = person.runs
    person.wait(lambda: run.folder.saved_step())
    person.context.runner.pause(run.run_id)  # so that it cannot finish before the kill
    person.wait_for(run, RunState.PAUSED)
    os.kill(run.status.pid, signal.SIGKILL)
    person.wait_for(run, RunState.INTERRUPTED)
    assert person.window.isVisible()
    assert "SIGKILL" in run.status.message
    assert "Resume continues from the last checkpoint" in run.status.message
    saved = run.folder.saved_step()

    person.wait(lambda: run.status.message in page.header.bar.label.text())
    person.press_resume()
    person.wait_for(run, RunState.FINISHED)
    assert run.resumed_steps == [saved]
    assert [metric.step for metric in run.metrics] == list(range(1, STEPS + 1))
    assert all(len(found) == 1 for found in losses(run.folder).values())


def test_a_killed_window_leaves_its_run_and_the_next_one_finds_it(
    open_window: Callable[[], Person],
    project: ProjectFolder,
    queue_run: Callable[..., RunFolder],
) -> None:
    folder = queue_run(STEPS)
    window = subprocess.Popen(
        [sys.executable, window_at_work.__file__, str(project.path)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    watcher = Watcher(folder)
    wait_until(window, lambda: watcher.told(CheckpointSaved), what="a checkpoint")
    folder.request(PauseRequest())  # it waits for the next window
    wait_until(window, lambda: watcher.told(RunPaused), what="the pause")
    kill(window)
    assert folder.read_status().state is RunState.PAUSED

    person = open_window()
    person.open(project.path)
    person.wait_for(person.the_run(), RunState.PAUSED)
    ask_to_close(person, Closing.LEAVE_RUNNING)
    assert not person.window.isVisible()
    assert folder.read_status().state is RunState.PAUSED
    assert is_locked(folder.path)

    person = open_window()
    person.open(project.path)
    run = person.the_run()
    person.wait_for(run, RunState.PAUSED)
    person.press_resume()
    person.wait_for(run, RunState.FINISHED)
    assert run.resumed_steps == []
    assert [metric.step for metric in run.metrics] == list(range(1, STEPS + 1))
    assert run.finished is not None


def ask_to_close(person: Person, choice: Closing) -> None:
    """Press the window's cross, then a button of the question."""
    person.window.close()
    assert person.window.isVisible()
    dialog = person.window.leaving.dialog
    assert dialog is not None
    assert "a tiny prefix" in dialog.windowTitle() + dialog.accessibleName() + _texts(dialog)
    person.click(dialog.buttons[choice])


def _texts(dialog: object) -> str:
    from PySide6.QtWidgets import QLabel, QWidget

    assert isinstance(dialog, QWidget)
    return " ".join(label.text() for label in dialog.findChildren(QLabel))


@pytest.mark.usefixtures("quick_engines")
def test_closing_while_a_run_is_at_work_asks(
    open_window: Callable[[], Person],
    project: ProjectFolder,
    queue_run: Callable[..., RunFolder],
) -> None:
    folder = queue_run(STEPS)
    person = open_window()
    person.open(project.path)
    person.start_queue()
    run = person.the_run()
    person.wait(lambda: run.metrics)
    person.context.runner.pause(run.run_id)
    person.wait_for(run, RunState.PAUSED)

    ask_to_close(person, Closing.STAY)
    assert person.window.isVisible()
    assert person.window.leaving.dialog is None
    assert folder.read_status().state is RunState.PAUSED

    ask_to_close(person, Closing.STOP_AND_SAVE)
    person.wait(lambda: not person.window.isVisible())
    status = folder.read_status()
    assert status.state is RunState.CANCELLED
    assert list(folder.checkpoints.glob(f"step-{status.step:06d}"))
    assert not is_locked(folder.path)
