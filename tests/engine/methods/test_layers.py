"""A prefix in some layers, of different lengths: against a second attention, in all its forms."""

from pathlib import Path

import pytest
import torch

from engine.backbones.loading import Backbone
from engine.contract.methods.cost import cost
from engine.contract.methods.prefix import (
    AttentionKind,
    Init,
    Parametrisation,
    Placement,
    PrefixMethod,
)
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.decoder import decode
from engine.methods.base import count
from engine.methods.per_row import PrefixPerRow
from engine.methods.prefix import PrefixTuning, SavedPrefix
from engine.reporter import Silent
from engine.tasks.generation.batches import TextBatch, collate_for, token_row
from engine.tasks.generation.loss import loss_sum
from tests.engine.explicit import explicit_model
from tests.engine.tiny import gradients, tiny
from tests.helpers.errors import refused

FAMILIES = ("gpt2", "llama", "bart", "t5")
ROWS = [
    token_row([0, 5, 6, 7, 1], [0, 8, 9, 1]),
    token_row([0, *range(10, 20), 1], [0, 30, 31, 32, 33, 34, 1]),
    token_row([0, 40, 1], [0, 50, 1]),
]
CHOICES = {1: ("0", "1", "0-1"), 30: ("1", "0:7,1", "0,1:1")}
CASES = [(length, choice) for length, choices in CHOICES.items() for choice in choices]


def method(length: int, layers: str, **changes: object) -> PrefixMethod:
    settings = {"mid_dim": 16, "init": Init.RANDOM, "layers": layers, **changes}
    return PrefixMethod(prefix_length=length, **settings)


def logits(model: object, backbone: Backbone, batch: TextBatch, offset: int) -> torch.Tensor:
    """Logits of the batch, the positions of its tokens from `offset` on: [B, T, vocabulary]."""
    mask = batch.attention_mask
    if backbone.is_encoder_decoder:
        sides = {"decoder_input_ids": batch.decoder_input_ids}
    else:
        sides = {"position_ids": (mask.cumsum(dim=1) - 1).clamp(min=0) + offset}
    found: torch.Tensor = model(
        input_ids=batch.input_ids, attention_mask=mask, use_cache=False, **sides
    ).logits
    return found


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("length", "layers"), CASES)
@pytest.mark.parametrize("rows", [ROWS[:1], ROWS], ids=["lone", "padded"])
def test_logits_equal_an_explicit_attention(
    family: str, length: int, layers: str, rows: list, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    spec = method(length, layers)
    tuned = PrefixTuning(backbone, spec, seed=1)
    batch = collate_for(backbone, rows)
    offset = 0 if backbone.is_encoder_decoder else length
    assert tuned.position_offset == offset
    folded = tuned.folded()
    lengths = spec.lengths_on(backbone.shape).values()
    assert len(folded) == sum(length > 0 for each in lengths for length in each)
    for site, entries in folded.items():
        assert entries.shape[2] == spec.length_at(site.layer) > 0
    with torch.no_grad(), tuned.active():
        ours = logits(backbone.model, backbone, batch, offset)
    with torch.no_grad(), SavedPrefix(backbone, folded).active():
        stored = logits(backbone.model, backbone, batch, offset)
    with torch.no_grad():
        expected = logits(explicit_model(backbone, folded), backbone, batch, offset)
        bare = logits(explicit_model(backbone, {}), backbone, batch, offset)
    real = batch.attention_mask.bool() if batch.decoder_input_ids is None else batch.labels != -100
    scale = max(1.0, expected.abs().max().item())
    torch.testing.assert_close(ours[real], expected[real], rtol=0, atol=1e-5 * scale)
    torch.testing.assert_close(stored[real], expected[real], rtol=0, atol=1e-5 * scale)
    assert (bare[real] - ours[real]).abs().max() > 0.01, "the prefix made no difference"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("form", list(Parametrisation))
@pytest.mark.parametrize("layers", ["1", "0:2,1"])
def test_nothing_is_trained_that_is_not_used_and_the_cost_is_exact(
    family: str, form: Parametrisation, layers: str, tmp_path: Path
) -> None:
    """Every row of every matrix has a gradient; so has every number of a direct prefix."""
    backbone = tiny(tmp_path, family)
    spec = method(5, layers, parametrisation=form)
    tuned = PrefixTuning(backbone, spec, seed=1)
    found = gradients(tuned, collate_for(backbone, ROWS))
    assert set(found) == set(tuned.trainable())
    for name, gradient in found.items():
        if form is not Parametrisation.DIRECT:
            gradient = gradient.reshape(len(gradient), -1).abs().sum(dim=1)
        assert (gradient != 0).all(), name
    told = cost(backbone.shape, spec)
    assert told.trainable == count(tuned.trainable())
    assert told.stored == sum(entries.numel() for entries in tuned.folded().values())


@pytest.mark.parametrize("family", ["llama", "bart"])
@pytest.mark.parametrize("form", list(Parametrisation))
def test_words_give_a_shorter_layer_those_next_to_the_text(
    family: str, form: Parametrisation, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    changes = {"init": Init.WORDS, "init_text": "Blue Spice serves food", "parametrisation": form}
    every = PrefixTuning(backbone, method(6, "", **changes), seed=1).folded()
    fewer = PrefixTuning(backbone, method(6, "0:2,1", **changes), seed=1).folded()
    assert set(fewer) == {site for site in every if site.layer < 2}
    for site, entries in fewer.items():
        expected = every[site][:, :, -entries.shape[2] :]
        torch.testing.assert_close(entries, expected, rtol=0, atol=2e-4)


def test_all_layers_by_name_are_the_prefix_of_old(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "llama")
    old = PrefixTuning(backbone, method(5, ""), seed=1)
    new = PrefixTuning(backbone, method(5, "0-2"), seed=1)
    assert list(old.trainable()) == list(new.trainable())
    for site, entries in old.folded().items():
        assert torch.equal(new.folded()[site], entries)


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_an_infix_in_some_layers_gives_a_padded_row_what_it_gives_it_alone(
    family: str, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    tuned = PrefixTuning(backbone, method(5, "0:2,1", position=Placement.INFIX), seed=1)
    bare = PrefixTuning(backbone, method(5, "1", position=Placement.INFIX), seed=1)
    with torch.no_grad(), tuned.active():
        together = loss_sum(tuned, collate_for(backbone, ROWS))
        alone = sum(loss_sum(tuned, collate_for(backbone, [row])) for row in ROWS)
    with torch.no_grad(), bare.active():
        other = loss_sum(bare, collate_for(backbone, ROWS))
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-5)
    assert abs(float(together - other)) > 0.01


@pytest.mark.parametrize("family", ["llama", "bart"])
def test_prefixes_of_different_layers_share_a_batch(family: str, tmp_path: Path) -> None:
    backbone = tiny(tmp_path, family)
    choices = ((3, "0"), (8, "1"), (5, "0:1,1"), (4, ""))
    made = [
        PrefixTuning(backbone, method(length, layers), seed=seed).folded()
        for seed, (length, layers) in enumerate(choices)
    ]
    prompts = [[5 + n, 6, *range(10, 10 + 2 * n)] for n in range(len(made))]
    spec = DecodingSpec(strategy=Strategy.BEAM, num_beams=3, max_new_tokens=12, batch_size=4)
    together = decode(PrefixPerRow(backbone, made, range(4)), prompts, spec, Silent()).texts
    alone = tuple(
        decode(SavedPrefix(backbone, prefix), [prompt], spec, Silent()).texts[0]
        for prefix, prompt in zip(made, prompts, strict=True)
    )
    assert together == alone


def test_a_layer_that_the_backbone_lacks_is_refused(tmp_path: Path) -> None:
    with refused("no-such-layer", part="1-3", owner="the backbone", count=3):
        PrefixTuning(tiny(tmp_path, "llama"), method(5, "1-3"), seed=0)
    bart = tiny(tmp_path, "bart")  # two layers on one side, three on the other
    with refused("no-such-layer", part="2", owner="the encoder", count=2):
        PrefixTuning(bart, method(5, "2"), seed=0)
    sites = set(PrefixTuning(bart, method(5, "2", encoder_self=False), seed=0).folded())
    assert {(site.kind, site.layer) for site in sites} == {
        (AttentionKind.DECODER_SELF, 2),
        (AttentionKind.DECODER_CROSS, 2),
    }
