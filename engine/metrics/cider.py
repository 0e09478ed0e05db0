"""CIDEr as the E2E challenge's script takes it (Vedantam et al. 2015).

What pycocoevalcap calls CIDEr is nearly the paper's CIDEr-D: a penalty for another length, and
an output's n-gram counts as far as the reference has it, but without the paper's stemming.

How many examples' references hold an n-gram decides its weight. The weights are computed once,
from all references that are scored together: resamples of the bootstrap keep them. So a part
of the rows, scored alone, has other weights than in the whole, and one row alone scores 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.metrics.metric import Array, MeanOverExamples, ratio
from engine.metrics.ngrams import Integers, Ngrams, Numbering, matching, owners_of
from engine.reporter import Reporter

ORDER = 4
"""Longest n-gram counted (Vedantam et al. 2015, section 4)."""
SIGMA = 6.0
"""Width of the length penalty in words (section 6, CIDEr-D)."""


class Cider(MeanOverExamples):
    """Mean CIDEr over examples on its own scale, 0 to 10.

    Statistics [N, 2]: the example's CIDEr, and 1.
    """

    def keeps(self, reference: str) -> bool:
        """Whether it has a word."""
        return bool(self._division.words(reference))

    def signature(self) -> str:
        """Words, case, parameters and what it follows."""
        tokenizer = self._division.words_name
        return f"case:lc|tok:{tokenizer}|ngrams:{ORDER}|sigma:{SIGMA:g}|as:e2e-metrics"

    def statistics(
        self,
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        reporter: Reporter,
    ) -> Array:
        """Compare n-gram vectors; see `Metric.statistics`."""
        count = len(hypotheses)
        outputs, texts = [], []
        for i, (hypothesis, group) in enumerate(zip(hypotheses, references, strict=True)):
            reporter.update(i, count, "rows", self.name)
            outputs.append(self._division.words(hypothesis))
            texts += [self._division.words(reference) for reference in group]
        owners = owners_of(references)

        numbering = Numbering(ORDER)
        given, said = numbering.count(texts), numbering.count(outputs)
        grams = max(len(numbering.lengths), 1)
        holding = np.unique(owners[given.text] * grams + given.gram) % grams
        documents = np.bincount(holding, minlength=grams)
        weight = np.log(max(count, 1)) - np.log(np.maximum(documents, 1))

        theirs, our = given.count * weight[given.gram], said.count * weight[said.gram]
        keys = owners[given.text] * grams + given.gram
        ours = matching(said.text * grams + said.gram, keys, our)
        order = numbering.lengths
        shared = _summed(given, order, np.minimum(ours, theirs) * theirs, len(texts))
        norms = np.sqrt(_summed(given, order, theirs**2, len(texts)))
        own_norms = np.sqrt(_summed(said, order, our**2, count))
        similar = ratio(shared, norms * own_norms[owners])  # [references, 4]
        penalty = np.exp(-((_pairs(outputs)[owners] - _pairs(texts)) ** 2) / (2 * SIGMA**2))
        each = 10 * similar.mean(axis=1) * penalty
        numbers = np.array([len(group) for group in references], dtype=np.float64)
        values = ratio(np.bincount(owners, each, count).astype(np.float64), numbers)
        return np.column_stack((values, np.ones(count)))


def _summed(grams: Ngrams, lengths: Integers, values: Array, texts: int) -> Array:
    """[texts, ORDER] sums of the entries' values."""
    cell = grams.text * ORDER + lengths[grams.gram] - 1
    sums = np.bincount(cell, values, texts * ORDER).astype(np.float64)
    return sums.reshape(texts, ORDER)


def _pairs(texts: Sequence[Sequence[str]]) -> Array:
    """Neighbouring words of each text: what pycocoevalcap takes for its length."""
    return np.array([max(len(words) - 1, 0) for words in texts], dtype=np.float64)
