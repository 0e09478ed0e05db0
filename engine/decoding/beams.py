"""Beam search (`engine.decoding.search`), as transformers' of 5.x with `early_stopping=False`.

Letters as in `engine.decoding.search`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from engine.contract.specs.training import DecodingSpec
from engine.decoding.processors import Processors, SearchInput, penalises

NEVER = -1.0e9
"""Added to a score that must lose, as `generate` has it."""
_BLOCK = 128


class BeamBatch:
    """Beam search. Of each input B beams go on, and the best B that have ended are remembered.

    A `SearchBatch` with these tensors on the CPU: counts [G], tokens so far; tokens
    [G, B, limit] and scores [G, B] of the beams that go on; best_tokens, best_lengths,
    best_scores, best_ended the same of those that have ended; is_open [G, 1], whether a better
    one may still come.
    """

    _STATE = (
        "ids", "parents", "_counts", "_tokens", "_scores", "_best_tokens", "_best_lengths",
        "_best_scores", "_best_ended", "_is_open",
    )  # fmt: skip

    def __init__(self, decoding: DecodingSpec, processors: Processors, end: int) -> None:
        self._decoding, self._processors, self._end = decoding, processors, end
        self._beams, self._limit = decoding.num_beams, decoding.max_new_tokens
        self.inputs: list[SearchInput] = []
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

    def start(self, inputs: Sequence[SearchInput], logits: torch.Tensor) -> None:
        """As `SearchBatch.start`."""
        entering = BeamBatch(self._decoding, self._processors, self._end)
        entering.inputs = list(inputs)
        entering._fill(len(inputs))
        entering.advance(logits.repeat_interleave(self._beams, dim=0))
        # They were all one beam when their first tokens were read.
        self.inputs += entering.inputs
        for name in self._STATE:
            setattr(self, name, torch.cat([getattr(self, name), getattr(entering, name)]))

    def advance(self, logits: torch.Tensor) -> None:
        """As `SearchBatch.advance`."""
        size, beams, count = len(self.inputs), self._beams, 2 * self._beams
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
        scores = logits.log_softmax(-1)
        inputs = [row for row in self.inputs for _ in range(self._beams)]
        counts = self._counts.repeat_interleave(self._beams).tolist()
        if penalises(self._decoding):  # which changes log-probabilities here
            said = self._tokens.flatten(0, 1).tolist()
            outputs = [tokens[:count] for tokens, count in zip(said, counts, strict=True)]
            self._processors.penalise_(scores, inputs, outputs)
        self._processors.forbid_(scores, inputs, counts)
        values, ids = top_k(scores, count)
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

    def newest(self) -> tuple[()]:
        """No token is final before the end."""
        return ()

    def ended(self) -> dict[int, list[int]]:
        """As `SearchBatch.ended`."""
        done = (~self._is_open[:, 0] | (self._counts == self._limit)).nonzero()[:, 0]
        return {slot: self._output(slot) for slot in done.tolist()}

    def _output(self, slot: int) -> list[int]:
        length = int(self._best_lengths[slot, 0])
        tokens: list[int] = self._best_tokens[slot, 0, :length].tolist()
        return tokens[:-1] if tokens and tokens[-1] == self._end else tokens

    def choose(self, inputs: torch.Tensor) -> None:
        """As `SearchBatch.choose`."""
        self.inputs = [self.inputs[slot] for slot in inputs.tolist()]
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
