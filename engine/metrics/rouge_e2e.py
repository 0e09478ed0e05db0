"""ROUGE-L as the E2E challenge's script takes it, from the captions of COCO (Lin 2004).

F with beta 1.2 on Penn Treebank words; the best precision and the best recall may come from
different references. `rouge.py` has the ROUGE-L of summarisation, which differs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.metrics.metric import Array, MeanOverExamples
from engine.reporter import Reporter

BETA = 1.2
"""How much more recall counts than precision (pycocoevalcap/rouge/rouge.py)."""

LONGEST_COMMON = 20_000
"""Words of a text that a common subsequence is searched in."""


class RougeE2e(MeanOverExamples):
    """Mean F × 100 over examples.

    Statistics [N, 2]: the example's F × 100, and 1.
    """

    def keeps(self, reference: str) -> bool:
        """Whether it has a word."""
        return bool(self._division.words(reference))

    def longest(self) -> int:
        """A common subsequence takes time in proportion to both lengths."""
        return LONGEST_COMMON

    def signature(self) -> str:
        """Words, case, formula and what it follows."""
        return f"case:lc|tok:{self._division.words_name}|stat:f{BETA}|multi:best|as:e2e-metrics"

    def statistics(
        self,
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        reporter: Reporter,
    ) -> Array:
        """Find the longest common subsequences; see `Metric.statistics`."""
        scored = np.ones((len(hypotheses), 2))
        for i, (hypothesis, group) in enumerate(zip(hypotheses, references, strict=True)):
            reporter.update(i, len(hypotheses), "rows", self.name)
            words = self._division.words(hypothesis)
            precision = recall = 0.0
            for reference in map(self._division.words, group):
                common = common_words(words, reference)
                precision = max(precision, common / max(len(words), 1))
                recall = max(recall, common / max(len(reference), 1))
            below = recall + BETA**2 * precision
            scored[i, 0] = 100 * (1 + BETA**2) * precision * recall / below if below else 0.0
        return scored


def common_words(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence.

    Bit-parallel (Hyyrö 2004, "Bit-parallel LCS-length computation revisited"): a row of the
    table is one integer with a 0 where the length grows.
    """
    places: dict[str, int] = {}
    for index, word in enumerate(first):
        places[word] = places.get(word, 0) | 1 << index
    whole = (1 << len(first)) - 1
    row = whole
    for word in second:
        shared = row & places.get(word, 0)
        row = (row + shared | row - shared) & whole
    return len(first) - row.bit_count()
