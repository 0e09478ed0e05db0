"""Time before training: remembered from runs that finished here, else probed, never both."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.models.run import RunModel
from app.models.speeds import SPEEDS_FILE, Speeds, speed_of
from app.pages.runs.form.estimates import expected_time
from app.pages.runs.page import RunsPage
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import Parametrisation, PrefixMethod
from engine.contract.protocol.backbones import ProbeSpeed
from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.journal import JournalReader
from engine.contract.runs.speed import Speed
from tests.app.runs.conftest import REPORT, cost_text
from tests.helpers.fake_ports import FakeClient, FakeRunner
from tests.helpers.projects import make_run

SLOW = Speed("another dataset", 10.0, 50.0, 4.0, 6.0)


def read(path: Path) -> RunModel:
    """A run as its folder tells it."""
    folder = RunFolder(path)
    run = RunModel(folder)
    run.apply(tuple(JournalReader(folder.events, run.run_id).read_new(10_000)))
    return run


def test_a_runs_speed_leaves_evaluations_and_outputs_out(qapp: object, project: Path) -> None:
    run = read(make_run(project, method=PrefixMethod()))
    assert run.started is not None
    assert run.finished is not None
    speed = speed_of(run)
    assert speed is not None
    spent = speed.row_s * 5 * run.started.train_rows  # 5 epochs
    spent += speed.evaluate_input_s * run.started.valid_inputs * (len(run.evaluations) - 1)
    assert spent == pytest.approx(run.metrics[-1].elapsed_s, abs=0.1)
    test_s = speed.decode_input_s * run.started.test_inputs
    assert test_s == pytest.approx(run.finished.elapsed_s - run.metrics[-1].elapsed_s, abs=0.1)


def test_what_was_not_measured_is_not_told(
    context: AppContext, project: Path, open_project: Callable[[Path], None], qtbot: QtBot
) -> None:
    make_run(project, method=PrefixMethod())
    open_project(project)
    (run,) = context.runs.all()
    qtbot.waitUntil(lambda: run.finished is not None)
    spec, speeds = run.spec, context.speeds
    longer = dataclasses.replace(spec, method=PrefixMethod(prefix_length=50))
    assert expected_time(longer, REPORT, speeds, "cpu") is not None
    assert expected_time(spec, None, speeds, "cpu") is None
    others = (
        dataclasses.replace(spec, method=FinetuneMethod()),
        dataclasses.replace(spec, method=PrefixMethod(parametrisation=Parametrisation.DIRECT)),
        dataclasses.replace(spec, backbone="gpt2"),
        dataclasses.replace(spec, training=dataclasses.replace(spec.training, batch_size=16)),
    )
    for other in others:
        assert expected_time(other, REPORT, speeds, "cpu") is None
    assert expected_time(spec, REPORT, speeds, "cuda") is None


def test_a_run_that_finishes_here_is_remembered_and_one_of_elsewhere_is_not(
    context: AppContext,
    project: Path,
    open_project: Callable[[Path], None],
    runner: FakeRunner,
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    make_run(project, 1, method=PrefixMethod())
    make_run(project, 2, method=FinetuneMethod())
    open_project(project)
    here, elsewhere = context.runs.all()
    qtbot.waitUntil(lambda: elsewhere.status.state is RunState.FINISHED)
    runner.set_status(here.run_id, RunState.RUNNING)
    runner.set_status(here.run_id, RunState.FINISHED)
    speeds = Speeds(tmp_path / SPEEDS_FILE, FakeClient(), context.runs)
    context.runs.clear()
    assert speeds.find(here.spec, "cpu") == speed_of(here)
    assert speeds.find(elsewhere.spec, "cpu") is None


def test_a_damaged_memory_is_left_out(context: AppContext, tmp_path: Path, project: Path) -> None:
    spec = read(make_run(project)).spec
    (tmp_path / SPEEDS_FILE).write_text("{", encoding="utf-8")
    assert Speeds(tmp_path / SPEEDS_FILE, FakeClient(), context.runs).find(spec, "cpu") is None


def probes(client: FakeClient) -> list[ProbeSpeed]:
    return [command for command in client.asked if isinstance(command, ProbeSpeed)]


def test_a_form_is_probed_once_and_warns_above_an_hour(
    page: RunsPage, context: AppContext, model_client: FakeClient, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: bool(probes(model_client)))
    (command,) = probes(model_client)
    assert Path(command.spec.data.dataset).is_absolute()
    assert Path(command.spec.data.dataset).exists()
    assert "Duration: being measured" in cost_text(page)
    model_client.last(ProbeSpeed).answer(SLOW)
    assert page.planner.time is not None
    # 120 steps of 8 rows; 4 evaluations of 12 inputs, 12 test inputs; 50 tokens a row in both
    assert page.planner.time.total_s == pytest.approx(9600 + 4 * 12 * 4 + 12 * 6)
    assert "Duration: about 2 h 44 min, done about " in cost_text(page)
    assert not page.launch.warning.isHidden()
    assert "This run will take about 2 h 44 min." in page.launch.warning.label.text()
    page.planner.form.set("method.prefix_length", 20)
    assert not context.speeds.is_probing  # the same speed: nothing to measure


def test_a_probe_is_given_up_when_the_form_asks_for_another_run(
    page: RunsPage, model_client: FakeClient, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: bool(probes(model_client)))
    first = model_client.last(ProbeSpeed)
    page.planner.form.set("training.batch_size", 4)
    assert first.cancel_asked
    qtbot.waitUntil(lambda: len(probes(model_client)) == 2)
    assert probes(model_client)[-1].spec.training.batch_size == 4
    page.hide()
    assert model_client.last(ProbeSpeed).cancel_asked


def test_nothing_is_probed_while_a_run_is_at_work(
    rich_page: RunsPage, context: AppContext, model_client: FakeClient, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: any(run.status.state.is_active for run in context.runs.all()))
    qtbot.waitUntil(lambda: not context.speeds.is_probing)
    assert not probes(model_client)
