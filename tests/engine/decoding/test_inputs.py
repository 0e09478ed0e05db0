"""Inputs that differ in how they are decoded, arrive during the search, and leave it early."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.backbones.loading import Backbone
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.decoder import decode_events, stepper_of
from engine.decoding.processors import SearchInput
from engine.decoding.search import Finished, Source, Streamed, search
from engine.methods.finetune import BareBackbone
from engine.methods.per_row import PrefixPerRow
from engine.methods.prefix import PrefixTuning, SavedPrefix
from engine.reporter import Silent
from tests.engine.decoding.reference import searched
from tests.engine.decoding.test_search import backbone_of, prompts

GREEDY = DecodingSpec(strategy=Strategy.GREEDY, max_new_tokens=10, batch_size=3)
SAMPLING = replace(GREEDY, strategy=Strategy.SAMPLING, temperature=0.9)
SETTINGS = (
    GREEDY,
    replace(SAMPLING, seed=4, top_k=20),
    replace(GREEDY, repetition_penalty=1.4, line_breaks=False, max_new_tokens=4),
    replace(SAMPLING, seed=5, top_p=0.7, min_new_tokens=6, max_new_tokens=12),
    replace(GREEDY, no_repeat_ngram=1, max_new_tokens=1),
    replace(SAMPLING, seed=6, top_k=20),
)
FAMILIES = ("llama fast", "gpt2", "t5-flan")


class Trickle:
    """A source that gives an input when it is asked for the second time."""

    def __init__(self, inputs: Sequence[SearchInput]) -> None:
        self._inputs, self._asked = list(inputs), 0

    def take(self, most: int, *, wait: bool) -> Sequence[SearchInput]:
        """The next input, every other time, or when nothing else is to be done."""
        self._asked += 1
        if not self._inputs or not (wait or self._asked % 2):
            return []
        return [self._inputs.pop(0)]


def events_of(
    system: PrefixPerRow | BareBackbone, inputs: Sequence[SearchInput] | Source, rows: int = 1
) -> list[Finished | Streamed]:
    backbone: Backbone = system.backbone
    with torch.inference_mode(), system.active():
        return list(
            search(
                stepper_of(system, range(rows)),
                inputs,
                GREEDY,
                end=backbone.tokenizer.eos_token_id,
                start=backbone.decoder_start_id if backbone.is_encoder_decoder else None,
                line_breaks=backbone.line_break_ids,
            )
        )


def outputs_of(events: Sequence[Finished | Streamed]) -> dict[int, list[int]]:
    return {event.index: event.tokens for event in events if isinstance(event, Finished)}


@pytest.mark.parametrize("family", FAMILIES)
def test_each_input_is_decoded_as_it_is_alone_though_they_arrive_one_by_one(
    family: str, tmp_path: Path
) -> None:
    backbone = backbone_of(tmp_path, family)
    tuned = [
        PrefixTuning(backbone, PrefixMethod(prefix_length=5, mid_dim=16), seed=s) for s in (1, 2)
    ]
    prefixes = [{}, *(one.folded() for one in tuned)]
    system = PrefixPerRow(backbone, prefixes, range(3))
    inputs = [
        SearchInput(100 + number, number % 3, prompt, SETTINGS[number % len(SETTINGS)])
        for number, prompt in enumerate(prompts(9))
    ]
    outputs = outputs_of(events_of(system, Trickle(inputs), rows=3))
    assert sorted(outputs) == list(range(100, 109))
    for row in inputs:
        alone = SavedPrefix(backbone, prefixes[row.row]) if row.row else BareBackbone(backbone)
        assert [outputs[row.index]] == searched(alone, [row.tokens], row.decoding)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_input_leaves_when_it_says_so_and_the_others_go_on(family: str, tmp_path: Path) -> None:
    system = BareBackbone(backbone_of(tmp_path, family))
    endless = replace(GREEDY, min_new_tokens=10)
    inputs = [SearchInput(number, 0, prompt, endless) for number, prompt in enumerate(prompts(3))]
    whole = outputs_of(events_of(system, inputs))
    inputs[1] = replace(inputs[1], is_over=lambda tokens: len(tokens) == 3)
    outputs = outputs_of(events_of(system, inputs))
    assert outputs == {**whole, 1: whole[1][:3]}


@pytest.mark.parametrize("family", FAMILIES)
def test_log_probabilities_are_those_of_the_backbone(family: str, tmp_path: Path) -> None:
    backbone = backbone_of(tmp_path, family)
    system, prompt = BareBackbone(backbone), prompts(3)[2]
    decoding = replace(GREEDY, repetition_penalty=1.5)
    events = list(decode_events(system, [prompt], decoding, Silent(), alternatives=4))
    streamed = [event for event in events if isinstance(event, Streamed)]
    output = [event.token for event in streamed]
    assert len(output) > 1
    with torch.inference_mode():
        if backbone.is_encoder_decoder:
            decoded = torch.tensor([[backbone.decoder_start_id, *output]])
            logits = backbone.model(
                input_ids=torch.tensor([prompt]), decoder_input_ids=decoded
            ).logits
        else:
            logits = backbone.model(input_ids=torch.tensor([[*prompt, *output]])).logits
    expected = logits[0, -len(output) - 1 : -1].log_softmax(-1)
    for event, values in zip(streamed, expected, strict=True):
        assert event.log_probability == pytest.approx(float(values[event.token]), abs=1e-3)
        largest, ids = values.topk(4)
        assert [token for token, _ in event.alternatives] == ids.tolist()
        assert [value for _, value in event.alternatives] == pytest.approx(
            largest.tolist(), abs=1e-3
        )


def test_nothing_is_reported_that_was_not_asked_for(tmp_path: Path) -> None:
    system = BareBackbone(backbone_of(tmp_path, "gpt2"))
    events = decode_events(system, prompts(2), GREEDY, Silent())
    streamed = [event for event in events if isinstance(event, Streamed)]
    assert {(event.log_probability, event.alternatives) for event in streamed} == {(None, ())}
