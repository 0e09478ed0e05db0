"""Another runner than the local one drives the Runs page: a thread that makes up its losses."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.models.run import RunModel
from app.pages.runs.page import RunsPage
from app.pages.runs.table.cells import RunColumn
from engine.contract.runs.events import (
    Event,
    RunCancelled,
    RunContinued,
    RunFinished,
    RunPaused,
    RunStarted,
    RunState,
    TrainMetrics,
)
from engine.contract.runs.folder import RunFolder, RunStatus
from engine.contract.runs.journal import JournalReader, JournalWriter
from tests.helpers.fake_ports import discard, make_context

STEPS = 4


class ToyRunner(QObject):
    """Takes a step for each of the steps that the test has allowed so far, of one run at a time."""

    entries_arrived = Signal(str, object)
    status_changed = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()  # guards what follows
        self._queue: list[RunFolder] = []
        self._asked: dict[str, RunState] = {}
        self._allowed = 0
        self._closing = False
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def submit(self, path: Path) -> None:
        self._report(RunFolder(path), RunState.QUEUED, 0)
        with self._changed:
            self._queue.append(RunFolder(path))
        self._ask(path.name, RunState.RUNNING)

    def follow(self, path: Path) -> None:
        entries = JournalReader(RunFolder(path).events, path.name).read_new()
        self.entries_arrived.emit(path.name, tuple(entries))
        self.status_changed.emit(path.name, RunFolder(path).read_status())

    def detach(self, run_id: str) -> None:
        """Nothing to do: the window does not listen to runs that it does not know."""

    def stop(self, run_id: str, *, save: bool) -> None:
        self._ask(run_id, RunState.CANCELLED)

    def pause(self, run_id: str) -> None:
        self._ask(run_id, RunState.PAUSED)

    def proceed(self, run_id: str) -> None:
        self._ask(run_id, RunState.RUNNING)

    def close(self) -> None:
        self._closing = True
        self.allow(0)
        self._thread.join()

    def allow(self, steps: int) -> None:
        with self._changed:
            self._allowed += steps
            self._changed.notify()

    def _ask(self, run_id: str, state: RunState) -> None:
        with self._changed:
            self._asked[run_id] = state
            waiting = [folder for folder in self._queue if folder.path.name == run_id]
            if state is RunState.CANCELLED and waiting:
                self._queue.remove(waiting[0])
                self._report(waiting[0], state, 0)
            self._changed.notify()

    def _report(self, folder: RunFolder, state: RunState, step: int) -> None:
        status = RunStatus(folder.path.name, state, step=step, total_steps=STEPS)
        folder.write_status(status)
        self.status_changed.emit(status.run_id, status)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._queue)
                if self._closing:
                    return
                folder = self._queue.pop(0)
            writer = JournalWriter(folder.events, folder.path.name)
            state, step = RunState.RUNNING, 0
            event: Event = RunStarted(STEPS, None, "toy", "float32", 1, 1, 1, 1, 1, "")
            while True:
                self.entries_arrived.emit(folder.path.name, (writer.append(event),))
                self._report(folder, state, step)
                if state.is_final:
                    break
                state, step, event = self._next(folder.path.name, state, step)
            writer.close()

    def _next(self, run_id: str, state: RunState, step: int) -> tuple[RunState, int, Event]:
        """Wait until the run may go on, or shall do something else."""
        running = state is RunState.RUNNING
        if running and step == STEPS:
            return RunState.FINISHED, step, RunFinished(step, step, 1.0, 100)
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._closing or self._asked[run_id] is not state or (running and self._allowed)
                )
            )
            asked = RunState.CANCELLED if self._closing else self._asked[run_id]
            if asked is RunState.CANCELLED:
                return asked, step, RunCancelled(step, step)
            if asked is not state:
                return asked, step, RunPaused(step) if running else RunContinued(step)
            self._allowed -= 1
        step += 1
        return state, step, TrainMetrics(step, step, 1 / step, 1e-3, 1.0, step, 9.0, step, 0)


@pytest.fixture
def toy(qapp: QApplication) -> Iterator[ToyRunner]:
    runner = ToyRunner()
    yield runner
    runner.close()


@pytest.fixture
def context(toy: ToyRunner, tmp_path: Path) -> Iterator[AppContext]:
    made = make_context(tmp_path / "settings.ini", runner=toy)
    yield made
    discard(made)


def shown(page: RunsPage, run: RunModel, column: RunColumn) -> object:
    return page.table.model.index(page.table.model.row_where(run.run_id), column).data()


def test_another_runner_drives_the_runs_page(
    page: RunsPage, context: AppContext, toy: ToyRunner, qtbot: QtBot
) -> None:
    def wait_for(run: RunModel, state: str, progress: str) -> None:
        cells = (RunColumn.STATE, RunColumn.PROGRESS)
        qtbot.waitUntil(lambda: [shown(page, run, c) for c in cells] == [state, progress])

    def press(run: RunModel, action: QAction) -> None:
        page.view.set_current(run.run_id)
        qtbot.waitUntil(action.isEnabled)
        action.trigger()

    actions = page.actions_
    for _ in range(3):
        page.launch.train.click()
    first, second, third = context.runs.all()
    wait_for(first, "running", f"0 / {STEPS}")
    wait_for(second, "queued", f"0 / {STEPS}")

    toy.allow(2)
    wait_for(first, "running", f"2 / {STEPS}")
    assert [metrics.step for metrics in first.metrics] == [1, 2]
    press(first, actions.pause)
    wait_for(first, "paused", f"2 / {STEPS}")
    toy.allow(2)
    press(first, actions.resume)
    wait_for(first, "finished", f"{STEPS} / {STEPS}")
    assert first.finished is not None

    wait_for(second, "running", f"0 / {STEPS}")
    press(third, actions.stop)
    wait_for(third, "stopped", f"0 / {STEPS}")
    toy.allow(1)
    wait_for(second, "running", f"1 / {STEPS}")
    press(second, actions.stop_and_save)
    wait_for(second, "stopped", f"1 / {STEPS}")
    qtbot.waitUntil(lambda: "from step 1" in page.header.bar.label.text())


def test_a_run_of_another_runner_is_replayed(
    page: RunsPage, context: AppContext, toy: ToyRunner, qtbot: QtBot
) -> None:
    toy.allow(STEPS)
    page.launch.train.click()
    (run,) = context.runs.all()
    qtbot.waitUntil(lambda: run.status.state is RunState.FINISHED)
    context.runs.remove(run.run_id)
    again = context.runs.add(run.path)
    assert again is not None
    assert [metrics.step for metrics in again.metrics] == list(range(1, STEPS + 1))
    assert again.status.state is RunState.FINISHED
