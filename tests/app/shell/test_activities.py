from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.models.activities import ActivitiesModel, Activity, RunActivities
from app.widgets.activity_button import ActivityButton, describe_progress
from engine.contract.protocol.backbones import FetchBackbone
from engine.contract.protocol.commands import Done, Progress
from engine.contract.runs.events import Phase, RunState
from tests.helpers.fake_ports import FakeClient, FakeRunner
from tests.helpers.projects import make_run


@pytest.fixture
def button(context: AppContext, qtbot: QtBot) -> ActivityButton:
    made = ActivityButton(context.theme, context.activities)
    qtbot.addWidget(made)
    return made


def test_list_follows_a_ticket_to_its_end(
    button: ActivityButton, context: AppContext, client: FakeClient
) -> None:
    pending = client.ask(FetchBackbone("gpt2"))
    context.activities.follow("Fetch GPT-2", pending)
    (row,) = button.popup.rows()
    assert button.text() == "1 running"
    pending.progress(30_000_000, 120_000_000, "bytes", "downloading")
    assert row.detail.text() == "downloading: 30 MB of 120 MB"
    assert (row.bar.value(), row.bar.maximum()) == (250, 1000)
    pending.answer(Done())
    assert button.popup.rows() == []
    assert button.text() == "Idle"


def test_cancel_reaches_the_ticket(
    button: ActivityButton, context: AppContext, client: FakeClient, qtbot: QtBot
) -> None:
    pending = client.ask(FetchBackbone("gpt2"))
    context.activities.follow("Fetch GPT-2", pending)
    (row,) = button.popup.rows()
    with qtbot.waitSignal(context.activities.removed):
        row.cancel.click()
    assert pending.cancel_asked
    assert not row.cancel.isEnabled()


def test_failure_is_told_unless_the_page_tells_it(
    context: AppContext, client: FakeClient, qtbot: QtBot
) -> None:
    pending = client.ask(FetchBackbone("gpt2"))
    context.activities.follow("Fetch GPT-2", pending)
    with qtbot.waitSignal(context.activities.failed) as failed:
        pending.fail("No network: use a local folder.")
    assert failed.args[0] == "Fetch GPT-2"
    quiet = client.ask(FetchBackbone("gpt2"))
    context.activities.follow("Fetch GPT-2", quiet, tell_failure=False)
    with qtbot.assertNotEmitted(context.activities.failed):
        quiet.fail("No network.")
    assert context.activities.activities == []


def test_time_left_comes_from_the_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [100.0]
    monkeypatch.setattr("app.models.activities.time.monotonic", lambda: now_s[0])
    activity = Activity("Import", None)
    activity.set_progress(Progress(0, 1000, "rows"))
    assert activity.remaining_s is None
    now_s[0] += 10
    activity.set_progress(Progress(250, 1000, "rows"))
    assert activity.remaining_s == pytest.approx(30)
    assert describe_progress(activity) == "250 of 1,000 rows, 30 s left"
    activity.set_progress(Progress(10, 500, "rows", "second pass"))  # a new phase
    assert activity.remaining_s is None


def test_unknown_total_says_what_it_knows() -> None:
    activity = Activity("Import", None)
    assert describe_progress(activity) == "waiting …"
    activity.set_progress(Progress(0, 0, "rows"))
    assert describe_progress(activity) == "working …"
    activity.set_progress(Progress(1234, 0, "rows"))
    assert describe_progress(activity) == "1,234 rows"


def test_runs_at_work_are_on_the_list(
    context: AppContext, runner: FakeRunner, project: Path
) -> None:
    runner.replay = False
    watcher = RunActivities(context.runs, context.activities, runner)
    run = context.runs.add(make_run(project, state=RunState.QUEUED, name="prefix 10"))
    assert run is not None
    assert context.activities.activities == []
    runner.set_status(
        run.run_id, RunState.RUNNING, step=5, total_steps=20, phase=Phase.TRAINING, remaining_s=60
    )
    (activity,) = context.activities.activities
    assert activity.outlives
    assert activity.title == "Train “prefix 10”"
    assert describe_progress(activity) == "training: 5 of 20 steps, 1 min 00 s left"
    activity.cancel()
    assert runner.calls[-1] == ("stop_and_save", run.run_id)
    runner.set_status(run.run_id, RunState.CANCELLED)
    assert context.activities.activities == []
    del watcher


def test_an_activity_that_has_ended_cannot_end_twice(qtbot: QtBot) -> None:
    model = ActivitiesModel()
    activity = model.start("x")
    with qtbot.waitSignal(model.removed):
        model.end(activity)
    with qtbot.assertNotEmitted(model.removed):
        model.end(activity)
