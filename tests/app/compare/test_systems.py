"""Where systems come from: live runs, bare backbones, outside files; what is asked of engines."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.models.run import RunModel
from app.pages.compare.comparison import compare
from app.pages.compare.page import ComparePage
from app.pages.compare.systems import model as systems_model
from app.pages.compare.systems.outside import load
from app.pages.compare.systems.rows import Rows
from app.pages.compare.systems.systems import ComparedSystem, Kind, SystemEntry, run_entry
from app.qt.idle_task import IdleTask
from engine.contract.errors import UserError
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.protocol.commands import Done
from engine.contract.protocol.outputs import DecodeSplit, ScoreOutputs
from engine.contract.runs.events import OutputsSaved, RunState
from engine.contract.runs.outputs import read_meta, read_outputs, write_outputs
from engine.contract.runs.scores import OutputRow, OutputsMeta
from engine.metrics.handlers import score_outputs
from engine.reporter import Silent
from tests.app.compare.conftest import choose, shown
from tests.helpers.fake_ports import FakeClient, FakeRunner
from tests.helpers.projects import make_run

MakePage = Callable[[Path], ComparePage]


def score_in_place(command: ScoreOutputs) -> object:
    """The engine's own handler, in this process."""
    return score_outputs(command, Silent())


def strip_scores(path: Path) -> None:
    rows = [replace(row, row_scores=()) for row in read_outputs(path)]
    meta = read_meta(path)
    assert meta is not None
    write_outputs(path, rows, replace(meta, scores=()))


def test_a_run_may_be_chosen_before_it_has_outputs(
    qtbot: QtBot,
    make_page: MakePage,
    runs_project: Path,
    context: AppContext,
    runner: FakeRunner,
    tmp_path: Path,
) -> None:
    late = make_run(
        runs_project, 4, method=PrefixMethod(prefix_length=1), state=RunState.RUNNING, name="late"
    )
    page = make_page(runs_project)
    choose(qtbot, page, "twin", "prefix 10")
    keys = {entry.name: entry.key for entry in page.systems.entries}
    page.systems.set_chosen(keys["late"], chosen=True)
    qtbot.waitUntil(page.messages.waiting.isVisible)
    assert "its column appears with its outputs" in page.messages.waiting.label.text()
    assert shown(page) == ["twin", "prefix 10"]
    current = page.model.current

    rows = read_outputs(context.runs.all()[0].path / "outputs" / "test.jsonl")
    meta = read_meta(context.runs.all()[0].path / "outputs" / "test.jsonl")
    path = late / "outputs" / "test.jsonl"
    path.parent.mkdir()
    write_outputs(path, rows, meta)
    runner.feed(keys["late"], [OutputsSaved("test", "outputs/test.jsonl", 24, (), 1.0)])
    qtbot.waitUntil(lambda: shown(page) == ["twin", "prefix 10", "late"])
    assert page.model.current == current
    assert not page.messages.waiting.isVisible()


def test_a_run_that_changes_is_listed_anew_and_no_other(
    qtbot: QtBot,
    make_page: MakePage,
    runs_project: Path,
    context: AppContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = make_page(runs_project)
    listed = []

    def list_run(run: RunModel, look: int) -> SystemEntry:
        listed.append(run.run_id)
        return run_entry(run, look)

    monkeypatch.setattr(systems_model, "run_entry", list_run)
    run = context.runs.all()[0]
    with qtbot.waitSignal(page.systems.entries_changed):
        run.set_meta(replace(run.meta, name="renamed"))
    assert listed == [run.run_id]
    assert "renamed" in [entry.name for entry in page.systems.entries]


def test_missing_scores_are_asked_for_once_and_shown(
    qtbot: QtBot,
    make_page: MakePage,
    runs_project: Path,
    model_client: FakeClient,
    context: AppContext,
) -> None:
    page = make_page(runs_project)
    path = context.runs.all()[1].path / "outputs" / "test.jsonl"
    strip_scores(path)
    choose(qtbot, page, "twin", "prefix 10")
    qtbot.waitUntil(lambda: bool(model_client.asked))
    assert model_client.asked == [ScoreOutputs(str(path))]
    assert [activity.title for activity in context.activities.activities] == ["Score prefix 10"]
    assert page.scores.scores.rows[1].system.scores == {}
    pending = model_client.last(ScoreOutputs)
    pending.answer(score_in_place(pending.command))
    qtbot.waitUntil(lambda: "bleu" in page.scores.scores.rows[1].system.scores)
    rows = read_outputs(path)
    assert page.model.comparison.scores["bleu"][1][0] == dict(rows[0].row_scores)["bleu"]
    assert "rougeL" in page.scores.scores.metrics
    assert len(model_client.asked) == 1


def test_scoring_that_fails_is_said_and_not_repeated(
    qtbot: QtBot,
    make_page: MakePage,
    runs_project: Path,
    model_client: FakeClient,
    context: AppContext,
) -> None:
    page = make_page(runs_project)
    strip_scores(context.runs.all()[1].path / "outputs" / "test.jsonl")
    choose(qtbot, page, "twin", "prefix 10")
    qtbot.waitUntil(lambda: bool(model_client.asked))
    model_client.pendings[0].fail("The disk is full.")
    qtbot.waitUntil(page.messages.failed.isVisible)
    assert "Score prefix 10 failed: The disk is full." in page.messages.failed.label.text()
    assert shown(page) == ["twin", "prefix 10"], "outputs can be read without scores"
    assert len(model_client.asked) == 1
    page.messages.failed.dismissed.emit()
    qtbot.waitUntil(lambda: not page.systems.problems)


def test_bare_backbone_is_decoded_when_it_is_ticked(
    qtbot: QtBot,
    make_page: MakePage,
    runs_project: Path,
    model_client: FakeClient,
    context: AppContext,
) -> None:
    page = make_page(runs_project)
    choose(qtbot, page, "twin", "prefix 10")
    bare = [entry for entry in page.systems.entries if entry.name.startswith("bare ")]
    assert len(bare) == 1, "runs with the same backbone, data and decoding share it"
    page.systems.set_chosen(bare[0].key, chosen=True)
    qtbot.waitUntil(lambda: bool(model_client.asked))
    command = model_client.last(DecodeSplit).command
    assert isinstance(command, DecodeSplit)
    assert (command.system, command.split) == ("", "test")
    assert Path(command.run) in [run.path for run in context.runs.all()]
    assert Path(command.out).parent == runs_project / "compare"
    qtbot.waitUntil(page.messages.waiting.isVisible)
    assert "decoding" in page.messages.waiting.label.text()
    (row,) = page.jobs.rows
    model_client.last(DecodeSplit).progress(64, 640, "tokens", "0 of 24 inputs")
    assert row.detail.text() == "0 of 24 inputs: 64 of at most 640 tokens"

    rows = read_outputs(Path(command.run) / "outputs" / "test.jsonl")
    meta = OutputsMeta("bare", "", "test", "77aa" * 16, "greedy|max100")
    write_outputs(Path(command.out), [replace(row, row_scores=()) for row in rows], meta)
    model_client.replies[ScoreOutputs] = score_in_place
    model_client.last(DecodeSplit).answer(Done())
    qtbot.waitUntil(lambda: shown(page) == ["twin", "prefix 10", bare[0].name])
    qtbot.waitUntil(lambda: "bleu" in page.scores.scores.rows[2].system.scores)
    cost = page.scores.scores.rows[2].system.entry
    assert (cost.stored_bytes, cost.training_s, cost.trainable) == (0, 0.0, 0)


def test_a_decoding_can_be_cancelled_on_the_page(
    qtbot: QtBot, make_page: MakePage, runs_project: Path, model_client: FakeClient
) -> None:
    page = make_page(runs_project)
    choose(qtbot, page, "twin", "prefix 10")
    bare = next(entry for entry in page.systems.entries if entry.name.startswith("bare "))
    page.systems.set_chosen(bare.key, chosen=True)
    qtbot.waitUntil(lambda: bool(page.jobs.rows))
    page.jobs.rows[0].cancel.click()
    assert model_client.last(DecodeSplit).cancel_asked
    qtbot.waitUntil(lambda: not page.jobs.rows)
    assert page.jobs.isHidden()


def test_bare_backbone_that_fails_can_be_tried_again(
    qtbot: QtBot, make_page: MakePage, runs_project: Path, model_client: FakeClient
) -> None:
    page = make_page(runs_project)
    bare = next(entry for entry in page.systems.entries if entry.name.startswith("bare "))
    page.systems.set_chosen(bare.key, chosen=True)
    qtbot.waitUntil(lambda: bool(model_client.asked))
    model_client.pendings[0].fail("The backbone is not on this machine.")
    qtbot.waitUntil(page.messages.failed.isVisible)
    assert "not on this machine" in page.messages.failed.label.text()
    page.systems.decode(bare.key)
    assert len(model_client.asked) == 2
    model_client.pendings[1].cancel()
    qtbot.waitUntil(lambda: not page.systems.doing(bare.key))
    assert page.systems.problems == {}


def test_bare_backbone_missing_on_reopening_waits_for_a_click(
    qtbot: QtBot,
    make_page: MakePage,
    runs_project: Path,
    model_client: FakeClient,
    context: AppContext,
) -> None:
    page = make_page(runs_project)
    bare = next(entry for entry in page.systems.entries if entry.name.startswith("bare "))
    project = context.project.project
    context.project.edit("choose", replace(project, compared=(bare.key,)))
    qtbot.waitUntil(page.messages.waiting.isVisible)
    assert "not decoded" in page.messages.waiting.label.text()
    assert model_client.asked == []


def test_outside_file_is_copied_aligned_scored_and_left_alone(
    qtbot: QtBot,
    make_page: MakePage,
    runs_project: Path,
    model_client: FakeClient,
    context: AppContext,
    tmp_path: Path,
) -> None:
    page = make_page(runs_project)
    choose(qtbot, page, "twin", "prefix 10")
    model_client.replies[ScoreOutputs] = score_in_place
    inputs = [row.input for row in context_rows(context)]
    theirs = tmp_path / "theirs.jsonl"
    lines = [json.dumps({"input": text, "output": f"out {n}"}) for n, text in enumerate(inputs)]
    theirs.write_text("\n".join(reversed(lines)), encoding="utf-8")
    before = theirs.read_bytes()
    page.open_path(theirs)
    qtbot.waitUntil(lambda: shown(page) == ["twin", "prefix 10", "theirs"])
    assert [e.outputs[2] for e in page.model.comparison.examples] == [f"out {n}" for n in range(24)]
    assert "matched by their input text" in page.messages.differing.label.text()
    qtbot.waitUntil(lambda: "bleu" in page.scores.scores.rows[2].system.scores)
    copy = runs_project / "compare" / "outside" / "theirs.jsonl"
    assert model_client.asked == [ScoreOutputs(str(copy))]
    assert all(row.references for row in read_outputs(copy)), "references were lent for scoring"
    assert theirs.read_bytes() == before
    assert page.scores.scores.rows[2].system.entry.stored_bytes is None


def context_rows(context: AppContext) -> tuple[OutputRow, ...]:
    return read_outputs(context.runs.all()[0].path / "outputs" / "test.jsonl")


def test_outside_file_in_order_warns_and_one_of_another_length_is_refused(
    qtbot: QtBot, make_page: MakePage, runs_project: Path, tmp_path: Path
) -> None:
    page = make_page(runs_project)
    choose(qtbot, page, "twin", "prefix 10")
    path = tmp_path / "lines.txt"
    path.write_text("".join(f"line {n}\n" for n in range(24)), encoding="utf-8")
    page.open_path(path)
    qtbot.waitUntil(lambda: shown(page)[2:] == ["lines"])
    assert "matched by their order" in page.messages.differing.label.text()
    assert page.model.comparison.examples[3].outputs[2] == "line 3"
    short = tmp_path / "short.txt"
    short.write_text("one\ntwo\n", encoding="utf-8")
    page.open_path(short)
    qtbot.waitUntil(lambda: shown(page)[3:] == ["short"])
    assert "nothing to compare" in page.messages.differing.label.text()
    assert page.model.listed == ()
    assert page.model.example is None


def test_a_bad_outside_file_is_said_with_its_line(
    qtbot: QtBot, make_page: MakePage, runs_project: Path, tmp_path: Path
) -> None:
    page = make_page(runs_project)
    path = tmp_path / "bad.jsonl"
    path.write_text('{"output": "x"}\nnonsense\n', encoding="utf-8")
    page.open_path(path)
    qtbot.waitUntil(page.messages.failed.isVisible)
    assert "line 2" in page.messages.failed.label.text()


def test_damaged_outputs_are_said_and_read_again_when_mended(
    qtbot: QtBot, make_page: MakePage, runs_project: Path, context: AppContext
) -> None:
    page = make_page(runs_project)
    run = context.runs.all()[2]
    path = run.path / "outputs" / "test.jsonl"
    whole = path.read_text(encoding="utf-8")
    path.write_text("{\n", encoding="utf-8")
    keys = {entry.name: entry.key for entry in page.systems.entries}
    page.systems.choose([keys["twin"], keys["prefix 10"], keys["prefix 20"]])
    qtbot.waitUntil(page.messages.failed.isVisible)
    qtbot.waitUntil(lambda: shown(page) == ["twin", "prefix 10"])
    path.write_text(whole, encoding="utf-8")
    run.outputs_changed.emit()
    qtbot.waitUntil(lambda: shown(page) == ["twin", "prefix 10", "prefix 20"])
    assert page.systems.problems == {}


def test_other_test_inputs_are_said_and_only_common_rows_compared(
    qtbot: QtBot, make_page: MakePage, runs_project: Path
) -> None:
    make_run(runs_project, 5, method=PrefixMethod(prefix_length=5), name="fewer", outputs=10)
    page = make_page(runs_project)
    choose(qtbot, page, "twin", "fewer")
    assert page.messages.differing.isVisible()
    assert "Only the 10 rows that all have are compared" in page.messages.differing.label.text()
    table = page.scores.model
    assert str(table.index(0, 1).data()).endswith("†")
    assert not str(table.index(1, 1).data()).endswith("†")
    assert "† over all rows" in page.scores.notes.text()
    assert table.index(1, 3).data() == "–"


def test_sliced_work_gives_results_and_errors_to_its_owner(qtbot: QtBot) -> None:
    owner, results = QObject(), []

    def work(fail: bool) -> "object":
        for _ in range(3):
            yield
        if fail:
            raise UserError("no", "no")
        return 7

    IdleTask(work(False), owner, done=results.append, failed=results.append)
    IdleTask(work(True), owner, done=results.append, failed=lambda e: results.append(str(e)))
    cancelled = IdleTask(work(False), owner, done=results.append, failed=results.append)
    cancelled.cancel()
    qtbot.waitUntil(lambda: len(results) == 2)
    assert results == [7, "no"]


def test_reading_and_aligning_pause_after_every_row(tmp_path: Path) -> None:
    """So that no step of the sliced work grows with the number of rows."""
    rows = [
        OutputRow(f"x{n}", f"in {n}", f"out {n}", ("ref",), row_scores=(("bleu", float(n % 7)),))
        for n in range(500)
    ]
    path = tmp_path / "many.jsonl"
    write_outputs(path, rows, OutputsMeta("m", "", "test", "f", "greedy"))
    assert sum(1 for _ in load(SystemEntry("s", Kind.RUN, "s", path, True))) == 500
    entries = [SystemEntry(f"s{n}", Kind.RUN, f"s{n}", path, True) for n in range(6)]
    assert sum(1 for _ in compare([ComparedSystem(entry, Rows(rows)) for entry in entries])) >= 1000
