"""The choice of a method: its own settings, its cost, its drawing, a run of it."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt

from app.context import AppContext
from app.pages.runs.form.cost_panel import COUNTING, UNCOUNTED
from app.pages.runs.form.sections import METHOD
from app.pages.runs.page import RunsPage
from engine.contract.methods.adapter import AdapterMethod
from engine.contract.methods.all import METHODS, METHODS_BY_NAME
from engine.contract.methods.cost import cost
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.info import MethodInfo
from engine.contract.protocol.backbones import Counted, CountParameters
from engine.contract.runs.events import Blame
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.run import default_training, describe_method
from tests.app.runs.conftest import SHAPE, SMOL, cost_text
from tests.helpers.fake_ports import FakeClient

OWN = {
    "prefix": {"parametrisation", "depth", "position", "mid_dim", "init", "init_text"}
    | {"layers", "dropout", "frozen_dropout", "encoder_self", "decoder_self", "decoder_cross"},
    "finetune": {"backbone_dropout"},
    "top-layers": {"top_layers", "embeddings", "backbone_dropout"},
    "bitfit": {"backbone_dropout"},
    "norms": {"backbone_dropout"},
    "adapter": {"design", "bottleneck", "budget_percent", "backbone_dropout"},
    "lora": {"rank", "alpha", "lora_dropout", "backbone_dropout"},
    "ia3": {"backbone_dropout"},
    "prompt": {"prompt_length", "init", "init_text"},
    "p-tuning": {"prompt_length", "prompt_encoder", "encoder_hidden"},
}
DRAWN = {
    "finetune": "All 30 layers are trained",
    "top-layers": "The last 2 of 30 layers and the norm are trained",
    "bitfit": "In each of the 30 layers the biases are trained",
    "norms": "In each of the 30 layers the norms are trained",
    "adapter": "After each of the 30 frozen layers, a small trained one is added",
    "lora": "the product of two trained matrices of rank 8",
    "ia3": "trained vectors scale what the attention reads",
    "prompt": "Before the first of 30 frozen layers stand 20 trained embeddings",
    "p-tuning": "stand 20 embeddings; a small trained network, dropped afterwards",
}


def choose(page: RunsPage, name: str) -> None:
    """As a user does."""
    box = page.form.method
    place = list(METHODS_BY_NAME).index(name)
    box.setCurrentIndex(place)
    box.activated.emit(place)


FOR_TEXTS = [info for info in METHODS if info.can_predict(AnswerKind.TEXT)]


@pytest.mark.parametrize("info", FOR_TEXTS, ids=lambda info: info.name)
def test_a_method_shows_its_own_settings_and_makes_its_run(
    info: MethodInfo[Any], page: RunsPage, context: AppContext
) -> None:
    choose(page, info.name)
    draft = page.planner.form.draft
    assert draft.info is info
    shown = {name for name in METHOD.names if draft.uses(name)}
    assert shown == {f"method.{name}" for name in OWN[info.name]}
    assert page.form.length.isVisible() == (info.name == "prefix")
    page.launch.train.click()
    (run,) = context.runs.all()
    assert run.spec.method == info.spec()
    assert run.meta.name == describe_method(info.spec())
    usual = default_training(info.spec())
    assert run.spec.training.learning_rate == usual.learning_rate


@pytest.mark.parametrize("info", METHODS, ids=lambda info: info.name)
def test_the_cost_is_exact(info: MethodInfo[Any], page: RunsPage, model_client: FakeClient) -> None:
    choose(page, info.name)
    counted = cost(SHAPE, info.spec()).trainable
    if counted is None:
        counted = 123_456
        text = cost_text(page)
        assert f"Trained: {COUNTING}" in text
        assert f"Frozen: {COUNTING}" in text
        assert f"File: {COUNTING}, of 538 MB" in text
        pending = model_client.last(CountParameters)
        assert pending.command == CountParameters(SMOL.name, info.spec())
        pending.answer(Counted(counted))
    text = cost_text(page)
    assert f"Trained: {counted:,} (" in text
    frozen = 0 if info.is_baseline else SHAPE.parameters
    assert f"Frozen: {frozen:,}" in text


def test_a_count_is_asked_for_once_and_given_up_when_another_is_wanted(
    page: RunsPage, model_client: FakeClient
) -> None:
    choose(page, "lora")
    (first,) = model_client.open_tickets(CountParameters)
    page.planner.form.set("training.epochs", 3.0)
    assert model_client.open_tickets(CountParameters) == [first]
    page.planner.form.set("method.rank", 4)
    assert first.cancel_asked
    assert not page.planner.error
    model_client.last(CountParameters).answer(Counted(230_400))
    assert "Trained: 230,400 (" in cost_text(page)
    choose(page, "prefix")
    asked = len(model_client.asked)
    choose(page, "lora")
    assert "Trained: 230,400 (" in cost_text(page)
    assert len(model_client.asked) == asked


def test_a_method_that_cannot_train_the_backbone_is_refused_in_the_form(
    page: RunsPage, model_client: FakeClient
) -> None:
    choose(page, "bitfit")
    model_client.last(CountParameters).fail("It has no biases: choose another method.")
    assert page.planner.error.message == "It has no biases: choose another method."
    assert not page.launch.train.isEnabled()
    choose(page, "prefix")
    assert page.launch.train.isEnabled()


def test_a_fault_of_the_engine_leaves_the_count_open(
    page: RunsPage, model_client: FakeClient
) -> None:
    choose(page, "lora")
    model_client.last(CountParameters).fail("KeyError: 3", blame=Blame.ENGINE)
    assert f"Trained: {UNCOUNTED}" in cost_text(page)
    assert page.launch.train.isEnabled()


@pytest.mark.parametrize("kind", DRAWN)
def test_the_drawing_is_of_the_method(kind: str, page: RunsPage) -> None:
    before = page.form.drawing.grab().toImage()
    choose(page, kind)
    assert DRAWN[kind] in page.form.drawing.accessibleDescription()
    assert page.form.drawing.grab().toImage() != before


def test_the_box_follows_undo_and_tells_what_is_chosen(page: RunsPage, context: AppContext) -> None:
    choose(page, "lora")
    assert page.form.method.currentText() == "LoRA"
    assert "thin matrices" in page.form.method.toolTip()
    context.undo.undo()
    assert page.form.method.currentText() == "Prefix-tuning"
    for place, info in enumerate(FOR_TEXTS):
        assert page.form.method.itemData(place, Qt.ItemDataRole.ToolTipRole) == info.help


def test_a_rival_has_a_fine_tuned_twin(page: RunsPage, context: AppContext) -> None:
    choose(page, "adapter")
    page.launch.both.click()
    rival, twin = context.runs.all()
    assert rival.spec.method == AdapterMethod()
    assert isinstance(twin.spec.method, FinetuneMethod)


def test_a_bottleneck_takes_the_place_of_the_budget(page: RunsPage) -> None:
    choose(page, "adapter")
    page.planner.form.set("method.bottleneck", 16)
    draft = page.planner.form.draft
    assert not draft.uses("method.budget_percent")
    assert f"Trained: {30 * (2 * 576 * 16 + 16 + 3 * 576):,} (" in cost_text(page)
