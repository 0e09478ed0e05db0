"""Greedy search, sampling and beam search over anything that reads tokens step by step.

Token for token what transformers' `generate` gives for each input alone (its beam search of 5.x,
with `early_stopping=False`). Inputs that are finished leave the batch, and waiting ones enter it.

Letters: G inputs in the batch, B beams, V vocabulary, C = 2B candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch

from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.beams import BeamBatch
from engine.decoding.processors import Processors, SearchInput, generator_of


class Stepper(Protocol):
    """A system that reads prompts, and then tokens for each of their beams.

    Attributes:
        admits_any_time: whether inputs may enter while others are in the batch.
    """

    admits_any_time: bool

    def admit(self, inputs: Sequence[SearchInput]) -> torch.Tensor:
        """Read the prompts of these inputs, and put them behind those in the batch.

        Returns:
            Logits of their next tokens, [inputs, V].
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


class Source(Protocol):
    """Inputs that wait, and may arrive while others are searched."""

    def take(self, most: int, *, wait: bool) -> Sequence[SearchInput]:
        """Up to `most` inputs that are to enter the batch now.

        Args:
            wait: the batch is empty: wait for an input; to return none then ends the search.
        """


@dataclass(frozen=True)
class Finished:
    """An input is done.

    Attributes:
        index: of the input.
        tokens: what was generated, without the end token.
    """

    index: int
    tokens: list[int]


@dataclass(frozen=True)
class Streamed:
    """An input has one token more; of greedy search and sampling alone.

    Attributes:
        index: of the input.
        log_probability: of the token, by the backbone's own logits, before temperature and
            penalties; None unless the input asks for alternatives.
        alternatives: the likeliest tokens with their log-probabilities, as many as the input asks
            for, from the likeliest on.
    """

    index: int
    token: int
    log_probability: float | None = None
    alternatives: tuple[tuple[int, float], ...] = ()


class SearchBatch(Protocol):
    """The inputs that are searched now.

    Attributes:
        inputs: G of them.
        ids: [G, B], the tokens to read next.
        parents: [G, B], the beams that these go on from, or None.
    """

    inputs: list[SearchInput]
    ids: torch.Tensor
    parents: torch.Tensor | None

    def start(self, inputs: Sequence[SearchInput], logits: torch.Tensor) -> None:
        """Take inputs in, with the logits of their first tokens [inputs, V]."""

    def advance(self, logits: torch.Tensor) -> None:
        """Choose the next tokens by logits [G·B, V]."""

    def ended(self) -> dict[int, list[int]]:
        """The inputs that are done, by their slots among the G, with their tokens."""

    def choose(self, inputs: torch.Tensor) -> None:
        """Hold these only."""

    def newest(self) -> Sequence[Streamed]:
        """What was chosen last, where that is final."""


def search(
    stepper: Stepper,
    inputs: Sequence[SearchInput] | Source,
    decoding: DecodingSpec,
    *,
    end: int,
    start: int | None = None,
    line_breaks: Sequence[int] = (),
    on_step: Callable[[int], None] = lambda inputs: None,
) -> Iterator[Finished | Streamed]:
    """Search all inputs, `decoding.batch_size` at a time.

    Args:
        inputs: each with a decoding of its own; or where they come from.
        decoding: says whether this is a beam search, in which all inputs are decoded like this.
        end: the token that ends an output.
        start: the token that outputs begin behind where their prompts are read by an encoder.
        line_breaks: the tokens that break a line.
        on_step: called after each step with the number of inputs that took part; may raise.

    Yields:
        Tokens as they come, and each input's end.
    """
    processors = Processors(end=end, start=start, line_breaks=line_breaks)
    batch: SearchBatch = (
        BeamBatch(decoding, processors, end)
        if decoding.strategy is Strategy.BEAM
        else _PlainBatch(processors, end)
    )
    source = _Listed(list(inputs)) if isinstance(inputs, Sequence) else inputs
    logits = torch.empty(0)
    while True:
        size = len(batch.inputs)
        if size:
            batch.advance(logits)
            yield from _settle(batch, stepper)
        free = decoding.batch_size - len(batch.inputs)
        may_enter = stepper.admits_any_time and 4 * free >= decoding.batch_size
        if may_enter or not batch.inputs:
            entering = source.take(free, wait=not batch.inputs)
            if entering:
                batch.start(entering, stepper.admit(entering))
                size += len(entering)
                yield from _settle(batch, stepper, only={row.index for row in entering})
        if not size:
            return
        on_step(size)
        if batch.inputs:
            logits = stepper.step(batch.ids, batch.parents)


class _Listed:
    """A source of inputs that are known from the beginning."""

    def __init__(self, inputs: list[SearchInput]) -> None:
        self._inputs = inputs

    def take(self, most: int, *, wait: bool) -> Sequence[SearchInput]:
        entering, self._inputs = self._inputs[:most], self._inputs[most:]
        return entering


def _settle(
    batch: SearchBatch, stepper: Stepper, only: set[int] | None = None
) -> Iterator[Finished | Streamed]:
    """Report what is new, and let go of what is done."""
    for event in batch.newest():
        if only is None or event.index in only:
            yield event
    ended = batch.ended()
    for slot, tokens in ended.items():
        yield Finished(batch.inputs[slot].index, tokens)
    if ended:
        live = [slot for slot in range(len(batch.inputs)) if slot not in ended]
        batch.choose(torch.tensor(live, dtype=torch.long))
        stepper.choose(torch.tensor(live, dtype=torch.long))


@dataclass(eq=False)
class _Row:
    """An input with what has been generated behind it, and what to report of its last token."""

    input: SearchInput
    generator: torch.Generator | None
    tokens: list[int] = field(default_factory=list)
    newest: Streamed | None = None


class _PlainBatch:
    """Greedy search and sampling: one beam."""

    parents: torch.Tensor | None = None

    def __init__(self, processors: Processors, end: int) -> None:
        self._processors, self._end = processors, end
        self._rows: list[_Row] = []
        self.inputs: list[SearchInput] = []
        self.ids = torch.empty(0, 1, dtype=torch.long)

    def start(self, inputs: Sequence[SearchInput], logits: torch.Tensor) -> None:
        entering = [_Row(row, _generator(row)) for row in inputs]
        chosen = self._extend(entering, logits)
        self.inputs += inputs
        self._rows += entering
        self.ids = torch.cat([self.ids.to(chosen.device), chosen[:, None]])

    def advance(self, logits: torch.Tensor) -> None:
        self.ids = self._extend(self._rows, logits)[:, None]

    def _extend(self, rows: Sequence[_Row], logits: torch.Tensor) -> torch.Tensor:
        """Give each row its next token; returns them, [rows]."""
        inputs, outputs = [row.input for row in rows], [row.tokens for row in rows]
        asking = [slot for slot, row in enumerate(inputs) if row.alternatives]
        own = logits[asking].float().log_softmax(-1) if asking else None
        scores = logits.float()
        self._processors.penalise_(scores, inputs, outputs)
        self._processors.forbid_(scores, inputs, [len(tokens) for tokens in outputs])
        chosen = self._processors.choose(scores, inputs, [row.generator for row in rows])
        for row, token in zip(rows, chosen.tolist(), strict=True):
            row.tokens.append(token)
            row.newest = Streamed(row.input.index, token)
        if own is not None:
            for slot, values in zip(asking, own, strict=True):
                rows[slot].newest = _with_alternatives(rows[slot], values)
        return chosen

    def newest(self) -> Sequence[Streamed]:
        events = [row.newest for row in self._rows]
        return [event for event in events if event is not None and event.token != self._end]

    def ended(self) -> dict[int, list[int]]:
        done = {}
        for slot, row in enumerate(self._rows):
            if row.tokens[-1] == self._end:
                done[slot] = row.tokens[:-1]
            elif len(row.tokens) >= row.input.decoding.max_new_tokens or row.input.is_over(
                row.tokens
            ):
                done[slot] = row.tokens
        return done

    def choose(self, inputs: torch.Tensor) -> None:
        self._rows = [self._rows[slot] for slot in inputs.tolist()]
        self.inputs = [row.input for row in self._rows]
        self.ids = self.ids[inputs]


def _generator(row: SearchInput) -> torch.Generator | None:
    """The generator of an input that is sampled."""
    if row.decoding.strategy is not Strategy.SAMPLING:
        return None
    return generator_of(row.tokens, row.decoding.seed)


def _with_alternatives(row: _Row, values: torch.Tensor) -> Streamed:
    """The last token of a row, with log-probabilities [V]."""
    largest, ids = values.topk(min(row.input.alternatives, len(values)))
    token = row.tokens[-1]
    pairs = tuple(zip(ids.tolist(), largest.tolist(), strict=True))
    return Streamed(row.input.index, token, float(values[token]), pairs)
