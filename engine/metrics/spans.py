"""Metrics of stretches of a text that answer a question, as SQuAD's scripts compute them.

Rajpurkar et al. 2016, section 6.1, and Rajpurkar et al. 2018: case, ASCII punctuation and the
articles a, an and the do not count; of several right answers the one that fits best does. An empty
output says that there is no answer, and so does a row whose references are empty.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence

import numpy as np

from engine.contract.errors import UserError
from engine.contract.runs.answers import normalised_answer, right_answers
from engine.contract.runs.scores import OutputRow
from engine.metrics.metric import Array, MeanOverExamples, Unavailable
from engine.reporter import Reporter


class _SpanMetric(MeanOverExamples):
    """The part that compares an output with each right answer.

    Statistics [N, 2]: the row's value, and 1.

    Attributes:
        answered: count only rows that have an answer, or only those that have none; None counts
            both.
    """

    answered: bool | None = None

    def expected(self, row: OutputRow) -> tuple[str, ...]:
        """The right answers, ("",) for none; () of a row that does not count."""
        answers = right_answers(row.references)
        if self.answered is None or not answers or (answers != ("",)) is self.answered:
            return answers
        return ()

    def nothing_expected(self, count: int) -> UserError:
        """Without answers, or without unanswered rows, the other metrics count all the same."""
        if self.answered is None:
            return super().nothing_expected(count)
        return Unavailable(
            "no-rows-of-that-kind",
            "None of the {rows} rows has {kind}, so there is nothing for {metric} to count.",
            rows=count,
            kind="an answer" if self.answered else "no answer",
            metric=self.name,
        )

    def keeps(self, reference: str) -> bool:
        """Any: an empty one says that there is no answer."""
        return True

    def signature(self) -> str:
        """How answers are compared, and which rows count."""
        part = {None: "all", True: "answered", False: "unanswered"}[self.answered]
        return f"case:lc|norm:squad|multi:best|rows:{part}"

    def statistics(
        self,
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        reporter: Reporter,
    ) -> Array:
        """Compare each output; see `Metric.statistics`."""
        scored = np.ones((len(hypotheses), 2))
        for i, (hypothesis, group) in enumerate(zip(hypotheses, references, strict=True)):
            reporter.update(i, len(hypotheses), "rows", self.name)
            output = normalised_answer(hypothesis)
            scored[i, 0] = 100 * max(self._value(output, normalised_answer(text)) for text in group)
        return scored

    @abstractmethod
    def _value(self, output: str, answer: str) -> float:
        """0 to 1, of two normalised texts."""


class ExactMatch(_SpanMetric):
    """Share of rows whose output equals a right answer."""

    def _value(self, output: str, answer: str) -> float:
        return float(output == answer)


class SpanF1(_SpanMetric):
    """Mean F1 of the words of output and answer, each counted as often as both have it."""

    def _value(self, output: str, answer: str) -> float:
        ours, theirs = Counter(output.split()), Counter(answer.split())
        if not ours or not theirs:
            return float(output == answer)
        return 2 * (ours & theirs).total() / (ours.total() + theirs.total())


class AnsweredExactMatch(ExactMatch):
    """Over the rows that have an answer."""

    answered = True


class AnsweredSpanF1(SpanF1):
    """Over the rows that have an answer."""

    answered = True


class UnansweredAccuracy(ExactMatch):
    """Over the rows that have no answer: how many outputs are empty."""

    answered = False
