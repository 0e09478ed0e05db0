"""What changes the scores of the next token, in the order in which transformers' `generate` does.

Penalties look at a row's own tokens and never at padding, so a row in a batch is the row alone.
Where an encoder reads the prompt, they look at what its decoder reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from transformers import (
    LogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from engine.contract.specs.training import DecodingSpec, Strategy


@dataclass(frozen=True, eq=False)
class SearchInput:
    """A prompt, and how its output is to be decoded.

    Attributes:
        index: by which events name it.
        row: by which its system knows it.
        tokens: token ids of the prompt.
        decoding: in a beam search the same for all inputs.
        alternatives: how many of the likeliest tokens are reported at each token, with their
            log-probabilities; 0 costs nothing.
        is_over: asked after each token, with all of them, whether the output ends here: it has
            what should stop it, or nobody waits for it any more. Not asked in beam search.
    """

    index: int
    row: int
    tokens: Sequence[int]
    decoding: DecodingSpec
    alternatives: int = 0
    is_over: Callable[[Sequence[int]], bool] = lambda tokens: False


class Processors:
    """The settings of inputs, applied to the scores of their next tokens.

    Args:
        end: the token that ends an output.
        start: the token that outputs begin behind, if it is not the prompt.
        line_breaks: the tokens that break a line.
    """

    def __init__(self, *, end: int, start: int | None = None, line_breaks: Sequence[int]) -> None:
        self._end, self._start, self._line_breaks = end, start, list(line_breaks)

    def penalise_(
        self, scores: torch.Tensor, inputs: Sequence[SearchInput], outputs: Sequence[Sequence[int]]
    ) -> None:
        """Lower what a row has said already, in place.

        Args:
            scores: [rows, V].
            outputs: what was generated for each input so far.
        """
        for number, (row, output) in enumerate(zip(inputs, outputs, strict=True)):
            if not penalises(row.decoding):
                continue
            penalty, size = row.decoding.repetition_penalty, row.decoding.no_repeat_ngram
            said = [*(row.tokens if self._start is None else (self._start,)), *output]
            if penalty != 1:
                ids = torch.tensor(sorted(set(said)), device=scores.device)
                own = scores[number, ids]
                scores[number, ids] = torch.where(own < 0, own * penalty, own / penalty)
            if size:
                repeated = repeating(said, size)
                scores[number, repeated] = -float("inf")

    def forbid_(
        self, scores: torch.Tensor, inputs: Sequence[SearchInput], counts: Sequence[int]
    ) -> None:
        """Forbid an early end, and line breaks where there must be none, in place.

        Args:
            scores: [rows, V].
            counts: tokens generated so far, for each input.
        """
        pairs = enumerate(zip(inputs, counts, strict=True))
        early = [number for number, (row, count) in pairs if count < row.decoding.min_new_tokens]
        if early:
            scores[early, self._end] = -float("inf")
        unbroken = [number for number, row in enumerate(inputs) if not row.decoding.line_breaks]
        if unbroken and self._line_breaks:
            scores[torch.tensor(unbroken)[:, None], self._line_breaks] = -float("inf")

    def choose(
        self,
        scores: torch.Tensor,
        inputs: Sequence[SearchInput],
        generators: Sequence[torch.Generator | None],
    ) -> torch.Tensor:
        """The next token of each row, [rows]: a sample where it has a generator."""
        alike: dict[DecodingSpec, list[int]] = {}
        for number, row in enumerate(inputs):
            if generators[number] is not None:
                alike.setdefault(replace(row.decoding, seed=0), []).append(number)
        for decoding, numbers in alike.items():
            part = scores if len(numbers) == len(inputs) else scores[numbers]
            for warper in warpers(decoding):
                part = warper(None, part)
            part = with_noise(part, [g for g in (generators[n] for n in numbers) if g is not None])
            if len(numbers) == len(inputs):
                return part.argmax(dim=-1)
            scores[numbers] = part
        return scores.argmax(dim=-1)


def penalises(decoding: DecodingSpec) -> bool:
    """Whether scores depend on the tokens before; else some tokens are only forbidden."""
    return decoding.repetition_penalty != 1 or decoding.no_repeat_ngram > 0


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
