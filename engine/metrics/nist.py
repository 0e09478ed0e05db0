"""NIST (Doddington 2002) as mteval-v13a counts it: 5-grams, tokens of 13a, lower case.

An n-gram that is rare among the references weighs more. These information weights are computed
once, from all references that are scored together: resamples of the bootstrap and scores of
single rows keep them. So a part of the rows, scored alone, has other weights than in the whole.

mteval-v13a takes all inputs to have as many references as the one with most, the missing ones
being empty; they lower the mean length that an output is held against. The official E2E scores
are so made, and so are these.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.metrics.division import sacrebleu_tokenizer
from engine.metrics.metric import Array, TextMetric, ratio
from engine.metrics.ngrams import Numbering, matching, owners_of
from engine.reporter import Reporter

ORDER = 5
"""Longest n-gram counted (mteval-v13a.pl, $max_Ngram for NIST)."""
HALVED_AT = 2 / 3
"""The brevity penalty is 0.5 at this ratio of lengths (Doddington 2002, section 4)."""


class Nist(TextMetric):
    """Corpus NIST on its own scale: 0 upwards, some 8 for a good system on the E2E test set.

    Statistics [N, 11]: mean length of the references, missing ones as 0; for n = 1 to 5 the
    information of the matched n-grams; for n = 1 to 5 the output's n-grams.
    """

    def signature(self) -> str:
        """PromptTokenizer, case and what it follows."""
        tokenizer = sacrebleu_tokenizer(self._division.tokenizer)[1]
        return f"case:lc|tok:{tokenizer}|ngrams:{ORDER}|as:mteval-v13a"

    def statistics(
        self,
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        reporter: Reporter,
    ) -> Array:
        """Count; see `Metric.statistics`."""
        tokenise, _ = sacrebleu_tokenizer(self._division.tokenizer)
        count = len(hypotheses)
        outputs, groups = [], []
        for i, (hypothesis, group) in enumerate(zip(hypotheses, references, strict=True)):
            reporter.update(i, count, "rows", self.name)
            outputs.append(tokenise(hypothesis.lower()).split())
            groups.append([tokenise(reference.lower()).split() for reference in group])
        texts = [words for group in groups for words in group]
        owners = owners_of(references)

        numbering = Numbering(ORDER)
        given, said = numbering.count(texts), numbering.count(outputs)
        grams = len(numbering.lengths)
        counts = np.bincount(given.gram, given.count, grams).astype(np.float64)
        information = _information(numbering, counts)
        # An n-gram counts as often as the reference that has most of it.
        keys = owners[given.text] * grams + given.gram
        unique, index = np.unique(keys, return_inverse=True)
        most = np.zeros(len(unique))
        np.maximum.at(most, index, given.count)
        matched = np.minimum(said.count, matching(unique, said.text * grams + said.gram, most))

        cell = said.text * ORDER + numbering.lengths[said.gram] - 1
        size = count * ORDER
        weighed = np.bincount(cell, matched * information[said.gram], size)
        total = np.bincount(cell, said.count, size)
        lengths = np.array([len(words) for words in texts], dtype=np.float64)
        most_references = max(map(len, references), default=1)
        mean_length = np.bincount(owners, lengths, count) / most_references
        shape = (count, ORDER)
        return np.column_stack((mean_length, weighed.reshape(shape), total.reshape(shape)))

    def from_sums(self, sums: Array) -> Array:
        """Corpus NIST of summed counts."""
        return _nist(sums)

    def rows(self, statistics: Array) -> Array:
        """NIST of each example alone, with the weights of all of them."""
        return _nist(statistics)


def _information(numbering: Numbering, counts: Array) -> Array:
    """[V] information of each n-gram: log2 of how often its beginning goes on otherwise."""
    parents, lengths = numbering.parents, numbering.lengths
    before = np.where(parents < 0, counts[lengths == 1].sum(), counts[parents])
    return np.log2(ratio(before, counts), out=np.zeros(len(counts)), where=counts > 0)


def _nist(counted: Array) -> Array:
    """Over leading axes; Doddington 2002, section 4, with mteval-v13a's length penalty."""
    reference = counted[..., 0]
    weighed, total = counted[..., 1 : 1 + ORDER], counted[..., 1 + ORDER :]
    relative = ratio(total[..., 0], reference)
    beta = np.log(0.5) / np.log(HALVED_AT) ** 2
    logarithm = np.log(relative, out=np.zeros(relative.shape), where=relative > 0)
    penalty = np.where(relative < 1, np.exp(beta * logarithm**2), 1.0)
    score = ratio(weighed, total).sum(axis=-1) * penalty
    return np.where(relative > 0, score, 0.0)
