"""What changes the scores of the next token, in the order in which transformers' `generate` does.

Penalties look at a row's own tokens and never at padding, so a row in a batch is the row alone.
Where an encoder reads the prompt, they look at what its decoder reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from transformers import (
    LogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from engine.contract.specs.training import DecodingSpec, Strategy

Row = tuple[int, Sequence[int]]
"""Which prompt, and what was generated behind it."""


class Processors:
    """The settings of a decoding, applied to scores of many rows.

    Args:
        prompts: token ids, by number.
        end: the token that ends an output.
        start: the token that outputs begin behind, if it is not the prompt.
        suppressed: tokens that never come.
    """

    def __init__(
        self,
        decoding: DecodingSpec,
        prompts: Sequence[Sequence[int]],
        *,
        end: int,
        start: int | None = None,
        suppressed: Sequence[int],
    ) -> None:
        self._decoding, self._prompts = decoding, prompts
        self._end, self._start, self._suppressed = end, start, list(suppressed)
        self._warpers = warpers(decoding)
        self._generators: dict[int, torch.Generator] = {}

    @property
    def penalises(self) -> bool:
        """Whether scores depend on the tokens before; else some tokens are only forbidden."""
        return self._decoding.repetition_penalty != 1 or self._decoding.no_repeat_ngram > 0

    def penalise_(self, scores: torch.Tensor, rows: Sequence[Row]) -> None:
        """Lower what a row has said already, in place; scores are [rows, V]."""
        penalty, size = self._decoding.repetition_penalty, self._decoding.no_repeat_ngram
        for number, (prompt, generated) in enumerate(rows):
            before = self._prompts[prompt] if self._start is None else (self._start,)
            said = [*before, *generated]
            if penalty != 1:
                ids = torch.tensor(sorted(set(said)), device=scores.device)
                own = scores[number, ids]
                scores[number, ids] = torch.where(own < 0, own * penalty, own / penalty)
            if size:
                repeated = repeating(said, size)
                scores[number, repeated] = -float("inf")

    def forbid_(self, scores: torch.Tensor, counts: torch.Tensor) -> None:
        """Forbid an early end and suppressed tokens, in place.

        Args:
            scores: [rows, V].
            counts: [rows], tokens generated so far.
        """
        is_early = counts < self._decoding.min_new_tokens
        if bool(is_early.any()):
            scores[is_early.to(scores.device), self._end] = -float("inf")
        if self._suppressed:
            scores[:, self._suppressed] = -float("inf")

    def choose(self, scores: torch.Tensor, rows: Sequence[Row]) -> torch.Tensor:
        """The next token of each row, [rows]: the likeliest, or a sample."""
        if self._decoding.strategy is Strategy.SAMPLING:
            for warper in self._warpers:
                scores = warper(None, scores)
            scores = with_noise(scores, [self._generator(prompt) for prompt, _ in rows])
        return scores.argmax(dim=-1)

    def _generator(self, prompt: int) -> torch.Generator:
        if prompt not in self._generators:
            self._generators[prompt] = generator_of(self._prompts[prompt], self._decoding.seed)
        return self._generators[prompt]


def warpers(decoding: DecodingSpec) -> list[LogitsProcessor]:
    """What narrows the choice of a sample, in the order of `generate`."""
    if decoding.strategy is not Strategy.SAMPLING:
        return []
    chosen: list[LogitsProcessor] = []
    if decoding.temperature != 1:
        chosen.append(TemperatureLogitsWarper(decoding.temperature))
    if decoding.top_k:
        chosen.append(TopKLogitsWarper(decoding.top_k))
    if decoding.top_p < 1:
        chosen.append(TopPLogitsWarper(decoding.top_p))
    return chosen


def with_noise(scores: torch.Tensor, generators: Sequence[torch.Generator]) -> torch.Tensor:
    """Scores [rows, V] with Gumbel noise, so that the likeliest token is a sample."""
    noise = torch.stack(
        [torch.rand(scores.shape[1], generator=generator) for generator in generators]
    ).to(scores.device)
    return scores - torch.log(-torch.log(noise.clamp(1e-20, 1 - 1e-7)))


def generator_of(prompt: Sequence[int], seed: int) -> torch.Generator:
    """A row's own generator, seeded by its prompt.

    So a sample depends neither on its neighbours nor on the batch size.
    """
    digest = hashlib.sha256(repr((seed, list(prompt))).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def repeating(said: Sequence[int], size: int) -> list[int]:
    """The tokens that would complete an n-gram of this size a second time."""
    if len(said) + 1 < size:
        return []
    last = list(said[len(said) - size + 1 :])
    return [
        said[at + size - 1]
        for at in range(len(said) - size + 1)
        if list(said[at : at + size - 1]) == last
    ]
