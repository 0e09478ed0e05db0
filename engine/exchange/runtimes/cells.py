"""A prefix as the key/value cache that other programs hold: [H, P, D] keys and values by layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.contract.errors import UserError
from engine.contract.methods.prefix import Placement
from engine.contract.runs.cards import Card, decoder_site
from engine.data.prompt import ENCODER_PROMPT, Tokenizer, prompt_named
from engine.methods.attention import KeyValues

Array = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


@dataclass(frozen=True)
class Cells:
    """Keys and values of every layer, float32 [H, P, D] each; keys rotated as by transformers."""

    layers: tuple[tuple[Array, Array], ...]

    @property
    def length(self) -> int:
        """P."""
        return self.layers[0][0].shape[1]


def cells_of(key_values: KeyValues, card: Card, *, runtime: str) -> Cells:
    """The prefix as a cache, for decoder-only backbones.

    Args:
        runtime: the program it is for, as the error names it.

    Raises:
        UserError: no cache can hold it: an infix, layers without a prefix or of other lengths, or
            an encoder–decoder's.
    """
    method, shape = card.as_prefix()
    reason = ""
    if card.prompt == ENCODER_PROMPT:
        reason = "it belongs to an encoder–decoder, where a prefix stands in three attentions"
    elif method.position is Placement.INFIX:
        reason = "it is an infix, which stands behind the input, and a cache only before it"
    elif method.layers:
        reason = f"it covers the layers {method.layers}, and a cache has one length in all layers"
    sites = [decoder_site(layer) for layer in range(shape.layers)]
    if not reason and set(key_values) != set(sites):
        reason = "it does not stand before every layer's decoder self-attention"
    if reason:
        raise UserError(
            "cache-cannot-hold-prefix",
            "{runtime} cannot hold the prefix {name!r}: {reason}. Export it as native.",
            runtime=runtime,
            name=card.name,
            reason=reason,
        )
    pairs = [key_values[site].detach().float().cpu().numpy() for site in sites]
    return Cells(tuple((pair[0], pair[1]) for pair in pairs))


@dataclass(frozen=True)
class PromptPieces:
    """What stands around an input: ids before it, text before it, ids behind it."""

    start: tuple[int, ...]
    text: str
    end: tuple[int, ...]


def pieces_of(card: Card, tokenizer: Tokenizer) -> PromptPieces:
    """What the card's prompt form puts around an input, with this tokenizer."""
    form = prompt_named(card.prompt)
    start, end = form.around_source(tokenizer)
    return PromptPieces(tuple(start), form.before_source, tuple(end))
