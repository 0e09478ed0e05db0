"""TER (Snover et al. 2006) as sacrebleu and tercom count it: lower case, no normalising.

It counts errors: lower is better, 0 for an output that is one of its references.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.metrics.division import sacrebleu_tokenizer
from engine.metrics.metric import Array, TextMetric, ratio
from engine.metrics.tercom import edits
from engine.reporter import Reporter


class Ter(TextMetric):
    """Edits for each 100 words of the references; above 100 for outputs that are far too long.

    Statistics [N, 2]: the edits to the reference that needs fewest; the references' mean
    length.
    """

    def longest(self) -> int:
        """The search's table has a cell for each word of the output and of the reference."""
        return 2_000

    def _words(self, text: str) -> list[str]:
        if not self._division.unspaced:
            return text.lower().split()
        return sacrebleu_tokenizer(self._division.tokenizer)[0](text.lower()).split()

    def signature(self) -> str:
        """Case, tokeniser and limits, in sacrebleu's words."""
        division = self._division
        tokenizer = sacrebleu_tokenizer(division.tokenizer)[1] if division.unspaced else "tercom"
        return f"case:lc|tok:{tokenizer}|norm:no|punct:yes|asian:no|as:sacrebleu-2.6"

    def statistics(
        self,
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        reporter: Reporter,
    ) -> Array:
        """Search for the fewest edits; see `Metric.statistics`."""
        counted = np.zeros((len(hypotheses), 2))
        for i, (hypothesis, group) in enumerate(zip(hypotheses, references, strict=True)):
            reporter.update(i, len(hypotheses), "rows", self.name)
            output = self._words(hypothesis)
            texts = [self._words(reference) for reference in group]
            counted[i, 0] = min(edits(output, text) for text in texts)
            counted[i, 1] = sum(map(len, texts)) / len(texts)
        return counted

    def from_sums(self, sums: Array) -> Array:
        """Edits over length."""
        return _ter(sums)

    def rows(self, statistics: Array) -> Array:
        """TER of each example alone."""
        return _ter(statistics)


def _ter(counted: Array) -> Array:
    """As sacrebleu 2.6's `TER._compute_score_from_stats`, over leading axes."""
    needed, length = counted[..., 0], counted[..., 1]
    return 100 * np.where(length > 0, ratio(needed, length), (needed > 0).astype(np.float64))
