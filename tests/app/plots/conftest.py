"""A board over real run models, fed by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.models.run import RunModel
from app.plots.board import PlotBoard
from app.plots.plot_view import ShownRun
from app.plots.series import RunSeries
from app.theme import run_style
from engine.contract.runs.events import Event, RunStarted, RunState, TrainMetrics
from tests.helpers.fake_ports import FakeRunner
from tests.helpers.projects import make_run


@dataclass
class Stage:
    """A board with its runs and the control that feeds them."""

    board: PlotBoard
    runs: list[RunModel]
    control: FakeRunner

    def feed(self, events: list[Event], number: int = 0) -> None:
        self.control.feed(self.runs[number].run_id, events)
        self.board.touch(self.runs[number].run_id)

    def draw(self) -> None:
        self.board.refresher.draw_now()


def started(step: int | None = None) -> RunStarted:
    return RunStarted(100, step, "cpu", "float32", 1, 1, 1, 1, 1, "")


def metrics(first: int, last: int, loss: float = 2.0) -> list[Event]:
    return [
        TrainMetrics(
            step, step / 10, loss + 1 / step, 1e-3, 1.0, 7 * step, 50.0, 60.0 * step, 2_000_000_000
        )
        for step in range(first, last + 1)
    ]


@pytest.fixture
def stage(
    qtbot: QtBot,
    context: AppContext,
    project: Path,
    runner: FakeRunner,
    open_project: Callable[[Path], None],
) -> Stage:
    """A visible board with two runs that have no numbers yet."""
    for number in (1, 2):
        make_run(project, number, state=RunState.QUEUED, name=f"run {number}")
    open_project(project)
    board = PlotBoard(context.theme, context.settings)
    qtbot.addWidget(board)
    board.resize(900, 500)
    runs = context.runs.all()
    board.set_runs(
        [
            ShownRun(RunSeries(run), run.meta.name, run_style(number))
            for number, run in enumerate(runs)
        ]
    )
    board.show()
    qtbot.waitExposed(board)
    return Stage(board, runs, runner)
