"""Search steps by `FastDecoder` (`engine.decoding.search.Stepper`)."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from engine.decoding.processors import SearchInput
from engine.fast.cache import Cache
from engine.fast.decoder import FastDecoder
from engine.fast.packing import pack_prompts
from engine.fast.prefix import Prefix


class FastStepper:
    """Prompts behind their prefix, one cache for all beams of an input.

    Args:
        prefix: of all inputs, or with one for each of their rows.
    """

    admits_any_time = True

    def __init__(self, decoder: FastDecoder, prefix: Prefix, *, beams: int) -> None:
        self._decoder, self._prefix, self._beams = decoder, prefix, beams
        self._cache: Cache | None = None

    def admit(self, inputs: Sequence[SearchInput]) -> torch.Tensor:
        """Read each prompt once, whatever the number of its beams."""
        device = self._decoder.device
        batch = pack_prompts([row.tokens for row in inputs]).to(device)
        prefix = self._prefix.of(torch.tensor([row.row for row in inputs], device=device))
        logits, cache = self._decoder.prefill(prefix, batch, beams=self._beams)
        if self._cache is None:
            self._cache = cache
        else:
            self._cache.join(cache)
        return logits

    def step(self, ids: torch.Tensor, parents: torch.Tensor | None) -> torch.Tensor:
        """Read the tokens."""
        assert self._cache is not None
        device = self._decoder.device
        if parents is not None:
            self._cache.follow(parents.to(device))
        return self._decoder.step(self._cache, ids.to(device))

    def choose(self, inputs: torch.Tensor) -> None:
        """Drop the others' caches."""
        assert self._cache is not None
        if len(inputs):
            self._cache.choose(inputs.to(self._decoder.device))
        else:
            self._cache = None
