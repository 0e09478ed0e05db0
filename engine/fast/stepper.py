"""Search steps by `FastDecoder` (`engine.decoding.search.Stepper`)."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from engine.fast.cache import Cache
from engine.fast.decoder import FastDecoder
from engine.fast.packing import pack_prompts
from engine.fast.prefix import Prefix


class FastStepper:
    """Prompts behind their prefix, one cache for all beams of an input.

    Args:
        prefix: of all prompts, or with one for each.
        prompts: token ids, by number.
    """

    admits_any_time = True

    def __init__(
        self, decoder: FastDecoder, prefix: Prefix, prompts: Sequence[Sequence[int]], *, beams: int
    ) -> None:
        self._decoder, self._prefix, self._prompts = decoder, prefix, prompts
        self._beams = beams
        self._cache: Cache | None = None

    def admit(self, prompts: Sequence[int]) -> torch.Tensor:
        """Read each prompt once, whatever the number of its beams."""
        batch = pack_prompts([self._prompts[prompt] for prompt in prompts])
        batch = batch.to(self._decoder.device)
        prefix = self._prefix.of(torch.tensor(prompts, device=self._decoder.device))
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
