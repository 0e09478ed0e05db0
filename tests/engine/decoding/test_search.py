"""The search: token for token what `generate` gives for each input alone."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import transformers

from engine.backbones.loading import Backbone
from engine.contract.methods.prefix import Init, Placement, PrefixMethod
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.beams import top_k
from engine.decoding.decoder import decode_events
from engine.decoding.processors import repeating
from engine.decoding.search import Finished
from engine.fast.path import compute_by_transformers
from engine.methods.base import System
from engine.methods.finetune import BareBackbone
from engine.methods.making import make_method
from engine.methods.per_row import PrefixPerRow
from engine.methods.prefix import PrefixTuning
from engine.reporter import Silent
from tests.engine.decoding.reference import generated, searched
from tests.engine.other_methods import OTHER_METHODS, scatter
from tests.engine.tiny import load, tiny
from tests.helpers.tiny_backbones import CONFIGS, save_tiny

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
TWO = ("greedy, all penalties", "beam")
KINDS = {
    **dict.fromkeys(("llama fast", "gpt2", "t5-flan"), tuple(SETTINGS)),
    **dict.fromkeys(("llama", "opt", "gemma", "bart", "mistral window", "gemma3 window"), TWO),
}
"""What is computed, and with which settings. (The logits of a random T5 are almost ties.)"""
METHODS = (
    *("top-layers", "bitfit", "lora", "lora-t5", "ia3-gpt2", "houlsby-opt", "houlsby-bart"),
    *("prompt", "prompt-bart", "p-tuning-lstm"),
)


def prompts(count: int) -> list[list[int]]:
    """Of 1 to 12 tokens."""
    draw = random.Random(3)
    return [[draw.randrange(3, 290) for _ in range(draw.randint(1, 12))] for _ in range(count)]


def backbone_of(folder: Path, kind: str) -> Backbone:
    """A tiny backbone of a kind of `KINDS`."""
    family, _, how = kind.partition(" ")
    if family == "gemma3":  # not in the list of architectures, but its layers differ
        config = transformers.AutoConfig.for_model(
            "gemma3_text",
            **CONFIGS["gemma"],
            vocab_size=400,
            sliding_window=4,
            layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model = transformers.AutoModelForCausalLM.from_config(config).eval()
        backbone = replace(tiny(folder, "gemma"), model=model.requires_grad_(False))
    else:
        changes = {"sliding_window": 4} if how == "window" else {}
        backbone = load(save_tiny(folder / family, family, **changes))
    if how != "fast":
        compute_by_transformers(backbone.model)
    return backbone


def end_somewhere(system: System, inputs: list[list[int]], decoding: DecodingSpec) -> None:
    """Let a token that the system often says be the one that ends an output."""
    endless = replace(decoding, min_new_tokens=decoding.max_new_tokens)
    said = Counter(token for row in searched(system, inputs, endless) for token in row[1:])
    (end, _), *_ = said.most_common(1)
    tokenizer = system.backbone.tokenizer
    tokenizer.eos_token = tokenizer.convert_ids_to_tokens(end)


def is_as_generated(system: System, inputs: list[list[int]], decoding: DecodingSpec) -> set[int]:
    """Compare with `generate`, of each input and of batches; gives the lengths of outputs."""
    end_somewhere(system, inputs, decoding)
    outputs = searched(system, inputs, decoding)
    assert outputs == generated(system, inputs, replace(decoding, batch_size=1))
    penalises = decoding.repetition_penalty != 1 or decoding.no_repeat_ngram > 0
    if system.backbone.is_encoder_decoder or not penalises:  # else `generate` penalises padding
        assert outputs == generated(system, inputs, decoding)
    return {len(output) for output in outputs}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in KINDS.items() for name in names]
)
def test_tokens_are_those_of_generate(kind: str, name: str, tmp_path: Path) -> None:
    backbone = backbone_of(tmp_path, kind)
    method = PrefixMethod(prefix_length=5, mid_dim=16, init=Init.RANDOM)
    tuned = PrefixTuning(backbone, method, seed=1)
    key_values = tuned.folded()
    short = {site: entries[:, :, 2:] for site, entries in key_values.items()}
    inputs = prompts(6)
    choice = [number % 3 for number in range(len(inputs))]
    systems: list[System] = [tuned, PrefixPerRow(backbone, [key_values, {}, short], choice)]
    if kind in ("gpt2", "llama"):
        infix = replace(method, position=Placement.INFIX)
        systems.append(PrefixTuning(backbone, infix, seed=1))
    decoding = replace(SETTINGS[name], max_new_tokens=10, batch_size=4)
    lengths = set()
    for system in (*systems, BareBackbone(backbone)):
        with system.active():
            assert (system.fast(range(len(inputs))) is not None) == kind.endswith("fast")
        lengths |= is_as_generated(system, inputs, decoding)
    assert len(lengths) > 1 or "forbidden" in name


@pytest.mark.parametrize("name", METHODS)
def test_tokens_of_other_methods_are_those_of_generate(name: str, tmp_path: Path) -> None:
    family, spec = OTHER_METHODS[name]
    backbone = backbone_of(tmp_path, family)
    method = make_method(backbone, spec, seed=1)
    scatter(method.trainable())
    for setting in TWO:
        decoding = replace(SETTINGS[setting], max_new_tokens=10, batch_size=4)
        is_as_generated(method, prompts(5), decoding)


@pytest.mark.parametrize("family", ["gpt2", "bart"])
def test_a_prompt_is_read_once_and_finished_inputs_leave(family: str, tmp_path: Path) -> None:
    backbone = backbone_of(tmp_path, family)
    system, inputs = BareBackbone(backbone), prompts(6)
    sizes = []

    def note(_model: object, _given: object, named: dict[str, torch.Tensor]) -> None:
        ids = named["decoder_input_ids" if backbone.is_encoder_decoder else "input_ids"]
        sizes.append(len(ids))

    backbone.model.register_forward_pre_hook(note, with_kwargs=True)
    searched(system, inputs, DecodingSpec(strategy=BEAM, num_beams=3, max_new_tokens=2))
    assert sizes == [6, 18]
    greedy = DecodingSpec(strategy=GREEDY, max_new_tokens=10)
    end_somewhere(system, inputs, greedy)
    sizes.clear()
    lengths = [len(output) for output in searched(system, inputs, greedy)]
    left = [sum(length >= step for length in lengths) for step in range(len(sizes))]
    assert sizes == left


@pytest.mark.parametrize("family", ["llama fast", "gpt2", "t5"])
@pytest.mark.parametrize("name", ["greedy", "sampling", "beam"])
def test_tokens_come_one_by_one(family: str, name: str, tmp_path: Path) -> None:
    system = BareBackbone(backbone_of(tmp_path, family))
    decoding = replace(SETTINGS[name], max_new_tokens=10, batch_size=4)
    end_somewhere(system, prompts(5), decoding)
    streamed: dict[int, list[int]] = {}
    ended = {}
    for event in decode_events(system, prompts(5), decoding, Silent()):
        assert not torch.is_inference_mode_enabled(), "the reader's own tensors would be unusual"
        assert event.index not in ended
        if isinstance(event, Finished):
            ended[event.index] = event.tokens
        else:
            streamed.setdefault(event.index, []).append(event.token)
    assert sorted(ended) == list(range(5))
    if name == "beam":
        assert streamed == {}
    else:
        assert {index: streamed.get(index, []) for index in ended} == ended


def test_a_reader_that_stops_leaves_the_backbone_as_it_was(tmp_path: Path) -> None:
    backbone = backbone_of(tmp_path, "gpt2")
    tuned = PrefixTuning(backbone, PrefixMethod(prefix_length=5, mid_dim=16), seed=1)
    ids = torch.tensor([[5, 6, 7]])
    before = backbone.model(input_ids=ids).logits
    events = decode_events(tuned, prompts(3), SETTINGS["greedy"], Silent())
    next(events)
    assert not torch.equal(backbone.model(input_ids=ids).logits, before)
    events.close()
    assert torch.equal(backbone.model(input_ids=ids).logits, before)


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
