"""Many prefixes in one batch: each row equals itself alone behind its own prefix."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.backbones.loading import Backbone
from engine.contract.methods.prefix import Init, Parametrisation, PrefixMethod
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.decoder import decode
from engine.fast.path import compute_by_transformers
from engine.methods.attention import KeyValues
from engine.methods.finetune import BareBackbone
from engine.methods.per_row import PrefixPerRow
from engine.methods.prefix import PrefixTuning, SavedPrefix
from engine.reporter import Silent
from engine.tasks.generation.batches import IGNORED, collate_for, token_row
from engine.tasks.generation.held_out import held_out_loss
from engine.tasks.generation.loss import loss_sum
from tests.engine.tiny import tiny

LENGTHS = (1, 2, 3, 5, 8, 13, 21, 30)
FAMILIES = ("gpt2", "llama", "bart", "t5")
PROMPTS = [[5 + number, 6, *range(10, 10 + 2 * number)] for number in range(len(LENGTHS))]


def prefixes(backbone: Backbone) -> list[KeyValues]:
    """One of each length, each with numbers of its own."""
    made = []
    for seed, length in enumerate(LENGTHS):
        method = PrefixMethod(
            prefix_length=length, parametrisation=Parametrisation.DIRECT, init=Init.RANDOM
        )
        made.append(PrefixTuning(backbone, method, seed=seed).folded())
    return made


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "strategy", [Strategy.GREEDY, Strategy.BEAM, Strategy.SAMPLING], ids=lambda s: s.value
)
def test_eight_prefixes_of_different_lengths_equal_eight_single_decodes(
    family: str, strategy: Strategy, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    made = prefixes(backbone)
    spec = DecodingSpec(
        strategy=strategy, num_beams=3, max_new_tokens=12, batch_size=8, no_repeat_ngram=2
    )
    together = decode(PrefixPerRow(backbone, made, range(8)), PROMPTS, spec, Silent())
    alone = [
        decode(SavedPrefix(backbone, prefix), [prompt], spec, Silent())
        for prefix, prompt in zip(made, PROMPTS, strict=True)
    ]
    assert together.texts == tuple(one.texts[0] for one in alone)
    assert len(set(together.texts)) > 4, "the prefixes hardly made a difference"


@pytest.mark.parametrize("family", FAMILIES)
def test_the_loss_of_a_mixed_batch_is_that_of_each_row_behind_its_prefix(
    family: str, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    made = prefixes(backbone)
    rows = [token_row(prompt, [40, 41, 42][: 1 + n % 3]) for n, prompt in enumerate(PROMPTS)]
    system = PrefixPerRow(backbone, made, range(8))
    alone = [
        held_out_loss(SavedPrefix(backbone, prefix), [row], 8, Silent())
        for prefix, row in zip(made, rows, strict=True)
    ]
    tokens = [len(row.target) for row in rows]
    together = held_out_loss(system, rows, 8, Silent())
    total = sum(loss * count for loss, count in zip(alone, tokens, strict=True))
    assert together == pytest.approx(total / sum(tokens), rel=1e-5)
    backbone = tiny(tmp_path / "again", family)
    compute_by_transformers(backbone.model)
    system, batch = PrefixPerRow(backbone, made, range(8)), collate_for(backbone, rows)
    for place, loss in enumerate(alone):  # row by row: the labels of all others are left out
        labels = torch.full_like(batch.labels, IGNORED)
        labels[place] = batch.labels[place]
        with torch.no_grad(), system.active():
            own = loss_sum(system, replace(batch, labels=labels), range(8)).item()
        assert own / tokens[place] == pytest.approx(loss, rel=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_row_without_a_prefix_is_the_bare_backbone(family: str, tmp_path: Path) -> None:
    backbone = tiny(tmp_path, family)
    made = [{}, prefixes(backbone)[6]]
    spec = DecodingSpec(strategy=Strategy.GREEDY, max_new_tokens=12, batch_size=4)
    choice = [0, 1, 0, 1]
    together = decode(PrefixPerRow(backbone, made, choice), PROMPTS[:4], spec, Silent()).texts
    bare = decode(BareBackbone(backbone), PROMPTS[:4], spec, Silent()).texts
    behind = decode(SavedPrefix(backbone, made[1]), PROMPTS[:4], spec, Silent()).texts
    assert together == (bare[0], behind[1], bare[2], behind[3])


def test_prefixes_of_different_places_share_a_batch(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "bart")
    settings = ({"encoder_self": False}, {"decoder_cross": False}, {"decoder_self": False})
    made = []
    for seed, off in enumerate(settings):
        method = PrefixMethod(prefix_length=4 + seed, mid_dim=16, init=Init.RANDOM, **off)
        made.append(PrefixTuning(backbone, method, seed=seed).folded())
    spec = DecodingSpec(strategy=Strategy.GREEDY, max_new_tokens=12, batch_size=3)
    together = decode(PrefixPerRow(backbone, made, range(3)), PROMPTS[:3], spec, Silent()).texts
    alone = tuple(
        decode(SavedPrefix(backbone, prefix), [prompt], spec, Silent()).texts[0]
        for prefix, prompt in zip(made, PROMPTS[:3], strict=True)
    )
    assert together == alone


def test_nothing_stays_attached(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "gpt2")
    ids = torch.tensor([[5, 6, 7]])
    with torch.no_grad():
        before = backbone.model(input_ids=ids).logits
        system = PrefixPerRow(backbone, prefixes(backbone), [3])
        mask = torch.ones_like(ids)
        with system.active(), system.batch([0], mask, mask.bool()):
            inside = backbone.model(input_ids=ids).logits
        after = backbone.model(input_ids=ids).logits
    assert torch.equal(before, after)
    assert not torch.equal(before, inside)


def test_a_choice_that_is_no_prefix_is_refused(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "gpt2")
    with pytest.raises(IndexError):
        PrefixPerRow(backbone, prefixes(backbone), [8])
