"""Greedy search, sampling and beam search over anything that reads tokens step by step.

Token for token what transformers' `generate` gives for each input alone (its beam search of 5.x,
with `early_stopping=False`). Inputs that are finished leave the batch, and waiting ones enter it.

Letters: G inputs in the batch, B beams, V vocabulary, C = 2B candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.processors import Processors, Row

NEVER = -1.0e9
"""Added to a score that must lose, as `generate` has it."""
_BLOCK = 128


class Stepper(Protocol):
    """A system that reads prompts, and then tokens for each of their beams.

    Attributes:
        admits_any_time: whether inputs may enter while others are in the batch.
    """

    admits_any_time: bool

    def admit(self, prompts: Sequence[int]) -> torch.Tensor:
        """Read these prompts, by number, and put them behind those in the batch.

        Returns:
            Logits of their next tokens, [prompts, V].
        """

    def step(self, ids: torch.Tensor, parents: torch.Tensor | None) -> torch.Tensor:
        """Read one token for each beam.

        Args:
            ids: [G, B].
            parents: [G, B], the beams that these go on from; None where each is its own.

        Returns:
            Logits of the next tokens, [G·B, V].
        """

    def choose(self, inputs: torch.Tensor) -> None:
        """Hold these of the G inputs only."""


@dataclass(frozen=True)
class Finished:
    """An input is done.

    Attributes:
        index: which prompt.
        tokens: what was generated, without the end token.
    """

    index: int
    tokens: list[int]


@dataclass(frozen=True)
class Streamed:
    """An input has one token more; of greedy search and sampling alone."""

    index: int
    token: int


class _Batch(Protocol):
    """The inputs that are searched now.

    Attributes:
        indices: [G], which prompts they are.
        ids: [G, B], the tokens to read next.
        parents: [G, B], the beams that these go on from, or None.
    """

    indices: list[int]
    ids: torch.Tensor
    parents: torch.Tensor | None

    def start(self, prompts: Sequence[int], logits: torch.Tensor) -> None:
        """Take prompts in, with the logits of their first tokens [prompts, V]."""

    def advance(self, logits: torch.Tensor) -> None:
        """Choose the next tokens by logits [G·B, V]."""

    def ended(self) -> dict[int, list[int]]:
        """The inputs that are done, by their slots among the G, with their tokens."""

    def choose(self, inputs: torch.Tensor) -> None:
        """Hold these only."""

    def newest(self) -> list[tuple[int, int]]:
        """(prompt, token) of what was chosen last, where that is final."""


def search(
    stepper: Stepper,
    prompts: Sequence[Sequence[int]],
    decoding: DecodingSpec,
    *,
    end: int,
    start: int | None = None,
    suppressed: Sequence[int] = (),
    on_step: Callable[[int], None] = lambda inputs: None,
) -> Iterator[Finished | Streamed]:
    """Search all prompts, `decoding.batch_size` at a time.

    Args:
        stepper: knows the prompts by the same numbers.
        prompts: token ids.
        end: the token that ends an output.
        start: the token that outputs begin behind where their prompts are read by an encoder.
        suppressed: tokens that never come.
        on_step: called after each step with the number of inputs that took part; may raise.

    Yields:
        Tokens as they come, and each input's end.
    """
    processors = Processors(decoding, prompts, end=end, start=start, suppressed=suppressed)
    batch: _Batch = (
        _BeamBatch(decoding, processors, end)
        if decoding.strategy is Strategy.BEAM
        else _PlainBatch(decoding, processors, end)
    )
    waiting, logits = list(range(len(prompts))), torch.empty(0)
    while waiting or batch.indices:
        size = len(batch.indices)
        if size:
            batch.advance(logits)
            yield from _settle(batch, stepper)
        free = decoding.batch_size - len(batch.indices)
        may_enter = stepper.admits_any_time and 4 * free >= decoding.batch_size
        if waiting and (may_enter or not batch.indices):
            entering, waiting = waiting[:free], waiting[free:]
            batch.start(entering, stepper.admit(entering))
            size += len(entering)
            yield from _settle(batch, stepper, only=entering)
        on_step(size)
        if batch.indices:
            logits = stepper.step(batch.ids, batch.parents)


def _settle(
    batch: _Batch, stepper: Stepper, only: Sequence[int] | None = None
) -> Iterator[Finished | Streamed]:
    """Report what is new, and let go of what is done."""
    for index, token in batch.newest():
        if only is None or index in only:
            yield Streamed(index, token)
    ended = batch.ended()
    for slot, tokens in ended.items():
        yield Finished(batch.indices[slot], tokens)
    if ended:
        live = [slot for slot in range(len(batch.indices)) if slot not in ended]
        batch.choose(torch.tensor(live, dtype=torch.long))
        stepper.choose(torch.tensor(live, dtype=torch.long))


class _PlainBatch:
    """Greedy search and sampling: one beam."""

    parents: torch.Tensor | None = None

    def __init__(self, decoding: DecodingSpec, processors: Processors, end: int) -> None:
        self._limit, self._processors, self._end = decoding.max_new_tokens, processors, end
        self.indices: list[int] = []
        self._tokens: list[list[int]] = []
        self.ids = torch.empty(0, 1, dtype=torch.long)

    def start(self, prompts: Sequence[int], logits: torch.Tensor) -> None:
        chosen = self._choose(logits, [(prompt, ()) for prompt in prompts])
        self.indices += prompts
        self._tokens += [[token] for token in chosen.tolist()]
        self.ids = torch.cat([self.ids.to(chosen.device), chosen[:, None]])

    def advance(self, logits: torch.Tensor) -> None:
        chosen = self._choose(logits, list(zip(self.indices, self._tokens, strict=True)))
        for tokens, token in zip(self._tokens, chosen.tolist(), strict=True):
            tokens.append(token)
        self.ids = chosen[:, None]

    def _choose(self, logits: torch.Tensor, rows: Sequence[Row]) -> torch.Tensor:
        scores = logits.float()
        if self._processors.penalises:
            self._processors.penalise_(scores, rows)
        counts = torch.tensor([len(tokens) for _, tokens in rows], device=scores.device)
        self._processors.forbid_(scores, counts)
        return self._processors.choose(scores, rows)

    def newest(self) -> list[tuple[int, int]]:
        pairs = zip(self.indices, self._tokens, strict=True)
        return [(index, tokens[-1]) for index, tokens in pairs if tokens[-1] != self._end]

    def ended(self) -> dict[int, list[int]]:
        return {
            slot: tokens[:-1] if tokens[-1] == self._end else tokens
            for slot, tokens in enumerate(self._tokens)
            if tokens[-1] == self._end or len(tokens) == self._limit
        }

    def choose(self, inputs: torch.Tensor) -> None:
        slots = inputs.tolist()
        self.indices = [self.indices[slot] for slot in slots]
        self._tokens = [self._tokens[slot] for slot in slots]
        self.ids = self.ids[inputs]


class _BeamBatch:
    """Beam search. Of each input B beams go on, and the best B that have ended are remembered.

    Tensors on the CPU, besides those of `_Batch`: counts [G], tokens so far; tokens [G, B, limit]
    and scores [G, B] of the beams that go on; best_tokens, best_lengths, best_scores, best_ended
    the same of those that have ended; is_open [G, 1], whether a better one may still come.
    """

    _STATE = (
        "ids", "parents", "_counts", "_tokens", "_scores", "_best_tokens", "_best_lengths",
        "_best_scores", "_best_ended", "_is_open",
    )  # fmt: skip

    def __init__(self, decoding: DecodingSpec, processors: Processors, end: int) -> None:
        self._decoding, self._processors, self._end = decoding, processors, end
        self._beams, self._limit = decoding.num_beams, decoding.max_new_tokens
        self.indices: list[int] = []
        self._fill(0)

    def _fill(self, size: int) -> None:
        """Inputs that have no token yet."""
        beams, limit = self._beams, self._limit
        self.ids = torch.zeros(size, beams, dtype=torch.long)
        self.parents: torch.Tensor | None = torch.arange(beams).expand(size, -1)
        self._counts = torch.zeros(size, dtype=torch.long)
        self._tokens = torch.zeros(size, beams, limit, dtype=torch.long)
        self._scores = torch.full((size, beams), NEVER)
        self._scores[:, 0] = 0  # before the first token all beams are one
        self._best_tokens = torch.zeros(size, beams, limit, dtype=torch.long)
        self._best_lengths = torch.zeros(size, beams, dtype=torch.long)
        self._best_scores = torch.full((size, beams), NEVER)
        self._best_ended = torch.zeros(size, beams, dtype=torch.bool)
        self._is_open = torch.ones(size, 1, dtype=torch.bool)

    def start(self, prompts: Sequence[int], logits: torch.Tensor) -> None:
        entering = _BeamBatch(self._decoding, self._processors, self._end)
        entering.indices = list(prompts)
        entering._fill(len(prompts))
        entering.advance(logits.repeat_interleave(self._beams, dim=0))
        # They were all one beam when their first tokens were read.
        self.indices += entering.indices
        for name in self._STATE:
            setattr(self, name, torch.cat([getattr(self, name), getattr(entering, name)]))

    def advance(self, logits: torch.Tensor) -> None:
        size, beams, count = len(self.indices), self._beams, 2 * self._beams
        values, ids = self._candidates(logits.float(), count)  # [G·B, C]
        values = values.view(size, beams, count) + self._scores[..., None]
        values, at = values.view(size, beams * count).topk(count, dim=-1)
        parents, ids = at // count, ids.view(size, beams * count).gather(1, at)  # [G, C]
        tokens = self._follow(self._tokens, parents)
        column = self._counts[:, None, None].expand(-1, count, -1)
        tokens = tokens.scatter(2, column, ids[..., None])
        self._counts = self._counts + 1
        ends = (ids == self._end) | (self._counts == self._limit)[:, None]
        self._remember(values, tokens, ends)
        going = values + ends.float() * NEVER
        chosen = going.topk(beams, dim=-1)[1]
        self._scores, self._tokens = going.gather(1, chosen), self._follow(tokens, chosen)
        self.parents, self.ids = parents.gather(1, chosen), ids.gather(1, chosen)
        best = self._scores[:, :1] / self._lengths()
        worst = torch.where(self._best_ended, self._best_scores.amin(1, keepdim=True), NEVER)
        self._is_open = self._is_open & (best > worst).any(dim=-1, keepdim=True)

    def _candidates(self, logits: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The best `count` next tokens of each beam, with their log-probabilities."""
        total = logits.logsumexp(-1, keepdim=True)
        counts = self._counts.repeat_interleave(self._beams)
        if not self._processors.penalises:
            self._processors.forbid_(logits, counts)
            values, ids = top_k(logits, count)
            return (values - total).cpu(), ids.cpu()
        logits = logits - total  # penalties change log-probabilities here
        said = self._tokens.flatten(0, 1).tolist()
        indices = [index for index in self.indices for _ in range(self._beams)]
        rows = [(i, s[:n]) for i, s, n in zip(indices, said, counts.tolist(), strict=True)]
        self._processors.penalise_(logits, rows)
        self._processors.forbid_(logits, counts)
        values, ids = top_k(logits, count)
        return values.cpu(), ids.cpu()

    def _remember(self, values: torch.Tensor, tokens: torch.Tensor, ends: torch.Tensor) -> None:
        """Take what has ended among the first B candidates to the best, if it is better."""
        just = ends & (torch.arange(values.shape[1]) < self._beams)
        scores = values / self._lengths()
        scores = scores + (~self._is_open).float() * NEVER + (~just).float() * NEVER
        scores = torch.cat([self._best_scores, scores], dim=1)
        best = scores.topk(self._beams, dim=-1)[1]
        lengths = self._counts[:, None].expand_as(values)
        self._best_scores = scores.gather(1, best)
        self._best_tokens = self._follow(torch.cat([self._best_tokens, tokens], dim=1), best)
        self._best_lengths = torch.cat([self._best_lengths, lengths], dim=1).gather(1, best)
        self._best_ended = torch.cat([self._best_ended, just], dim=1).gather(1, best)

    def _lengths(self) -> torch.Tensor:
        """[G, 1]: what a score is divided by."""
        return self._counts[:, None].float() ** self._decoding.length_penalty

    @staticmethod
    def _follow(tokens: torch.Tensor, beams: torch.Tensor) -> torch.Tensor:
        return tokens.gather(1, beams[..., None].expand(-1, -1, tokens.shape[2]))

    def newest(self) -> list[tuple[int, int]]:
        return []

    def ended(self) -> dict[int, list[int]]:
        done = (~self._is_open[:, 0] | (self._counts == self._limit)).nonzero()[:, 0]
        return {slot: self._output(slot) for slot in done.tolist()}

    def _output(self, slot: int) -> list[int]:
        length = int(self._best_lengths[slot, 0])
        tokens: list[int] = self._best_tokens[slot, 0, :length].tolist()
        return tokens[:-1] if tokens and tokens[-1] == self._end else tokens

    def choose(self, inputs: torch.Tensor) -> None:
        self.indices = [self.indices[slot] for slot in inputs.tolist()]
        for name in self._STATE:
            setattr(self, name, getattr(self, name)[inputs])


def top_k(values: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The largest `count` of each row of [rows, V], as `topk`: first blocks by their largest.

    The largest lie in the `count` blocks whose largest are the largest, so most of a row is read
    once and never sorted.
    """
    rows, width = values.shape
    if width % _BLOCK or width // _BLOCK <= count:
        return values.topk(count, dim=-1)
    blocks = values.view(rows, width // _BLOCK, _BLOCK)
    chosen = blocks.amax(dim=-1).topk(count, dim=-1, sorted=False)[1]
    candidates = blocks.gather(1, chosen[..., None].expand(-1, -1, _BLOCK)).flatten(1)
    largest, at = candidates.topk(count, dim=-1)
    return largest, chosen.gather(1, at // _BLOCK) * _BLOCK + at % _BLOCK
