"""From a file of labels, tags or answers to a comparison, through the real window."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from app.pages.compare.answers.view import MarkedAnswersView
from app.pages.runs.table.cells import RunColumn
from app.pages.runs.table.run_table import RunTable
from engine.contract.methods.frozen import FrozenMethod
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.runs.events import RunState
from engine.contract.runs.outputs import read_outputs
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Role
from engine.contract.tasks.all import task_info
from tests.end2end.person import Person
from tests.helpers.tiny_backbones import save_tiny
from tests.helpers.tiny_runs import write_table

WORDS = (("fine", "positive"), ("great", "positive"), ("poor", "negative"), ("bad", "negative"))
PLACES = ("the lake", "Elland", "Moorside")
QUICK = {
    "method.prefix_length": 4,
    "method.mid_dim": 16,
    "training.max_steps": 20,
    "training.batch_size": 8,
    "training.evaluate_every_steps": 10,
}
ROWS = 60


@dataclass(frozen=True)
class Case:
    """A file, and what the window is to make of it.

    Attributes:
        write: writes the file into a folder.
        columns: the target, and what it is read from.
        says: whether an output can be one of this task, for its input.
        with_head_alone: whether a head without a prefix is trained too; each run takes seconds.
    """

    answer: AnswerKind
    write: Callable[[Path], Path]
    columns: tuple[str, str]
    says: Callable[[str, str], bool]
    with_head_alone: bool = False


def write_reviews(folder: Path) -> Path:
    rows = [(f"The soup of hut {n} was {WORDS[n % 4][0]}.", WORDS[n % 4][1]) for n in range(ROWS)]
    return write_table(folder / "reviews.csv", [("sentence", "sentiment"), *rows])


def write_tagged_words(folder: Path) -> Path:
    sentences = (
        f"{name} B-PER\nLowe I-PER\nwalked O\nto O\n{place} B-LOC\nin O\n19{n} O\n"
        for n, name, place in ((n, ("Ada", "Cem")[n % 2], f"Hut{n % 3}") for n in range(ROWS))
    )
    path = folder / "walks.conll"
    path.write_text("\n".join(sentences), encoding="utf-8")
    return path


def write_questions(folder: Path) -> Path:
    paragraphs = []
    for n in range(ROWS // 2):
        place = PLACES[n % 3]
        context = f"Hut {n} lies above {place}, and in winter it is closed."
        answer = {"text": place, "answer_start": context.index(place)}
        questions = [
            {"id": f"{n}-a", "question": "Above what does it lie?", "answers": [answer]},
            {"id": f"{n}-b", "question": "Who built it?", "answers": [], "is_impossible": True},
        ]
        paragraphs.append({"context": context, "qas": questions})
    path = folder / "huts.json"
    squad = {"version": "v2.0", "data": [{"title": "Huts", "paragraphs": paragraphs}]}
    path.write_text(json.dumps(squad), encoding="utf-8")
    return path


CASES = (
    Case(
        AnswerKind.LABEL,
        write_reviews,
        ("sentiment", "sentence"),
        lambda _input, output: output in ("positive", "negative"),
        with_head_alone=True,
    ),
    Case(
        AnswerKind.TAGS,
        write_tagged_words,
        ("tags", "words"),
        lambda input_, output: (
            len(output.split()) == len(input_.split())
            and set(output.split()) <= {"O", "B-PER", "I-PER", "B-LOC"}
        ),
    ),
    Case(
        AnswerKind.SPAN,
        write_questions,
        ("answers", "context"),
        lambda input_, output: output in input_,
    ),
)


@pytest.mark.usefixtures("quick_engines")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.answer.value)
def test_from_a_file_to_a_comparison(
    case: Case, open_window: Callable[[], Person], tmp_path: Path
) -> None:
    backbone = str(save_tiny(tmp_path / "tiny-bert", "bert"))
    person = open_window()
    person.drop(case.write(tmp_path))
    data = person.data
    person.wait(data.import_view.import_button.isEnabled)
    person.click(data.import_view.import_button)
    person.wait(lambda: data.views.currentWidget() is data.dataset_view)
    mapping = data.current.mapping
    assert mapping.answer is case.answer
    assert (mapping.column_of(Role.TARGET), mapping.column_of(Role.SOURCE)) == case.columns
    data.dataset_view.split.form.editors["test_fraction"].widget.setValue(0.3)

    page = person.runs
    person.wait(lambda: page.planner.backbones.entries)
    page.form.picker.use_folder(Path(backbone))
    person.wait(lambda: page.planner.backbones.get(backbone) is not None)
    for name, value in QUICK.items():
        page.planner.form.set(name, value)
    person.wait(lambda: page.planner.train_rows)
    assert page.planner.error is None
    assert f"--task {case.answer.value}" in page.command.command()
    person.click(page.launch.train)
    if case.with_head_alone:
        page.planner.form.set("method.kind", "frozen")
        person.click(page.launch.train)
    runs = person.context.runs.all()
    methods = [PrefixMethod, FrozenMethod][: 1 + case.with_head_alone]
    assert [type(run.spec.method) for run in runs] == methods
    info = task_info(runs[0].spec.task)
    assert info.answer is case.answer
    for run in runs:
        person.wait_for(run, RunState.FINISHED, RunState.FAILED)
        assert run.status.state is RunState.FINISHED, run.status.message
        person.wait(lambda run=run: run.outputs)
        shown = {score.metric for score in run.evaluations[-1].scores}
        assert shown == set(info.quick_metrics)
        for sample in run.samples[-1].samples:
            assert case.says(sample.input, sample.output)
        assert {score.metric for score in run.outputs["test"].scores} == set(info.metrics)

    rows = page.findChild(RunTable).table.model()
    for row in range(rows.rowCount()):
        for column in (RunColumn.VALID_SCORE, RunColumn.TEST_SCORE):
            index = rows.index(row, column)
            assert 0 <= float(index.data()) <= 100
            assert index.data(Qt.ItemDataRole.ToolTipRole)

    compare = person.compare
    person.context.navigator.show_compare([run.run_id for run in runs])
    person.wait(lambda: compare.model.counts.confusions)
    assert compare.model.task.info.answer is case.answer
    examples = compare.model.comparison.examples
    assert len(examples) == 18
    for place, run in enumerate(runs):
        outputs = {
            row.example_id: row.output for row in read_outputs(run.folder.outputs / "test.jsonl")
        }
        assert {each.example_id: each.outputs[place] for each in examples} == outputs
    view = compare.view.predictions
    assert isinstance(view, MarkedAnswersView)
    compare.model.step(1)
    assert all(card.text.toPlainText() for card in (*view.given, *view.outputs))
    *systems, baseline = compare.scores.scores.rows
    assert len(systems) == len(runs)
    assert baseline.is_baseline
