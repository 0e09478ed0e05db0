"""chrF (Popović 2015) as sacrebleu counts it: character n-grams, recall weighted by beta = 2."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.metrics.metric import Array, TextMetric, ratio
from engine.reporter import Reporter

ORDER = 6
"""Longest character n-gram (sacrebleu's CHRF.CHAR_ORDER)."""
BETA = 2.0
"""How much more recall counts than precision (Popović 2016, "chrF deconstructed")."""


class Chrf(TextMetric):
    """Corpus chrF2, 0 to 100; of several references the best one for each output counts.

    Statistics [N, 18]: for n = 1 to 6 the output's n-grams, the reference's, and the matched.
    """

    def signature(self) -> str:
        """Case, orders and version, in sacrebleu's words."""
        from sacrebleu import __version__

        return f"case:mixed|eff:yes|nc:{ORDER}|nw:0|space:no|sacrebleu:{__version__}"

    def statistics(
        self,
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        reporter: Reporter,
    ) -> Array:
        """Count with sacrebleu; see `Metric.statistics`."""
        from sacrebleu.metrics.chrf import CHRF

        scorer = CHRF()
        counted = np.zeros((len(hypotheses), 3 * ORDER))
        for i, (hypothesis, group) in enumerate(zip(hypotheses, references, strict=True)):
            reporter.update(i, len(hypotheses), "rows", self.name)
            # WORKAROUND: CHRFScore, unlike BLEUScore, does not carry its counts. This method
            # is what sacrebleu's own significance tests call; tests hold it against
            # corpus_score. Can go when CHRFScore carries them.
            counted[i] = scorer._extract_corpus_statistics(
                [hypothesis], [[reference] for reference in group]
            )[0]
        return counted

    def from_sums(self, sums: Array) -> Array:
        """Corpus chrF2 of summed counts."""
        return _chrf(sums)

    def rows(self, statistics: Array) -> Array:
        """chrF2 of each example alone."""
        return _chrf(statistics)


def _chrf(counted: Array) -> Array:
    """As sacrebleu 2.6's `CHRF._compute_f_score` with effective order, over leading axes."""
    output, reference, matched = (counted[..., i::3] for i in range(3))  # each [..., 6]
    present = (output > 0) & (reference > 0)
    orders = present.sum(axis=-1).astype(np.float64)
    precision = ratio((ratio(matched, output) * present).sum(axis=-1), orders)
    recall = ratio((ratio(matched, reference) * present).sum(axis=-1), orders)
    weight = BETA**2
    return 100 * ratio((1 + weight) * precision * recall, weight * precision + recall)
