"""From a CSV of labelled sentences to a comparison, through the real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt

from app.pages.runs.table.cells import RunColumn
from app.pages.runs.table.run_table import RunTable
from engine.contract.methods.frozen import FrozenMethod
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.runs.events import RunState
from engine.contract.runs.outputs import read_outputs
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Role
from engine.contract.tasks.labels import LabelTask
from tests.end2end.person import Person
from tests.helpers.tiny_backbones import save_tiny
from tests.helpers.tiny_runs import write_table

WORDS = (("fine", "positive"), ("great", "positive"), ("poor", "negative"), ("bad", "negative"))
ROWS = [(f"The soup of hut {n} was {WORDS[n % 4][0]}.", WORDS[n % 4][1]) for n in range(60)]
QUICK = {
    "method.prefix_length": 4,
    "method.mid_dim": 16,
    "training.max_steps": 20,
    "training.batch_size": 8,
    "training.evaluate_every_steps": 10,
}


def test_from_labelled_sentences_to_a_comparison(
    open_window: Callable[[], Person], tmp_path: Path
) -> None:
    table = write_table(tmp_path / "reviews.csv", [("sentence", "sentiment"), *ROWS])
    backbone = str(save_tiny(tmp_path / "tiny-bert", "bert"))
    person = open_window()
    person.drop(table)
    data = person.data
    person.wait(data.import_view.import_button.isEnabled)
    person.click(data.import_view.import_button)
    person.wait(lambda: data.views.currentWidget() is data.dataset_view)
    assert data.current.mapping.answer is AnswerKind.LABEL
    assert data.current.mapping.column_of(Role.TARGET) == "sentiment"
    data.dataset_view.split.form.editors["test_fraction"].widget.setValue(0.3)

    page = person.runs
    person.wait(lambda: page.planner.backbones.entries)
    page.form.picker.use_folder(Path(backbone))
    person.wait(lambda: page.planner.backbones.get(backbone) is not None)
    for name, value in QUICK.items():
        page.planner.form.set(name, value)
    person.wait(lambda: page.planner.train_rows)
    assert page.planner.error is None
    assert "--task label" in page.command.command()
    person.click(page.launch.train)
    page.planner.form.set("method.kind", "frozen")
    person.click(page.launch.train)
    runs = person.context.runs.all()
    assert [type(run.spec.method) for run in runs] == [PrefixMethod, FrozenMethod]
    for run in runs:
        assert isinstance(run.spec.task, LabelTask)
        person.wait_for(run, RunState.FINISHED, RunState.FAILED)
        assert run.status.state is RunState.FINISHED, run.status.message
        person.wait(lambda run=run: run.outputs)
        shown = {score.metric for score in run.evaluations[-1].scores}
        assert shown == {"accuracy", "macro_f1"}
        assert {sample.output for sample in run.samples[-1].samples} <= {"positive", "negative"}
        assert "accuracy" in {score.metric for score in run.outputs["test"].scores}

    rows = page.findChild(RunTable).table.model()
    for row in range(rows.rowCount()):
        for column in (RunColumn.VALID_SCORE, RunColumn.TEST_SCORE):
            index = rows.index(row, column)
            assert 0 <= float(index.data()) <= 100
            assert "accuracy" in index.data(Qt.ItemDataRole.ToolTipRole)

    compare = person.compare
    person.context.navigator.show_compare([run.run_id for run in runs])
    person.wait(lambda: len(compare.model.comparison.examples) == 18)
    assert compare.model.task.info.answer is AnswerKind.LABEL
    for place, run in enumerate(runs):
        outputs = {
            row.example_id: row.output for row in read_outputs(run.folder.outputs / "test.jsonl")
        }
        examples = compare.model.comparison.examples
        assert {each.example_id: each.outputs[place] for each in examples} == outputs
