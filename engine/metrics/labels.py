"""Metrics of one label per row.

A label is right where it equals a reference, blanks and the composition of characters aside. A row
with several right labels counts under the one that was predicted, or else under the first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.contract.runs.answers import label_of, right_label
from engine.metrics.metric import Array, MeanOverExamples, TextMetric, Unavailable, ratio
from engine.reporter import Reporter

MOST_CELLS = 50_000_000
"""Statistics of all rows together, of 8 bytes each."""


class Accuracy(MeanOverExamples):
    """Share of right rows.

    Statistics [N, 2]: 100 for a right row, else 0; and 1.
    """

    def signature(self) -> str:
        """How labels are compared."""
        return "match:exact"

    def statistics(
        self,
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        reporter: Reporter,
    ) -> Array:
        """Compare each label; see `Metric.statistics`."""
        scored = np.ones((len(hypotheses), 2))
        for i, (hypothesis, group) in enumerate(zip(hypotheses, references, strict=True)):
            reporter.update(i, len(hypotheses), "rows", self.name)
            scored[i, 0] = 100 * (right_label(hypothesis, group) == label_of(hypothesis))
        return scored


class _CountedLabels(TextMetric):
    """The part of a metric that counts rows by label.

    Statistics [N, 3 * C], as [N, 3, C]: for each label that a reference has, and for all others
    together (C, last), whether it is the row's right label, whether it was predicted, and whether
    both. The labels are those of all references, so that two systems have the same columns.
    """

    def statistics(
        self,
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        reporter: Reporter,
    ) -> Array:
        """Count each label; see `Metric.statistics`."""
        labels = sorted({label_of(text) for group in references for text in group})
        columns = {label: column for column, label in enumerate(labels)}
        others, rows = len(labels), len(hypotheses)
        limit = MOST_CELLS // (3 * max(rows, 1)) - 1
        if others > limit:
            raise Unavailable(
                "too-many-labels",
                "The references have {labels:,} labels in {rows:,} rows, and {metric} counts up "
                "to {limit:,} in so many. Leave it out, or choose accuracy.",
                labels=others,
                rows=rows,
                metric=self.name,
                limit=limit,
            )
        counted = np.zeros((rows, 3, others + 1))
        for i, (hypothesis, group) in enumerate(zip(hypotheses, references, strict=True)):
            reporter.update(i, rows, "rows", self.name)
            gold = columns[right_label(hypothesis, group)]
            predicted = columns.get(label_of(hypothesis), others)
            counted[i, 0, gold] = counted[i, 1, predicted] = 1
            counted[i, 2, gold] = gold == predicted
        return counted.reshape(rows, -1)

    def rows(self, statistics: Array) -> Array:
        """100 for a right row, else 0."""
        right: Array = _by_kind(statistics)[..., 2, :].sum(axis=-1)
        return 100 * right


class MacroF1(_CountedLabels):
    """Mean F1 of the labels that references have.

    In a resample it is the mean over the labels that the drawn rows have. A predicted label that no
    reference has is an error of its row's right label and no label of its own.
    """

    def signature(self) -> str:
        """Which labels the mean is over."""
        return "match:exact|avg:macro|labels:references"

    def from_sums(self, sums: Array) -> Array:
        """The mean over the labels that a row has."""
        gold, predicted, right = np.moveaxis(_by_kind(sums), -2, 0)
        f1 = 200 * ratio(right, gold + predicted)
        present = gold > 0
        return ratio((f1 * present).sum(axis=-1), present.sum(axis=-1).astype(float))


class Matthews(_CountedLabels):
    """Matthews' correlation × 100, of any number of labels: R_K of Gorodkin (2004), equation 8.

    It is 0 where all rows have one label, or one was predicted for all. Predicted labels that no
    reference has count as one further label.
    """

    def signature(self) -> str:
        """Which formula it is."""
        return "match:exact|stat:R_K|others:one"

    def from_sums(self, sums: Array) -> Array:
        """The correlation of the counts."""
        gold, predicted, right = np.moveaxis(_by_kind(sums), -2, 0)
        n = gold.sum(axis=-1)
        covariance = right.sum(axis=-1) * n - (gold * predicted).sum(axis=-1)
        spread = (n**2 - (gold**2).sum(axis=-1)) * (n**2 - (predicted**2).sum(axis=-1))
        return 100 * ratio(covariance, np.sqrt(spread))


def _by_kind(statistics: Array) -> Array:
    """[..., 3 * C] as [..., 3, C]."""
    return statistics.reshape(*statistics.shape[:-1], 3, -1)
