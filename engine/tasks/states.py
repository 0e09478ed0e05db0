"""A backbone's hidden states: what a head reads in place of the backbone's own words."""

from __future__ import annotations

import functools
import inspect
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from engine.backbones.loading import Backbone
from engine.contract.backbone import BackboneKind
from engine.methods.base import System


class Readable(Protocol):
    """A text as token ids."""

    @property
    def ids(self) -> array[int]:
        """One or more."""

    @property
    def types(self) -> array[int]:
        """Which of two texts each token is of; empty where the backbone does not ask."""


@dataclass(frozen=True)
class TextTensors:
    """Texts of one forward pass: decoders' are padded on the left, others on the right.

    Attributes:
        ids, mask: [B, T].
        types: [B, T], or None where the backbone does not ask.
    """

    ids: torch.Tensor
    mask: torch.Tensor
    types: torch.Tensor | None

    def column(self, row: int, token: int) -> int:
        """Where a token of a text stands."""
        return token + self._starts[row]

    @functools.cached_property
    def _starts(self) -> list[int]:
        return [int(column) for column in self.first]

    @property
    def last(self) -> torch.Tensor:
        """The column of each text's last token, [B]."""
        columns = torch.arange(self.mask.shape[1], device=self.mask.device)
        return (self.mask * columns).argmax(dim=1)

    @property
    def first(self) -> torch.Tensor:
        """The column of each text's first token, [B]."""
        return self.mask.argmax(dim=1)


def text_tensors(backbone: Backbone, rows: Sequence[Readable]) -> TextTensors:
    """Pad texts to the longest."""
    device = backbone.model.device
    left = backbone.shape.kind is BackboneKind.DECODER
    width = max(len(row.ids) for row in rows)

    def padded(texts: Sequence[Sequence[int]], fill: int) -> torch.Tensor:
        filled = torch.full((len(texts), width), fill, dtype=torch.long)
        for number, numbers in enumerate(texts):
            start = width - len(numbers) if left else 0
            filled[number, start : start + len(numbers)] = torch.tensor(list(numbers))
        return filled.to(device)

    return TextTensors(
        ids=padded([row.ids for row in rows], backbone.tokenizer.pad_token_id),
        mask=padded([[1] * len(row.ids) for row in rows], 0),
        types=padded([row.types for row in rows], 0) if all(row.types for row in rows) else None,
    )


def hidden_states(
    system: System,
    texts: TextTensors,
    rows: Sequence[int] = (),
    *,
    last_only: bool = False,
    start_only: bool = False,
) -> torch.Tensor:
    """The states after the last layer and its norm, [B, T, d]; inside `system.active()`.

    The decoder of an encoder–decoder reads the whole text too, behind its start token, and its
    states stand for the text's tokens (Lewis et al. 2020, section 3).

    Args:
        system: whose backbone reads.
        texts: of one forward pass.
        rows: their places in the whole input, for systems that ask.
        last_only: whether only the last token's state is used, so that an infix stands before that
            token; otherwise all tokens see it.
        start_only: whether only the state of an encoder–decoder's start token is wanted: [B, 1, d].
    """
    behind = texts.mask.bool()
    if last_only:
        columns = torch.arange(behind.shape[1], device=behind.device)
        behind = columns == texts.last[:, None]
    with system.batch(rows, texts.mask, behind) as positions:
        if system.backbone.is_encoder_decoder:
            return _decoder_states(system.backbone, texts, start_only=start_only)
        model = _reading_model(system.backbone)
        named = {"position_ids": positions, "token_type_ids": texts.types, "use_cache": False}
        output = model(input_ids=texts.ids, attention_mask=texts.mask, **accepted(model, named))
    # What a method puts into the input stands before the text.
    states: torch.Tensor = output.last_hidden_state[:, -texts.ids.shape[1] :]
    return states


def _decoder_states(backbone: Backbone, texts: TextTensors, *, start_only: bool) -> torch.Tensor:
    model, ids = backbone.model, texts.ids
    encoded = model.get_encoder()(input_ids=ids, attention_mask=texts.mask)
    read = torch.full_like(ids[:, :1], backbone.decoder_start_id)
    if not start_only:
        read = torch.cat([read, ids], dim=1)
    decoded = model.get_decoder()(
        input_ids=read,
        encoder_hidden_states=encoded.last_hidden_state,
        encoder_attention_mask=texts.mask,
        use_cache=False,
    )
    states: torch.Tensor = decoded.last_hidden_state
    return states if start_only else states[:, 1:]


def _reading_model(backbone: Backbone) -> Any:
    """The model without the head over its vocabulary."""
    return backbone.model.base_model


def accepted(model: Any, named: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the arguments that the model takes and that have a value."""
    known = _arguments(type(model).forward)
    return {name: value for name, value in named.items() if name in known and value is not None}


@functools.cache
def _arguments(forward: Callable[..., Any]) -> frozenset[str]:
    return frozenset(inspect.signature(forward).parameters)
