"""Prefixes with random numbers and full cards, made at test time."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from transformers import DynamicCache

from engine.contract.backbone import BackboneShape
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.runs.cards import Card, PositionScheme, PrefixShape, decoder_site
from engine.contract.runs.scores import Score
from engine.contract.specs.data import Linearisation, Preset
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.contract.tasks.generation import GenerationTask
from engine.methods.attention import KeyValues

CARD = Card(
    name="restaurants, five tokens",
    method=PrefixMethod(prefix_length=5),
    backbone="tiny",
    backbone_fingerprint="ab" * 32,
    shape=PrefixShape(
        layers=3,
        kv_heads=2,
        head_width=8,
        positions=PositionScheme.AFTER_PREFIX,
    ),
    linearisation=Linearisation(Preset.BRACKETS, lower_keys=True),
    prompt="newline",
    task=GenerationTask(DecodingSpec(strategy=Strategy.BEAM, num_beams=3)),
    data_name="e2e.csv",
    data_fingerprint="cd" * 32,
    train_rows=200,
    created_s=1_700_000_000.25,
    run_id="20250101-000000-abcd",
    scores=(Score("bleu", 61.25, "bleu|refs:4|case:mixed", 58.0, 64.5),),
    notes="Trained on a rainy day.",
)


def card_for(shape: BackboneShape, length: int = 5, **changes: Any) -> Card:
    """A full card of a prefix for a backbone of this shape."""
    return replace(
        CARD,
        method=PrefixMethod(prefix_length=length),
        shape=PrefixShape(
            layers=shape.layers,
            kv_heads=shape.kv_heads,
            head_width=shape.head_width,
            positions=PositionScheme.AFTER_PREFIX,
        ),
        **changes,
    )


def with_shape(card: Card, **changes: Any) -> Card:
    """The card of a prefix of another shape."""
    return replace(card, shape=replace(card.as_prefix()[1], **changes))


def without_file(card: Card) -> Card:
    """The card as it was before its tensors were written."""
    return replace(card, tensors_sha256="", stored_parameters=0, stored_bytes=0)


def random_prefix(card: Card, *, seed: int = 0) -> KeyValues:
    """Key/values as the card says, drawn from a normal distribution."""
    generator = torch.Generator().manual_seed(seed)
    method, shape = card.as_prefix()
    sizes = 2, shape.kv_heads, method.prefix_length, shape.head_width
    return {
        decoder_site(layer): torch.randn(*sizes, generator=generator)
        for layer in range(shape.layers)
    }


def logits_with(model: Any, key_values: KeyValues, ids: torch.Tensor) -> torch.Tensor:
    """Logits [B, T, vocabulary] with the prefix as a plain cache: the reference."""
    batch = ids.shape[0]

    def layers() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for _, entries in sorted(key_values.items()):
            grown = entries.unsqueeze(1).expand(-1, batch, -1, -1, -1)
            yield grown[0].contiguous(), grown[1].contiguous()  # [B, H, P, D]

    with torch.no_grad():
        output = model(input_ids=ids, past_key_values=DynamicCache(list(layers())))
    logits: torch.Tensor = output.logits
    return logits
