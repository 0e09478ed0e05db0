"""The search of our own: token for token what `generate` gives for each input alone."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from engine.backbones.loading import Backbone
from engine.contract.methods.prefix import Init, PrefixMethod
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.decoder import decode
from engine.decoding.processors import repeating
from engine.decoding.search import top_k
from engine.methods.finetune import BareBackbone
from engine.methods.per_row import PrefixPerRow
from engine.methods.prefix import PrefixTuning
from engine.reporter import Silent
from tests.engine.tiny import tiny

BEAM, GREEDY, SAMPLING = Strategy.BEAM, Strategy.GREEDY, Strategy.SAMPLING
SETTINGS = {
    "greedy": DecodingSpec(strategy=GREEDY),
    "greedy, early end forbidden": DecodingSpec(strategy=GREEDY, min_new_tokens=9),
    "greedy, all penalties": DecodingSpec(
        strategy=GREEDY, repetition_penalty=1.3, no_repeat_ngram=2, line_breaks=False
    ),
    "beam": DecodingSpec(strategy=BEAM, num_beams=5),
    "beam, short outputs favoured": DecodingSpec(strategy=BEAM, num_beams=4, length_penalty=0.5),
    "beam, long outputs favoured": DecodingSpec(strategy=BEAM, num_beams=4, length_penalty=2.0),
    "beam, early end forbidden": DecodingSpec(strategy=BEAM, num_beams=3, min_new_tokens=9),
    "beam, all penalties": DecodingSpec(
        strategy=BEAM, num_beams=3, repetition_penalty=1.3, no_repeat_ngram=2, line_breaks=False
    ),
    "sampling": DecodingSpec(strategy=SAMPLING, temperature=0.8, top_k=40, top_p=0.9, seed=5),
    "sampling, all penalties": DecodingSpec(
        strategy=SAMPLING, repetition_penalty=1.2, no_repeat_ngram=3, min_new_tokens=4
    ),
}
LIMIT = 12


def prompts(count: int) -> list[list[int]]:
    """Of 1 to 12 tokens."""
    draw = random.Random(3)
    return [[draw.randrange(3, 300) for _ in range(draw.randint(1, 12))] for _ in range(count)]


def likes_to_end(backbone: Backbone) -> None:
    """Make the end token likely, so that outputs end at all places."""
    head, end = backbone.model.get_output_embeddings(), backbone.tokenizer.eos_token_id
    with torch.no_grad():
        head.weight[end] = 1.6 * head.weight[30:60].mean(dim=0) + 0.3 * head.weight[end]


@pytest.mark.parametrize("name", SETTINGS)
def test_tokens_are_those_of_generate(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = tiny(tmp_path, "llama")
    likes_to_end(backbone)
    method = PrefixMethod(prefix_length=5, mid_dim=16, init=Init.RANDOM)
    tuned = PrefixTuning(backbone, method, seed=1)
    key_values = tuned.folded()
    short = {site: entries[:, :, 2:] for site, entries in key_values.items()}
    inputs = prompts(9)
    choice = [number % 3 for number in range(len(inputs))]
    systems = (
        tuned,
        BareBackbone(backbone),
        PrefixPerRow(backbone, [key_values, {}, short], choice),
    )
    decoding = SETTINGS[name].__class__(
        **{**vars(SETTINGS[name]), "max_new_tokens": LIMIT, "batch_size": 5}
    )
    for system in systems:
        with system.active():
            assert system.fast(range(len(inputs))) is not None
    ours = [decode(system, inputs, decoding, Silent()) for system in systems]
    lone = DecodingSpec(**{**vars(decoding), "batch_size": 1})
    for kind in (PrefixTuning, BareBackbone, PrefixPerRow):
        monkeypatch.setattr(kind, "fast", lambda self, rows: None)
    for system, decoded in zip(systems, ours, strict=True):
        reference = decode(system, inputs, lone, Silent())
        assert decoded.texts == reference.texts
        assert decoded.new_tokens == reference.new_tokens
    assert len(set(ours[0].texts)) > 3


def test_the_largest_of_a_row_by_blocks() -> None:
    values = torch.randn(7, 128 * 40, generator=torch.Generator().manual_seed(1))
    values[3, 500:] = -float("inf")
    for count in (1, 6, 20):
        largest, places = top_k(values, count)
        expected = values.topk(count)
        assert torch.equal(largest, expected[0])
        assert torch.equal(places, expected[1])


def test_what_would_repeat_an_n_gram() -> None:
    assert repeating([1, 2, 3, 1, 2], 3) == [3]
    assert repeating([1, 2, 1, 3, 1], 2) == [2, 3]
    assert repeating([4, 5], 1) == [4, 5]
    assert repeating([1], 3) == []
