"""Decoding: a batch equals its rows alone, and transformers' own search with the prefix cached."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import DynamicCache

from engine.backbones.loading import Backbone
from engine.contract.errors import Cancelled
from engine.contract.methods.prefix import Init, PrefixMethod
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.decoder import decode, decoding_signature
from engine.methods.finetune import BareBackbone
from engine.methods.prefix import PrefixTuning
from engine.reporter import Silent
from tests.engine.tiny import load, tiny
from tests.helpers.errors import refused
from tests.helpers.tiny_backbones import DECODERS, save_tiny

PROMPTS = ([7, 8, 9], [20, 21, 22, 23, 24, 25, 26], [30], [40, 41, 42, 43])
STRATEGIES = {
    "greedy": DecodingSpec(strategy=Strategy.GREEDY, max_new_tokens=12),
    "beam": DecodingSpec(
        strategy=Strategy.BEAM, num_beams=3, max_new_tokens=12, length_penalty=0.8
    ),
    "sampling": DecodingSpec(
        strategy=Strategy.SAMPLING, temperature=0.9, top_k=50, top_p=0.95, max_new_tokens=12, seed=3
    ),
    "no repeats": DecodingSpec(
        strategy=Strategy.GREEDY, no_repeat_ngram=2, repetition_penalty=1.2, max_new_tokens=12
    ),
}


def prefix(folder: Path, family: str) -> PrefixTuning:
    method = PrefixMethod(prefix_length=5, mid_dim=16, init=Init.RANDOM)
    return PrefixTuning(tiny(folder, family), method, seed=1)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
@pytest.mark.parametrize("name", STRATEGIES)
def test_rows_of_a_batch_equal_the_lone_rows(family: str, name: str, tmp_path: Path) -> None:
    system, decoding = prefix(tmp_path, family), STRATEGIES[name]
    together = decode(system, PROMPTS, decoding, Silent()).texts
    alone = tuple(decode(system, [one], decoding, Silent()).texts[0] for one in PROMPTS)
    assert together == alone
    assert len(set(together)) > 1


def cached_search(
    backbone: Backbone, tuned: PrefixTuning, prompt: list[int], decoding: DecodingSpec
) -> str:
    """transformers' `generate` with the prefix as a filled cache: the reference."""
    model = type(backbone.model).from_pretrained(backbone.folder, attn_implementation="eager")
    model.eval()
    cache = DynamicCache()
    entries = tuned.folded()
    for layer, site in enumerate(sorted(entries)):
        key, value = entries[site].unsqueeze(1)
        cache.update(key.clone(), value.clone(), layer)
    cache.batch_repeat_interleave(decoding.num_beams)
    length = tuned.position_offset
    # `generate` counts what the cache holds as part of the prompt.
    ids = torch.tensor([[0] * length + prompt])
    with torch.no_grad():
        output = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            past_key_values=cache,
            do_sample=False,
            num_beams=decoding.num_beams,
            length_penalty=decoding.length_penalty,
            max_new_tokens=decoding.max_new_tokens,
            min_new_tokens=1,
            pad_token_id=backbone.tokenizer.pad_token_id,
            eos_token_id=backbone.tokenizer.eos_token_id,
        )
    text: str = backbone.tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True)
    return text.strip()


@pytest.mark.parametrize("family", DECODERS)
@pytest.mark.parametrize("beams", [1, 4])
def test_search_equals_transformers_with_the_prefix_in_the_cache(
    family: str, beams: int, tmp_path: Path
) -> None:
    system = prefix(tmp_path, family)
    strategy = Strategy.BEAM if beams > 1 else Strategy.GREEDY
    decoding = DecodingSpec(strategy=strategy, num_beams=beams, max_new_tokens=15)
    ours = decode(system, PROMPTS, decoding, Silent()).texts
    for prompt, text in zip(PROMPTS, ours, strict=True):
        assert text == cached_search(system.backbone, system, prompt, decoding)


@pytest.mark.parametrize("family", ["llama", "bart"])
@pytest.mark.parametrize("strategy", Strategy)
def test_outputs_of_one_line(family: str, strategy: Strategy, tmp_path: Path) -> None:
    """A backbone that wants a line break at every second token writes none."""
    backbone = tiny(tmp_path, family)
    breaks = backbone.line_break_ids
    assert backbone.tokenizer.decode(breaks) == "\n"
    steps = itertools.count()

    def prefer_breaks(_head: object, _given: object, logits: torch.Tensor) -> torch.Tensor:
        logits[..., breaks[0]] += 100 if next(steps) % 2 else -100
        return logits

    backbone.model.get_output_embeddings().register_forward_hook(prefer_breaks)
    system = BareBackbone(backbone)
    free = DecodingSpec(strategy=strategy, num_beams=3, max_new_tokens=20, min_new_tokens=20)
    assert any("\n" in text for text in decode(system, PROMPTS, free, Silent()).texts)
    bound = replace(free, line_breaks=False)
    found = decode(system, PROMPTS, bound, Silent()).texts
    assert not any("\n" in text for text in found)
    assert all(len(text) > 5 for text in found)


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_backbones_own_habits_do_not_enter(name: str, tmp_path: Path) -> None:
    """BART's files bring four beams, a first token and lengths, in one of two places."""
    plain = BareBackbone(tiny(tmp_path / "plain", "bart"))
    expected = decode(plain, PROMPTS, STRATEGIES[name], Silent()).texts
    habits = {
        "num_beams": 4,
        "early_stopping": True,
        "length_penalty": 2.0,
        "min_length": 8,
        "forced_bos_token_id": 0,
        "no_repeat_ngram_size": 1,
        "repetition_penalty": 1.5,
    }
    for file in ("config.json", "generation_config.json"):
        folder = save_tiny(tmp_path / file, "bart")
        path = folder / file
        path.write_text(json.dumps(json.loads(path.read_text()) | habits))
        system = BareBackbone(load(folder))
        assert decode(system, PROMPTS, STRATEGIES[name], Silent()).texts == expected


def test_samples_repeat_with_the_seed_and_differ_without(tmp_path: Path) -> None:
    system = prefix(tmp_path, "llama")
    first, again, other = (
        decode(
            system,
            PROMPTS,
            DecodingSpec(strategy=Strategy.SAMPLING, seed=seed, max_new_tokens=12),
            Silent(),
        ).texts
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_sampling_follows_the_backbones_distribution(tmp_path: Path) -> None:
    """Of many first tokens, the shares are the softmax's: the noise is Gumbel's."""
    system = BareBackbone(tiny(tmp_path, "llama"))
    prompt = [7, 8, 9]
    with torch.no_grad():
        logits = system.backbone.model(input_ids=torch.tensor([prompt])).logits[0, -1]
    likeliest = logits.topk(3)
    shares = torch.softmax(likeliest.values, dim=0)
    texts = [
        decode(
            system,
            [prompt],
            DecodingSpec(
                strategy=Strategy.SAMPLING, top_k=3, max_new_tokens=1, seed=seed, min_new_tokens=0
            ),
            Silent(),
        ).texts[0]
        for seed in range(300)
    ]
    for token, share in zip(likeliest.indices.tolist(), shares.tolist(), strict=True):
        text = system.backbone.tokenizer.decode([token], skip_special_tokens=True).strip()
        # Four standard deviations of a share over 300 draws.
        allowed = 4 * (share * (1 - share) / 300) ** 0.5
        assert abs(texts.count(text) / 300 - share) < allowed + 1e-9


def test_outputs_that_cannot_fit_are_refused_before_decoding(tmp_path: Path) -> None:
    system = prefix(tmp_path, "gpt2")
    with refused("output-beyond-positions", needed=308, prefix=5, longest=3, max_new_tokens=300):
        decode(system, [[1, 2, 3]], DecodingSpec(max_new_tokens=300), Silent())


@pytest.mark.parametrize("family", ["llama", "gpt2", "bart"])
def test_a_cancel_gets_through_between_two_tokens(family: str, tmp_path: Path) -> None:
    class Impatient:
        calls = 0

        def update(self, done: int, total: int, unit: str, text: str = "") -> None:
            self.calls += 1
            if self.calls == 3:
                raise Cancelled

    reporter = Impatient()
    with pytest.raises(Cancelled):
        decode(prefix(tmp_path, family), PROMPTS, DecodingSpec(max_new_tokens=50), reporter)
    assert reporter.calls == 3


@pytest.mark.parametrize(
    ("decoding", "expected"),
    [
        (DecodingSpec(), "beam5|lp1|max100"),
        (DecodingSpec(strategy=Strategy.GREEDY), "greedy|max100"),
        (DecodingSpec(strategy=Strategy.BEAM, length_penalty=0.8), "beam5|lp0.8|max100"),
        (STRATEGIES["sampling"], "sampling3|t0.9|k50|p0.95|max12"),
        (STRATEGIES["no repeats"], "greedy|rp1.2|nr2|max12"),
        (DecodingSpec(line_breaks=False), "beam5|lp1|oneline|max100"),
    ],
)
def test_the_signature_names_what_changes_outputs(decoding: DecodingSpec, expected: str) -> None:
    assert decoding_signature(decoding) == expected
