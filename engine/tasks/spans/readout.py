"""The stretch of a source that answers a question (Devlin et al. 2019, sections 4.2 and 4.3)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch.nn.functional import cross_entropy

from engine.contract.tasks.spans import SpanTask
from engine.data.examples import EvalInput, TrainRow
from engine.data.tallies import counted
from engine.methods.base import System
from engine.tasks.reading.head_readout import HeadReadout
from engine.tasks.reading.readout import (
    Prediction,
    ReadoutBatch,
    ReadoutForm,
    ReadoutRow,
    right_answers,
)
from engine.tasks.spans.windows import SourceTokens, windows
from engine.tasks.states import hidden_states

BEST = 20
"""Starts and ends of which stretches are made, in each window."""


@dataclass(frozen=True, slots=True)
class AnswerTokens:
    """The tokens at which an answer starts and ends, the latter included."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WindowScores:
    """What a window says.

    Attributes:
        best: score of its best stretch, with the stretch's characters in the source; None where it
            has no token of the source.
        none: score of there being no answer.
    """

    best: tuple[float, int, int] | None
    none: float


def with_unanswerable(task: SpanTask, rows: Sequence[TrainRow]) -> SpanTask:
    """The task, which may predict no answer where a training row has none."""
    has_none = any(not row.target for row in rows)
    return replace(task, may_be_unanswerable=task.may_be_unanswerable or has_none)


class SpanReadout(HeadReadout[AnswerTokens]):
    """Where the answer to a question starts and ends.

    Windows without the answer are trained to say so: by the first token, as BERT does; of a decoder
    by the last, since the first has seen nothing.

    Args:
        task: whether there may be no answer, and how windows are made.
        form: how inputs are read; the limit of a window is the task's.
    """

    def __init__(self, task: SpanTask, form: ReadoutForm) -> None:
        span = task.span
        super().__init__(form, task.head, outputs=2, most_tokens=span.window_tokens)
        self.spec = self._task = task
        self.signature = f"best{BEST}|max{span.max_answer_tokens}"
        if task.may_be_unanswerable:
            self.signature += f"|none{span.null_threshold:g}"
        self._windowed = 0

    def rows(self, item: TrainRow | EvalInput, number: int) -> list[ReadoutRow[AnswerTokens]]:
        """A row for each window."""
        source = self.source(item)
        others = [part for at, part in enumerate(self.parts(item)) if at != self.source_part(item)]
        question = " ".join(filter(None, map(str.strip, others)))
        stretches = list(_stretches(item, source))
        rows = []
        for encoded, own in windows(
            self.encoder, question, source, stride=self._task.span.stride_tokens
        ):
            none = 0 if self.encoder.pairs else len(encoded.ids) - 1
            answers = tuple(_stretch(own, stretch, none) for stretch in stretches)
            rows.append(ReadoutRow(encoded.ids, encoded.types, number, answers, own))
        self._windowed += len(rows) > 1
        return rows

    def logits(
        self, system: System, batch: ReadoutBatch[AnswerTokens], *, training: bool
    ) -> torch.Tensor:
        """[B, T, 2]: of starts and ends; minus infinity where no answer can be."""
        rows = [row.item for row in batch.read]
        logits: torch.Tensor = self.head(
            hidden_states(system, batch.texts, rows), training=training
        )
        allowed = torch.zeros(logits.shape[:2], dtype=torch.bool)
        for i, row in enumerate(batch.read):
            allowed[i, [batch.texts.column(i, token) for token in row.spots.tokens]] = True
            allowed[i, self._none_column(batch, i)] = True
        return logits.masked_fill(~allowed[..., None].to(logits.device), float("-inf"))

    def _none_column(self, batch: ReadoutBatch[AnswerTokens], row: int) -> int:
        token = 0 if self.encoder.pairs else len(batch.read[row]) - 1
        return batch.texts.column(row, token)

    def loss(self, logits: torch.Tensor, batch: ReadoutBatch[AnswerTokens]) -> torch.Tensor:
        """The mean of the cross-entropies of start and end."""
        column = batch.texts.column
        triples = [
            (i, column(i, answer.start), column(i, answer.end))
            for i, row in enumerate(batch.read)
            for answer in row.answers
        ]
        row, start, end = torch.tensor(triples, device=logits.device).view(-1, 3).T
        starts = cross_entropy(logits[row, :, 0], start, reduction="sum")
        return (starts + cross_entropy(logits[row, :, 1], end, reduction="sum")) / 2

    def read(self, logits: torch.Tensor, batch: ReadoutBatch[AnswerTokens]) -> list[WindowScores]:
        """The best stretch of each window, and the score of none."""
        logits = logits.float().cpu()
        scores = []
        for i, row in enumerate(batch.read):
            none = float(logits[i, self._none_column(batch, i)].sum())
            columns = [batch.texts.column(i, token) for token in row.spots.tokens]
            best = self._best(logits[i, columns], row.spots) if columns else None
            scores.append(WindowScores(best, none))
        return scores

    def _best(self, logits: torch.Tensor, own: SourceTokens) -> tuple[float, int, int]:
        """Of the logits [N, 2] of a window's source tokens."""
        count = min(BEST, len(logits))
        starts, ends = (logits[:, side].topk(count) for side in (0, 1))
        lengths = ends.indices[None, :] - starts.indices[:, None] + 1  # [starts, ends]
        fits = (lengths > 0) & (lengths <= self._task.span.max_answer_tokens)
        sums = (starts.values[:, None] + ends.values[None, :]).masked_fill(~fits, float("-inf"))
        if not bool(fits.any()):  # then a single token
            both = logits.sum(dim=1)
            token = int(both.argmax())
            return float(both[token]), own.starts[token], own.ends[token]
        start, end = divmod(int(sums.argmax()), count)
        first, last = int(starts.indices[start]), int(ends.indices[end])
        return float(sums[start, end]), own.starts[first], own.ends[last]

    def predictions(
        self,
        inputs: Sequence[EvalInput],
        rows: Sequence[ReadoutRow[AnswerTokens]],
        read: Sequence[WindowScores],
    ) -> list[Prediction]:
        """The best stretch of all windows, or "" where none scores higher by the threshold."""
        by_input: list[list[WindowScores]] = [[] for _ in inputs]
        for row, scores in zip(rows, read, strict=True):
            by_input[row.item].append(scores)
        return [
            self._prediction(item, scores) for item, scores in zip(inputs, by_input, strict=True)
        ]

    def _prediction(self, item: EvalInput, scores: Sequence[WindowScores]) -> Prediction:
        stretches = [window.best for window in scores if window.best is not None]
        if not stretches:
            return Prediction("")
        best, start, end = max(stretches, key=lambda stretch: stretch[0])
        none = min(window.none for window in scores)
        if self._task.may_be_unanswerable and none - best > self._task.span.null_threshold:
            return Prediction("")
        source = self.source(item)
        answer = source[start:end].strip()
        if not answer:
            return Prediction("")
        before = item.source.rfind(source)  # in the text, which has the question too
        return Prediction(answer, start=before + source.index(answer, start) if before >= 0 else -1)

    def notes(self) -> tuple[str, ...]:
        """On sources that are read in windows."""
        if not self._windowed:
            return ()
        was, limit = ("is", "are")[self._windowed > 1], counted(self.encoder.limit, "token")
        return (
            f"{counted(self._windowed, 'source')} {was} longer than {limit} with the question, and "
            f"{was} read in windows that overlap.",
        )


def _stretches(item: TrainRow | EvalInput, source: str) -> list[tuple[int, int] | None]:
    """Characters of the answers, from and to; None for "no answer"."""
    answers = right_answers(item)
    starts = item.starts if len(item.starts) == len(answers) else ()
    stretches: list[tuple[int, int] | None] = []
    for index, answer in enumerate(answers):
        if not answer:
            stretches.append(None)
            continue
        start = starts[index] if starts else source.find(answer)
        if start >= 0:
            stretches.append((start, start + len(answer)))
    return stretches


def _stretch(own: SourceTokens, stretch: tuple[int, int] | None, none: int) -> AnswerTokens:
    """The tokens of an answer, or that of none where the window does not hold all of it."""
    if stretch is None or not own.tokens:
        return AnswerTokens(none, none)
    start, end = stretch
    first = bisect_right(own.ends, start)
    last = bisect_left(own.starts, end) - 1
    is_inside = own.starts[0] <= start and end <= own.ends[-1] and first <= last
    return (
        AnswerTokens(own.tokens[first], own.tokens[last]) if is_inside else AnswerTokens(none, none)
    )
