"""The live figures: the contract's cost, the engine's steps, and times that were measured."""

from dataclasses import replace

import pytest

from app.pages.runs.form.draft import change, default_draft
from app.pages.runs.form.estimates import live_cost, steps
from engine.contract.methods.cost import cost
from engine.contract.methods.prefix import Parametrisation
from engine.contract.specs.answer import AnswerKind
from engine.contract.tasks.words import ReadoutKind
from tests.app.runs.conftest import REPORT, SMOL


@pytest.mark.parametrize("length", [1, 10, 512])
@pytest.mark.parametrize("form", Parametrisation)
def test_the_cost_is_the_contracts(length: int, form: Parametrisation) -> None:
    draft = default_draft("b").changed(
        {"method.prefix_length": length, "method.parametrisation": form}
    )
    tokens = 8 * 200 // 4  # batch of 8, 120 + 80 characters a row, 4 characters a token
    expected = cost(SMOL.shape, draft.method(), tokens_per_batch=tokens)
    assert live_cost(draft, SMOL, REPORT) == expected
    assert live_cost(draft, SMOL, None) == cost(SMOL.shape, draft.method())


def test_steps_are_the_engines() -> None:
    """ceil(epochs * ceil(ceil(rows / batch) / accumulation)), as engine/training/loop.py."""
    draft = default_draft("b").changed({"training.batch_size": 10})
    assert steps(draft, 192) == 5 * 20
    accumulated = draft.changed({"training.accumulation_steps": 3, "training.epochs": 2.5})
    assert steps(accumulated, 192) == 18  # 20 batches, 7 steps a pass, 17.5 steps
    assert steps(draft.changed({"training.max_steps": 33}), None) == 33
    assert steps(draft, None) is None
    assert steps(draft.changed({"training.batch_size": 0}), 192) is None


def test_a_head_is_counted() -> None:
    draft = default_draft("b", AnswerKind.LABEL)
    report = replace(REPORT, outputs=3, category_outputs=5)
    alone = change(draft, "method.kind", "frozen")
    width = SMOL.shape.width
    assert live_cost(alone, SMOL, report).trainable == 3 * (width + 1)
    layered = live_cost(alone.changed({"head.hidden_layers": 2}), SMOL, report)
    assert layered.trainable == layered.stored == (2 * width + 3) * (width + 1)
    by_category = alone.changed({"head.per_category": True})
    assert live_cost(by_category, SMOL, report).trainable == 5 * (width + 1)
    prefix = live_cost(draft, SMOL, report).trainable
    assert prefix == (cost(SMOL.shape, draft.method()).trainable or 0) + 3 * (width + 1)
    by_words = draft.changed({"words.readout": ReadoutKind.WORDS})
    assert live_cost(by_words, SMOL, report).trainable == prefix - 3 * (width + 1)


def test_fine_tuning_stores_the_whole_backbone() -> None:
    draft = change(default_draft("b"), "method.kind", "finetune")
    assert live_cost(draft, SMOL, None).stored == SMOL.shape.parameters
