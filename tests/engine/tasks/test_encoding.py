"""From examples to token ids: what is cut is told, what cannot fit is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.backbones.loading import Backbone
from engine.contract.errors import Cancelled
from engine.contract.specs.data import DataSpec, Mapping
from engine.data.examples import EvalInput, ExampleSets, TrainRow
from engine.reporter import Silent
from engine.tasks.generation.encoding import encode
from tests.engine.tiny import tiny
from tests.helpers.errors import refused

DATA = DataSpec("", "", Mapping(()))


@pytest.fixture
def backbone(tmp_path: Path) -> Backbone:
    return tiny(tmp_path, "llama")


def examples(text: str = "a b") -> ExampleSets:
    held_out = EvalInput("id", (), text, ("one", "two"))
    return ExampleSets([TrainRow(text, "s"), TrainRow("x", text)], [held_out], [])


def test_a_row_for_each_reference_and_a_prompt_for_each_input(backbone: Backbone) -> None:
    prepared = encode(DATA, examples(), backbone, Silent(), position_offset=4)
    assert len(prepared.train) == 2
    assert len(prepared.valid.prompts) == 1
    assert len(prepared.valid.rows) == 2
    assert all(list(row.source) == prepared.valid.prompts[0] for row in prepared.valid.rows)
    assert prepared.test.inputs == []
    assert prepared.notes == ()
    for row in (*prepared.train, *prepared.valid.rows):
        assert row.target[-1] == backbone.tokenizer.eos_token_id


def test_what_is_cut_is_counted(backbone: Backbone) -> None:
    data = replace(DATA, max_source_tokens=5, max_target_tokens=4)
    prepared = encode(data, examples("word " * 20), backbone, Silent(), position_offset=4)
    assert prepared.notes == (
        "2 inputs were longer than 5 tokens and were cut at the end.",
        "1 target was longer than 4 tokens and was cut at the end.",
    )


def test_a_row_that_does_not_fit_names_the_limit(backbone: Backbone) -> None:
    with refused("row-beyond-positions", prefix=4, limit=256):
        encode(DATA, examples("word " * 300), backbone, Silent(), position_offset=4)
    with refused("row-beyond-positions", prefix=250, limit=256):
        encode(DATA, examples(), backbone, Silent(), position_offset=250)


def test_a_validation_row_that_does_not_fit_is_told_before_training(backbone: Backbone) -> None:
    fits = examples()
    (one, *others) = fits.valid
    long = replace(one, references=("word " * 300,))
    held_out = replace(fits, valid=[long, *others])
    with refused("row-beyond-positions", prefix=4, limit=256):
        encode(DATA, held_out, backbone, Silent(), position_offset=4)


def test_it_can_be_given_up(backbone: Backbone) -> None:
    class Impatient:
        def update(self, done: int, total: int, unit: str, text: str = "") -> None:
            raise Cancelled

    with pytest.raises(Cancelled):
        encode(DATA, examples(), backbone, Impatient(), position_offset=4)
