"""Search steps by a backbone's own forward pass (`engine.decoding.search.Stepper`).

For every system: what it put on the backbone stays there, and a prefix enters through attention, so
that the cache holds tokens alone. Letters as in `engine.decoding.search`; T prompt tokens.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import pad
from transformers.modeling_outputs import BaseModelOutput

from engine.backbones.loading import Backbone
from engine.decoding.processors import SearchInput
from engine.methods.base import System


class TransformersStepper:
    """Prompts padded to one length, and transformers' cache with a row for each beam.

    Args:
        system: active.
    """

    admits_any_time = False  # a cache has as many columns for all

    def __init__(self, system: System, *, beams: int) -> None:
        self._system, self._beams = system, beams
        self._model = system.backbone.model
        known = inspect.signature(self._model.forward).parameters
        self._last_only = {"logits_to_keep": 1} if "logits_to_keep" in known else {}
        self._rows: list[int] = []
        self._mask = self._behind = self._encoded = torch.empty(0)
        self._cache: Any = None

    def admit(self, inputs: Sequence[SearchInput]) -> torch.Tensor:
        """Read each prompt once, whatever the number of its beams."""
        backbone, self._cache = self._system.backbone, None
        self._rows = [row.row for row in inputs]
        ids, self._mask = padded(backbone, [row.tokens for row in inputs])
        self._behind = torch.zeros_like(self._mask, dtype=torch.bool)
        if backbone.is_encoder_decoder:
            with self._system.batch(self._rows, self._mask, self._behind):
                encoder = self._model.get_encoder()
                self._encoded = encoder(input_ids=ids, attention_mask=self._mask)[0]
            ids = torch.full_like(ids[:, :1], backbone.decoder_start_id)
        else:
            self._behind[:, -1] = True
        logits = self._read(ids)
        if self._beams > 1:
            self._select(torch.arange(len(inputs)).repeat_interleave(self._beams))
        return logits

    def step(self, ids: torch.Tensor, parents: torch.Tensor | None) -> torch.Tensor:
        """Read the tokens."""
        if parents is not None:
            own = torch.arange(self._beams)
            if not torch.equal(parents, own.expand_as(parents)):
                # All beams of an input see the same of its source.
                of_tokens = getattr(self._cache, "self_attention_cache", self._cache)
                of_tokens.reorder_cache(self._beams_of(torch.arange(len(parents)), parents))
        if not self._system.backbone.is_encoder_decoder:
            self._mask = pad(self._mask, (0, 1), value=1)
            self._behind = pad(self._behind, (0, 1), value=True)
        return self._read(ids.flatten()[:, None].to(self._mask.device))

    def choose(self, inputs: torch.Tensor) -> None:
        """Drop the others' caches."""
        self._rows = [self._rows[slot] for slot in inputs.tolist()]
        if self._rows:
            self._mask, self._behind = self._mask[inputs], self._behind[inputs]
            self._select(self._beams_of(inputs, torch.arange(self._beams)))

    def _beams_of(self, inputs: torch.Tensor, beams: torch.Tensor) -> torch.Tensor:
        """The rows of beams [G, B] of these inputs [G] in the cache."""
        return (inputs[:, None] * self._beams + beams).flatten()

    def _select(self, rows: torch.Tensor) -> None:
        """Let the cache have these of its rows."""
        self._cache.reorder_cache(rows)
        if self._system.backbone.is_encoder_decoder:
            self._encoded = self._encoded[rows]

    def _read(self, ids: torch.Tensor) -> torch.Tensor:
        """Read ids [rows, tokens] behind the cache; gives logits [rows, V] of the last ones."""
        beams = len(ids) // len(self._rows)  # one, until the prompts have been read
        with self._system.batch(self._rows, self._mask, self._behind) as positions:
            inputs: dict[str, Any]
            if self._system.backbone.is_encoder_decoder:
                encoded = BaseModelOutput(last_hidden_state=self._encoded)
                inputs = {"decoder_input_ids": ids, "encoder_outputs": encoded}
            else:
                positions = positions[:, -ids.shape[1] :].repeat_interleave(beams, dim=0)
                inputs = {"input_ids": ids, "position_ids": positions}
            output = self._model(
                **inputs,
                **self._last_only,
                attention_mask=self._mask.repeat_interleave(beams, dim=0),
                past_key_values=self._cache,
                use_cache=True,
            )
        self._cache = output.past_key_values
        logits: torch.Tensor = output.logits[:, -1]
        return logits


def padded(
    backbone: Backbone, prompts: Sequence[Sequence[int]]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask [G, T]: padded on the left, or on the right for an encoder."""
    width = max(len(prompt) for prompt in prompts)
    ids = torch.full((len(prompts), width), backbone.tokenizer.pad_token_id)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        start = 0 if backbone.is_encoder_decoder else width - len(prompt)
        ids[row, start : start + len(prompt)] = torch.tensor(prompt, dtype=torch.long)
        mask[row, start : start + len(prompt)] = 1
    return ids.to(backbone.model.device), mask.to(backbone.model.device)
