"""ROUGE-1, -2 and -L (Lin 2004) by rouge-score, with Porter stemming as summarisation papers.

The tokeniser keeps the letters a to z and digits only: texts in other scripts score 0. The
E2E challenge's ROUGE_L is another one and differs: `rouge_e2e.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

import numpy as np

from engine.metrics.metric import Array, MeanOverExamples
from engine.reporter import Reporter


class Rouge(MeanOverExamples):
    """Mean F-measure × 100; of several references the best one for each output counts.

    Statistics [N, 2]: the example's F-measure × 100, and 1.

    Args:
        name: "rouge1", "rouge2" or "rougeL".
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def signature(self) -> str:
        """Tokeniser, stemming, aggregation and version."""
        return (
            f"case:lc|tok:a-z0-9|stem:porter|stat:f|multi:best|rouge-score:{version('rouge-score')}"
        )

    def statistics(
        self,
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        reporter: Reporter,
    ) -> Array:
        """Score each example with rouge-score; see `Metric.statistics`."""
        from rouge_score.rouge_scorer import RougeScorer

        scorer = RougeScorer([self.name], use_stemmer=True)
        scored = np.ones((len(hypotheses), 2))
        for i, (hypothesis, group) in enumerate(zip(hypotheses, references, strict=True)):
            reporter.update(i, len(hypotheses), "rows", self.name)
            scored[i, 0] = 100 * scorer.score_multi(list(group), hypothesis)[self.name].fmeasure
        return scored
