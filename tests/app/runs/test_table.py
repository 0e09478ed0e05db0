"""The run table: cells, edits, sorting, selection."""

import dataclasses
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.models.run import RunModel
from app.pages.runs.page import RunsPage
from app.pages.runs.table.cells import RunColumn
from engine.contract.runs.events import Evaluation, RunState
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.scores import Score
from tests.helpers.fake_ports import FakeRunner
from tests.helpers.projects import make_run


@pytest.fixture
def full(rich_page: RunsPage, context: AppContext, qtbot: QtBot) -> RunsPage:
    """The page once all journals have been told."""
    first, last = context.runs.all()[0], context.runs.all()[-1]
    qtbot.waitUntil(lambda: bool(first.outputs) and first.status.state is RunState.FINISHED)
    qtbot.waitUntil(lambda: context.runs.all()[4].status.state is RunState.RUNNING)
    assert last.status.state is RunState.QUEUED
    return rich_page


def cell(
    page: RunsPage, row: int, column: RunColumn, role: int = Qt.ItemDataRole.DisplayRole
) -> object:
    return page.table.model.index(row, column).data(role)


def row_of(page: RunsPage, run: RunModel) -> int:
    return page.table.model.row_where(run.run_id)


def test_cells_tell_the_runs(full: RunsPage, context: AppContext) -> None:
    run = context.runs.all()[0]
    assert [cell(full, 0, c) for c in (RunColumn.NAME, RunColumn.STATE, RunColumn.PROGRESS)] == [
        "prefix 10",
        "finished",
        "200 / 200",
    ]
    assert run.finished is not None
    kept = next(e for e in run.evaluations if e.step == run.finished.best_step)
    assert cell(full, 0, RunColumn.LOSS) == f"{kept.valid_loss:.3f}"
    assert cell(full, 0, RunColumn.VALID_SCORE) == f"{kept.scores[0].value:.1f}"
    (bleu, _chrf) = run.outputs["test"].scores
    assert cell(full, 0, RunColumn.TEST_SCORE) == f"{bleu.value:.1f}"
    assert bleu.signature in cell(full, 0, RunColumn.TEST_SCORE, Qt.ItemDataRole.ToolTipRole)
    valid_tip = cell(full, 0, RunColumn.VALID_SCORE, Qt.ItemDataRole.ToolTipRole)
    assert "nrefs:2" in valid_tip
    assert cell(full, 4, RunColumn.LEFT) == "1 min 12 s"
    states = [cell(full, row, RunColumn.STATE) for row in range(6)]
    assert states[1:] == ["finished", "interrupted", "failed", "running", "queued"]


def test_the_model_keeps_qts_rules_while_runs_come_and_go(
    full: RunsPage,
    context: AppContext,
    rich_project: Path,
    qtmodeltester: ModelTester,
) -> None:
    qtmodeltester.check(full.table.model)
    qtmodeltester.check(full.table.proxy)
    context.runs.remove(context.runs.all()[1].run_id)
    context.runs.add(make_run(rich_project, 9, name="late"))
    assert cell(full, 5, RunColumn.NAME) == "late"
    qtmodeltester.check(full.table.model)


def test_a_name_and_tags_are_edited_in_place_and_undone(
    full: RunsPage, context: AppContext
) -> None:
    model, run = full.table.model, context.runs.all()[0]
    assert model.setData(model.index(0, RunColumn.NAME), "best one")
    assert model.setData(model.index(0, RunColumn.TAGS), "paper, e2e , paper")
    meta = RunFolder(run.path).read_meta()
    assert (meta.name, meta.tags) == ("best one", ("paper", "e2e"))
    context.undo.undo()
    context.undo.undo()
    assert (run.meta.name, run.meta.tags) == ("prefix 10", ())
    assert not model.setData(model.index(0, RunColumn.NAME), "  ")


def test_a_check_box_puts_a_run_on_the_plots(full: RunsPage, context: AppContext) -> None:
    model, run_id = full.table.model, context.runs.all()[0].run_id
    box = model.index(0, RunColumn.SHOWN)
    assert model.setData(box, Qt.CheckState.Unchecked.value, Qt.ItemDataRole.CheckStateRole)
    assert run_id not in [run.run_id for run in full.board.view.runs]
    assert box.data(Qt.ItemDataRole.AccessibleTextRole) == "not on the plots"
    assert model.setData(box, Qt.CheckState.Checked.value, Qt.ItemDataRole.CheckStateRole)
    assert run_id in [run.run_id for run in full.board.view.runs]


def test_sorting_goes_by_number_not_by_letters(full: RunsPage) -> None:
    full.table.table.sortByColumn(RunColumn.LOSS, Qt.SortOrder.DescendingOrder)
    proxy = full.table.proxy
    shown = [proxy.index(row, RunColumn.LOSS).data() for row in range(6)]
    values = [float(text) for text in shown if text]
    assert values == sorted(values, reverse=True)
    assert shown[-1] == ""


def test_progress_of_a_running_run_reaches_its_row(
    full: RunsPage, context: AppContext, runner: FakeRunner, qtbot: QtBot
) -> None:
    run = context.runs.all()[4]
    actions = full.actions_
    full.view.set_current(run.run_id)
    runner.set_status(run.run_id, RunState.PAUSED, step=130, total_steps=200)
    qtbot.waitUntil(lambda: not actions.pause.isEnabled())
    assert cell(full, row_of(full, run), RunColumn.PROGRESS) == "130 / 200"
    assert cell(full, row_of(full, run), RunColumn.STATE) == "paused"
    assert actions.resume.isEnabled()


def test_a_pause_shows_at_once_and_until_the_engine_tells(
    full: RunsPage, context: AppContext, runner: FakeRunner, qtbot: QtBot
) -> None:
    run = context.runs.all()[4]
    full.view.set_current(run.run_id)
    full.actions_.pause.trigger()
    assert runner.calls[-1] == ("pause", run.run_id)
    assert cell(full, 4, RunColumn.STATE) == "pausing…"
    qtbot.waitUntil(lambda: full.header.status.full_text().startswith("pausing…"))
    runner.set_status(run.run_id, RunState.RUNNING, step=125, total_steps=200)
    assert cell(full, 4, RunColumn.STATE) == "pausing…"
    qtbot.waitUntil(lambda: not full.actions_.pause.isEnabled())
    runner.set_status(run.run_id, RunState.PAUSED, step=126, total_steps=200)
    assert cell(full, 4, RunColumn.STATE) == "paused"
    full.actions_.resume_run(run)
    assert cell(full, 4, RunColumn.STATE) == "continuing…"


def test_the_saved_steps_scores_are_shown_not_the_best_ones(
    full: RunsPage, context: AppContext, runner: FakeRunner
) -> None:
    """Of a run that is selected by loss, a later evaluation may have the better BLEU."""
    run = context.runs.all()[4]
    bleu = Score("bleu", 99.0, "bleu")
    later = Evaluation(999, 9.0, valid_loss=9.0, scores=(bleu,), elapsed_s=1.0, is_best=False)
    before = [cell(full, 4, column) for column in (RunColumn.LOSS, RunColumn.VALID_SCORE)]
    runner.feed(run.run_id, [later])
    assert [cell(full, 4, column) for column in (RunColumn.LOSS, RunColumn.VALID_SCORE)] == before
    runner.feed(run.run_id, [dataclasses.replace(later, is_best=True)])
    assert [cell(full, 4, c) for c in (RunColumn.LOSS, RunColumn.VALID_SCORE)] == ["9.000", "99.0"]
