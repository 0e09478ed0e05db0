"""The page as a whole: buttons, verdicts, remedies, samples, details, recorded runs."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QMenu,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.models.run import RunModel
from app.pages.runs.page import RunsPage
from app.plots.lines import Quantity
from app.plots.panel import MetricPanel
from engine.contract.methods.cost import cost
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.runs.events import (
    Blame,
    Level,
    Notice,
    RunCancelled,
    RunFailed,
    RunStarted,
    RunState,
    TrainMetrics,
)
from tests.app.runs.conftest import SHAPE, cost_text
from tests.helpers.fake_ports import FakeRunner
from tests.helpers.projects import make_run

Select = Callable[[RunModel], RunModel]


@pytest.fixture
def select(rich_page: RunsPage) -> Select:
    """Make a run the current and only selected one."""

    def choose(run: RunModel) -> RunModel:
        rich_page.view.set_current(run.run_id)
        assert rich_page.view.selected == [run]
        return run

    return choose


@pytest.fixture
def running(select: Select, context: AppContext, qtbot: QtBot) -> RunModel:
    run = context.runs.all()[4]
    qtbot.waitUntil(lambda: run.status.state is RunState.RUNNING)
    return select(run)


def test_the_cost_follows_the_slider(page: RunsPage) -> None:
    page.form.length.spin.setValue(64)
    assert page.planner.form.draft["method.prefix_length"] == 64
    expected = cost(SHAPE, PrefixMethod(prefix_length=64), tokens_per_batch=400)
    text = cost_text(page)
    assert f"{expected.trainable:,}" in text
    assert f"Frozen: {SHAPE.parameters:,}" in text
    assert "2.9 MB, of 538 MB" in text  # 64 * 30 layers * 2 * 3 heads * 64 wide * 4 bytes
    assert "120 over 192 rows" in text
    assert "Duration: being measured" in text
    assert "fits (CPU, 16 GB)" in text


def test_memory_that_is_not_there_is_said_in_words(page: RunsPage, qtbot: QtBot) -> None:
    page.planner.backbones.device_memory_bytes = 1_000_000_000
    page.planner.backbones.changed.emit()
    qtbot.waitUntil(lambda: "does not fit" in cost_text(page))


def test_the_drawing_tells_the_real_sizes(page: RunsPage) -> None:
    page.planner.form.set("method.prefix_length", 12)
    words = page.form.drawing.accessibleDescription()
    assert "30 frozen layers" in words
    assert "12 trained keys" in words
    assert "3 heads of width 64" in words
    assert "MLP of width 512" in words


def test_form_edits_are_undone_in_the_widgets(page: RunsPage, context: AppContext) -> None:
    page.form.length.spin.setValue(33)
    context.undo.undo()
    assert page.form.length.spin.value() == 10


def test_stop_buttons_ask_the_runner(
    rich_page: RunsPage, running: RunModel, runner: FakeRunner, qtbot: QtBot
) -> None:
    actions = rich_page.actions_
    for action in (actions.pause, actions.stop_and_save, actions.stop):
        assert action.isEnabled()
        action.trigger()
    assert runner.calls[-3:] == [
        ("pause", running.run_id),
        ("stop_and_save", running.run_id),
        ("stop", running.run_id),
    ]
    runner.set_status(running.run_id, RunState.PAUSED)
    qtbot.waitUntil(actions.resume.isEnabled)
    actions.resume.trigger()
    assert runner.calls[-1] == ("proceed", running.run_id)


def test_a_queued_run_is_taken_out(
    rich_page: RunsPage, context: AppContext, select: Select, runner: FakeRunner
) -> None:
    run = select(context.runs.all()[5])
    for action in (rich_page.actions_.stop, rich_page.actions_.stop_and_save):
        runner.calls.clear()
        action.trigger()
        assert runner.calls == [("stop", run.run_id)]


def test_an_interrupted_run_says_so_and_is_resumed(
    rich_page: RunsPage,
    context: AppContext,
    select: Select,
    runner: FakeRunner,
    qtbot: QtBot,
) -> None:
    run = context.runs.all()[2]
    qtbot.waitUntil(lambda: run.status.state is RunState.INTERRUPTED)
    select(run)
    bar = rich_page.header.bar
    assert bar.isVisible()
    assert "can be resumed" in bar.label.text()
    (button,) = bar.buttons
    button.click()
    assert runner.calls[-1] == ("submit", str(run.path))


def test_a_failure_offers_its_remedies_in_the_form(
    rich_page: RunsPage, context: AppContext, select: Select, qtbot: QtBot
) -> None:
    run = context.runs.all()[3]
    qtbot.waitUntil(lambda: run.failed is not None and run.status.state is RunState.FAILED)
    select(run)
    bar = rich_page.header.bar
    assert "7.6 of 8.0 GB" in bar.label.text()
    assert [button.text() for button in bar.buttons] == ["Batch size 4, accumulation 2", "Resume"]
    bar.buttons[0].click()
    draft = rich_page.planner.form.draft
    assert (draft["training.batch_size"], draft["training.accumulation_steps"]) == (4, 2)
    assert draft["method.prefix_length"] == 1
    context.undo.undo()
    assert rich_page.planner.form.draft["training.batch_size"] == 8


def test_a_fault_of_ours_has_a_traceback_to_copy(
    rich_page: RunsPage, running: RunModel, runner: FakeRunner, qtbot: QtBot
) -> None:
    fault = RunFailed(120, Blame.ENGINE, "An unforeseen fault.", traceback="Traceback: line 1")
    runner.feed(running.run_id, [fault])
    runner.set_status(running.run_id, RunState.FAILED, message=fault.message)
    qtbot.waitUntil(lambda: rich_page.header.bar.isVisible())
    assert "An unforeseen fault." in rich_page.header.bar.label.text()
    rich_page.tabs.setCurrentWidget(rich_page.details)
    assert rich_page.details.traceback.toPlainText() == "Traceback: line 1"
    rich_page.header.bar.buttons[0].click()
    copied = QGuiApplication.clipboard().text()
    assert copied == "An unforeseen fault.\n\nTraceback: line 1"


def test_a_run_that_was_stopped_and_saved_tells_its_step(
    rich_page: RunsPage, running: RunModel, runner: FakeRunner, qtbot: QtBot
) -> None:
    runner.feed(running.run_id, [RunCancelled(120, 120)])
    runner.set_status(running.run_id, RunState.CANCELLED)
    qtbot.waitUntil(lambda: "resumed from step 120" in rich_page.header.bar.label.text())


def test_a_resumed_run_takes_its_steps_again_on_the_plot(
    rich_page: RunsPage, running: RunModel, runner: FakeRunner
) -> None:
    step = TrainMetrics(101, 2.5, 7.5, 1e-3, 1.0, 18180, 900.0, 91.0, 10**9)
    started = dataclasses.replace(running.started, resumed_from_step=100)
    assert isinstance(started, RunStarted)
    runner.feed(running.run_id, [started, step])
    rich_page.board.refresher.draw_now()
    training, _valid = rich_page.board.view.lines[Quantity.LOSS, running.run_id]
    assert training.step[-1] == 101
    assert training.y[-1] == 7.5


def test_deleting_a_running_run_is_refused_with_a_sentence(
    rich_page: RunsPage, running: RunModel, context: AppContext
) -> None:
    rich_page.actions_.delete.trigger()
    assert context.runs.get(running.run_id) is running
    assert running.meta.name in rich_page.bar.label.text()
    assert context.undo.count() == 0


def test_delete_and_undo_from_the_table(
    rich_page: RunsPage, context: AppContext, select: Select, qtbot: QtBot
) -> None:
    run = context.runs.all()[0]
    qtbot.waitUntil(lambda: run.status.state is RunState.FINISHED)
    run_id = select(run).run_id
    rich_page.actions_.delete.trigger()
    assert context.runs.get(run_id) is None
    assert run_id not in [shown.run_id for shown in rich_page.board.view.runs]
    context.undo.undo()
    assert context.runs.get(run_id) is not None
    qtbot.waitUntil(lambda: bool(context.runs.get(run_id).metrics))


def test_duplicate_fills_the_form(rich_page: RunsPage, context: AppContext, select: Select) -> None:
    select(context.runs.all()[4])
    rich_page.actions_.duplicate.trigger()
    assert rich_page.form.length.spin.value() == 50


def test_compare_asks_for_the_selected_runs(
    rich_page: RunsPage, context: AppContext, qtbot: QtBot
) -> None:
    ids = [run.run_id for run in context.runs.all()[:2]]
    rich_page.view.set_selected(ids)
    with qtbot.waitSignal(context.navigator.compare_requested) as asked:
        rich_page.actions_.compare.trigger()
    assert asked.args == [tuple(ids)]


def test_a_star_is_kept_and_undone(
    rich_page: RunsPage, context: AppContext, select: Select
) -> None:
    run = select(context.runs.all()[0])
    rich_page.actions_.star.trigger()
    assert run.folder.read_meta().starred
    context.undo.undo()
    assert not run.folder.read_meta().starred


def test_the_sample_strip_scrubs_through_the_evaluations(
    rich_page: RunsPage, context: AppContext, select: Select, qtbot: QtBot
) -> None:
    run = context.runs.all()[0]
    qtbot.waitUntil(lambda: len(run.samples) == 10)
    select(run)
    samples = rich_page.samples
    assert samples.slider.maximum() == 9
    assert samples.step.text() == "step 200"
    samples.slider.setValue(0)
    text = samples.text.toPlainText()
    first = run.samples[0].samples[0]
    assert samples.step.text() == "step 20"
    for part in (first.input, first.output, first.references[1]):
        assert part in text
    samples.input.setCurrentIndex(1)
    film = samples.text.toPlainText()
    assert all(re.search(rf"^{taken.step}$", film, re.M) for taken in run.samples)


def test_new_samples_are_shown_unless_an_older_step_is_looked_at(
    rich_page: RunsPage, running: RunModel, runner: FakeRunner
) -> None:
    samples = rich_page.samples
    newer = dataclasses.replace(running.samples[-1], step=140)
    runner.feed(running.run_id, [newer])
    assert samples.step.text() == "step 140"
    samples.slider.setValue(2)
    runner.feed(running.run_id, [dataclasses.replace(newer, step=160)])
    assert samples.step.text() == "step 60"


def test_details_tell_settings_scores_and_notices(
    rich_page: RunsPage,
    context: AppContext,
    select: Select,
    runner: FakeRunner,
    qtbot: QtBot,
) -> None:
    run = context.runs.all()[0]
    qtbot.waitUntil(lambda: bool(run.outputs) and run.finished is not None)
    select(run)
    runner.feed(run.run_id, [Notice(Level.WARNING, "2 rows have no target.")])
    rich_page.tabs.setCurrentWidget(rich_page.details)
    text = rich_page.details.facts.toPlainText()
    for words in ("Warning: 2 rows have no target.", "BLEU, test", "nrefs:2", "torch 2.13.0"):
        assert words in text
    assert "MLP, then dropped" in text


def test_notes_are_kept_when_the_user_goes_to_another_run(
    rich_page: RunsPage, context: AppContext, select: Select
) -> None:
    first, second = context.runs.all()[:2]
    select(first)
    rich_page.details.notes.setPlainText("worse on long inputs")
    select(second)
    assert first.folder.read_meta().notes == "worse on long inputs"
    assert rich_page.details.notes.toPlainText() == ""


def test_a_run_that_is_asked_for_is_shown(rich_page: RunsPage, context: AppContext) -> None:
    run = context.runs.all()[1]
    context.navigator.runs_requested.emit(run.run_id)
    assert rich_page.view.current is run
    assert rich_page.header.name.full_text() == "fine-tuning baseline"


def test_a_damaged_run_is_told(page: RunsPage, context: AppContext, project: Path) -> None:
    path = make_run(project, 1)
    (path / "run.json").write_text("{")
    context.runs.add(path)
    assert "run.json" in page.bar.label.text()


def test_a_page_without_runs_says_what_to_do(page: RunsPage, qtbot: QtBot) -> None:
    assert page.empty.isVisible()
    assert not page.upper.isVisible()
    page.launch.train.click()
    qtbot.waitUntil(page.upper.isVisible)
    assert not page.empty.isVisible()


def test_closing_the_project_leaves_an_empty_page(rich_page: RunsPage, context: AppContext) -> None:
    context.runs.clear()
    context.project.close()
    assert rich_page.view.current is None
    assert rich_page.board.view.runs == ()
    assert rich_page.empty.isVisible()
    assert not rich_page.launch.train.isEnabled()


def test_every_control_has_a_name(rich_page: RunsPage) -> None:
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider)
    nameless = [
        widget
        for kind in kinds
        for widget in rich_page.findChildren(kind)
        if not (widget.accessibleName() or getattr(widget, "text", str)())
        and not widget.objectName().startswith("qt_")
        and not isinstance(widget.parent(), (QAbstractSpinBox, QLineEdit))
        and not _is_of_a_plot(widget)
    ]
    assert nameless == []


def _is_of_a_plot(widget: QWidget) -> bool:
    """Pyqtgraph makes a menu of its own that is never shown."""
    parent = widget.parent()
    return isinstance(parent, (MetricPanel, QMenu)) or (
        isinstance(parent, QWidget) and _is_of_a_plot(parent)
    )


def test_the_page_fits_a_small_screen(rich_page: RunsPage) -> None:
    assert rich_page.minimumSizeHint().width() <= 880
    assert rich_page.minimumSizeHint().height() <= 620
