"""A toy task, added in this file alone: table, list and statistics are those of any other."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.models.run import RunModel
from app.pages.compare.generation.view import GenerationView
from app.pages.compare.model import CompareModel
from app.pages.compare.page import ComparePage
from app.pages.compare.systems import model as systems_model
from app.pages.compare.systems.systems import Kind, SystemEntry, run_entry
from app.pages.compare.task_view import PredictionView, TaskView
from app.pages.compare.task_views import TASK_VIEWS
from app.qt.boxes import vbox
from app.theme import Theme
from app.widgets.labels import Label
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.runs.outputs import read_meta, read_outputs, write_outputs
from engine.contract.runs.scores import Score
from engine.contract.specs.answer import AnswerKind
from engine.contract.tasks.info import TaskInfo
from tests.app.compare.conftest import choose
from tests.helpers.projects import make_run

LABELS = ("soup", "bread", "stew")
INFO = TaskInfo(
    object,
    "labels",
    "Labels",
    AnswerKind.LABEL,
    parts=(),
    metrics=("accuracy",),
    quick_metrics=("accuracy",),
)


class LabelView(PredictionView):
    """The systems' labels in a line."""

    def __init__(self, model: CompareModel, theme: Theme) -> None:
        super().__init__()
        self._model = model
        self.predicted = Label()
        self.tools = (Label("Labels"),)
        vbox(self.predicted, parent=self)
        model.current_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        example = self._model.example
        self.predicted.setText(", ".join(example.outputs) if example else "")


TASKS = (*TASK_VIEWS, TaskView(INFO, LabelView, has_blind_test=False, has_bare=False))


@pytest.fixture
def page(
    qtbot: QtBot,
    make_page: Callable[..., ComparePage],
    runs_project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> ComparePage:
    """Three runs that write texts, and two that predict labels: one is always right."""
    for number, name in ((4, "labels A"), (5, "labels B")):
        run = make_run(runs_project, number, method=PrefixMethod(prefix_length=number), name=name)
        path = run / "outputs" / "test.jsonl"
        rows = [
            replace(
                row,
                output=LABELS[n % 3] if number == 4 or n % 2 else "salad",
                references=(LABELS[n % 3],),
                row_scores=(("accuracy", 100.0 if number == 4 or n % 2 else 0.0),),
            )
            for n, row in enumerate(read_outputs(path))
        ]
        mean = sum(dict(row.row_scores)["accuracy"] for row in rows) / len(rows)
        meta = read_meta(path)
        assert meta is not None
        scores = (Score("accuracy", mean, f"accuracy|n:{len(rows)}"),)
        write_outputs(path, rows, replace(meta, scores=scores))

    def entry(run: RunModel, style: int) -> SystemEntry:
        made = run_entry(run, style)
        return replace(made, task=INFO.name) if "labels" in run.meta.name else made

    monkeypatch.setattr(systems_model, "run_entry", entry)
    return make_page(runs_project, TASKS)


def heads(page: ComparePage) -> list[str]:
    return [column.title for column in page.scores.model.columns]


def test_its_view_is_shown_over_the_same_table_and_list(qtbot: QtBot, page: ComparePage) -> None:
    choose(qtbot, page, "labels A", "labels B")
    qtbot.waitUntil(lambda: page.scores.scores.rows[1].mean_difference is not None)
    view = page.view.predictions
    assert isinstance(view, LabelView)
    assert all(tool.isVisible() for tool in view.tools)
    example = page.model.example
    assert example is not None
    assert view.predicted.text() == ", ".join(example.outputs)
    assert page.model.metric == "accuracy"
    assert heads(page)[:4] == ["System", "Accuracy", "Δ Accuracy", "Mean row Δ Accuracy"]
    assert [column.title for column in page.list.model.columns][-2:] == ["A Accuracy", "B Accuracy"]
    counts = page.list.histogram.bars.counts
    assert sorted(count for count in counts if count) == [12, 12]
    mean = page.scores.scores.rows[1].mean_difference
    assert mean is not None
    assert (mean.mean, mean.worse, mean.equal) == (-50.0, 12, 12)
    assert page.messages.isVisible()
    assert not page.messages.differing.isVisible()


def test_what_it_does_not_have_is_not_offered(qtbot: QtBot, page: ComparePage) -> None:
    choose(qtbot, page, "labels A", "labels B")
    assert not page.judge.isVisible()
    choose(qtbot, page, "twin", "prefix 10")
    assert page.judge.isVisible()
    bare = [entry for entry in page.systems.entries if entry.kind is Kind.BARE]
    assert [entry.task for entry in bare] == ["generation"]


def test_the_view_follows_the_chosen_systems(qtbot: QtBot, page: ComparePage) -> None:
    choose(qtbot, page, "twin", "prefix 10")
    assert isinstance(page.view.predictions, GenerationView)
    choose(qtbot, page, "labels A", "labels B")
    qtbot.waitUntil(lambda: page.findChildren(GenerationView) == [])
    choose(qtbot, page, "prefix 10", "twin")
    assert isinstance(page.view.predictions, GenerationView)
    assert len(page.view.predictions.outputs) == 2
    assert page.model.metric == "bleu"
    assert heads(page)[1] == "BLEU"
    qtbot.keyClick(page.list.table, Qt.Key.Key_Right)
    assert page.model.current == page.model.listed[1]


def test_systems_of_two_tasks_are_said_to_differ(qtbot: QtBot, page: ComparePage) -> None:
    choose(qtbot, page, "twin", "labels B")
    assert "The tasks differ: A generation; B labels." in page.messages.differing.label.text()
