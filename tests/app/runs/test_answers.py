"""The form by what the data asks for: labels, tags and spans."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.runs.form.presets import PRESETS
from app.pages.runs.page import RunsPage
from engine.contract.backbone import BackboneEntry, BackboneShape, BackboneSource
from engine.contract.methods.all import METHODS
from engine.contract.methods.frozen import FrozenMethod
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.run import default_training
from engine.contract.tasks.all import task_for, task_info
from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.readouts import Pooling
from engine.contract.tasks.words import ReadoutKind
from tests.app.runs.conftest import SMOL
from tests.app.runs.test_methods import choose

BERT = BackboneEntry(
    "bert-base-cased", "BERT base", BackboneSource.HUB, "google-bert/bert-base-cased",
    "Apache-2.0", 436_000_000,
    BackboneShape(
        12, 12, 64, 768, 108_000_000, 28_996, 512, reads_only=True, fills_blanks=True
    ),
)  # fmt: skip


@pytest.fixture
def bert(catalog: list[BackboneEntry]) -> BackboneEntry:
    catalog.append(BERT)
    return BERT


def ask_for(context: AppContext, answer: AnswerKind) -> None:
    """As the Data page's question does."""
    entry = context.project.dataset
    assert entry is not None
    mapping = dataclasses.replace(entry.mapping, answer=answer)
    changed = dataclasses.replace(entry, mapping=mapping)
    context.project.edit_dataset("Change what is predicted", changed)


def shown(page: RunsPage) -> set[str]:
    """The settings that can be seen once their sections are open."""
    return {
        name
        for section in page.form.sections
        for name, editor in section.editors.items()
        if not section.isHidden() and not editor.widget.isHidden()
    }


def reason(box: QComboBox, text: str) -> str:
    """Why the item that begins so cannot be chosen; "" where it can be."""
    model = box.model()
    assert isinstance(model, QStandardItemModel)
    (item,) = [model.item(row) for row in range(box.count()) if box.itemText(row).startswith(text)]
    return "" if item.isEnabled() else str(item.data(Qt.ItemDataRole.ToolTipRole))


@pytest.mark.parametrize("answer", AnswerKind, ids=lambda answer: answer.value)
def test_the_form_is_that_of_the_answer(
    answer: AnswerKind, page: RunsPage, context: AppContext, qtbot: QtBot
) -> None:
    ask_for(context, answer)
    reads = answer is not AnswerKind.TEXT
    names = shown(page)
    parts = {name.partition(".")[0] for name in names} - {"method", "training", "data"}
    assert parts == {part for part, _ in task_info(task_for(answer)).parts}
    assert ("decoding.num_beams" in names) == (not reads)
    assert ("training.objective" in names) == (not reads)
    assert bool(reason(page.form.method, "Head alone")) == (not reads)
    papers = [preset for preset in PRESETS if preset.changes]
    assert all(bool(reason(page.form.presets, preset.title)) == reads for preset in papers)
    qtbot.waitUntil(lambda: page.planner.train_rows is not None)
    assert page.form.sizes.text().startswith(task_info(task_for(answer)).title)
    spec = page.planner.spec
    assert spec is not None
    assert spec.task == task_for(answer)
    assert spec.training == default_training(spec.method, spec.task)
    assert (f"--task {answer.value}" in page.command.command()) == reads


def test_settings_of_the_task_are_in_the_run(page: RunsPage, context: AppContext) -> None:
    ask_for(context, AnswerKind.LABEL)
    choose(page, "frozen")
    page.planner.form.set("head.pooling", Pooling.MEAN)
    assert "--pooling mean" in page.command.command()
    page.launch.train.click()
    (run,) = context.runs.all()
    assert isinstance(run.spec.method, FrozenMethod)
    assert isinstance(run.spec.task, LabelTask)
    assert run.spec.task.head.pooling is Pooling.MEAN
    # Such a run's settings can be taken into the form, also when the data asks for a text.
    ask_for(context, AnswerKind.TEXT)
    assert page.planner.error is not None
    assert page.planner.error.code == "nothing-to-train"


def test_words_at_a_blank_have_no_head(page: RunsPage, context: AppContext) -> None:
    ask_for(context, AnswerKind.LABEL)
    assert "head.pooling" in shown(page)
    page.planner.form.set("words.readout", ReadoutKind.WORDS)
    assert "words.calibration" in shown(page)
    assert not any(name.startswith("head.") for name in shown(page))


def test_undoing_a_setting_keeps_what_is_predicted(page: RunsPage, context: AppContext) -> None:
    page.planner.form.set("training.batch_size", 3)
    ask_for(context, AnswerKind.TAGS)
    page.planner.form.set("training.batch_size", 5)
    context.undo.undo()
    assert page.planner.form.draft["training.batch_size"] == 3
    context.undo.undo()  # the data asks for a text again
    context.undo.undo()
    context.undo.redo()
    context.undo.redo()
    spec = page.planner.spec
    assert spec is not None
    assert task_info(spec.task).answer is AnswerKind.TAGS


def test_an_encoder_is_for_answers_that_are_read(
    bert: BackboneEntry, make_page: Callable[[Path], RunsPage], project: Path, context: AppContext
) -> None:
    page = make_page(project)
    why = reason(page.form.picker.box, bert.title)
    assert bert.title in why
    page.planner.form.set("backbone", bert.name)
    assert page.planner.error is not None
    assert page.planner.error.code == "backbone-does-not-write"
    ask_for(context, AnswerKind.SPAN)
    assert page.planner.error is None
    assert not reason(page.form.picker.box, bert.title)
    assert page.planner.spec is not None
    assert page.planner.spec.backbone == bert.name
    assert not reason(page.form.picker.box, SMOL.title)


def test_an_encoder_without_words_is_read_by_a_head(
    catalog: list[BackboneEntry],
    make_page: Callable[[Path], RunsPage],
    project: Path,
    context: AppContext,
) -> None:
    shape = dataclasses.replace(BERT.shape, fills_blanks=False)
    bare = dataclasses.replace(BERT, name="bare", title="A bare encoder", shape=shape)
    catalog.extend((BERT, bare))
    page = make_page(project)
    ask_for(context, AnswerKind.LABEL)
    page.planner.form.set("backbone", "bare")
    assert page.planner.error is None
    page.planner.form.set("words.readout", ReadoutKind.WORDS)
    assert page.planner.error is not None
    assert page.planner.error.code == "template-without-head-for-blanks"
    assert reason(page.form.picker.box, bare.title)
    assert not reason(page.form.picker.box, BERT.title)
    page.planner.form.set("backbone", SMOL.name)
    assert page.planner.error is None
    page.planner.form.set("words.template", "[blank] it is")
    assert page.planner.error is not None
    assert page.planner.error.code == "template-blank-not-last"


def test_every_method_can_predict_what_is_read() -> None:
    assert all(info.can_predict(AnswerKind.LABEL) for info in METHODS)
