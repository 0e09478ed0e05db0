"""BLEU (Papineni et al. 2002) as sacrebleu counts it, lower-cased, on one of two tokenisers.

With several references of differing number "bleu", on tokeniser 13a, equals the official E2E
metrics script. "bleu_webnlg" divides texts as WebNLG's evaluation does before it calls
multi-bleu.perl, and equals that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from engine.metrics.division import Division, sacrebleu_tokenizer
from engine.metrics.metric import Array, TextMetric, ratio
from engine.reporter import Reporter

ORDER = 4
"""Longest n-gram counted (sacrebleu.metrics.bleu.MAX_NGRAM_ORDER)."""


class Bleu(TextMetric):
    """Corpus BLEU, 0 to 100.

    Statistics [N, 10]: output length, closest reference's length, matched n-grams for
    n = 1 to 4, the output's n-grams for n = 1 to 4.
    """

    @property
    def _webnlg(self) -> bool:
        return self.name == "bleu_webnlg"

    def signature(self) -> str:
        """PromptTokenizer, case, smoothing and version, in sacrebleu's words."""
        from sacrebleu import __version__

        tokenizer = sacrebleu_tokenizer(self._division.tokenizer)[1]
        if self._webnlg:
            tokenizer = "webnlg+char" if self._division.unspaced else "webnlg"
        return f"case:lc|eff:no|tok:{tokenizer}|smooth:exp|sacrebleu:{__version__}"

    def statistics(
        self,
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        reporter: Reporter,
    ) -> Array:
        """Count with sacrebleu; see `Metric.statistics`."""
        from sacrebleu.metrics.bleu import BLEU

        tokenizer = "none" if self._webnlg else self._division.tokenizer
        scorer = BLEU(lowercase=True, tokenize=tokenizer, effective_order=True)
        counted = np.zeros((len(hypotheses), 2 + 2 * ORDER))
        for i, (hypothesis, group) in enumerate(zip(hypotheses, references, strict=True)):
            reporter.update(i, len(hypotheses), "rows", self.name)
            texts = [hypothesis, *group]
            if self._webnlg:
                texts = [_divided(text, self._division) for text in texts]
            score = scorer.sentence_score(texts[0], texts[1:])
            counted[i] = (score.sys_len, score.ref_len, *score.counts, *score.totals)
        return counted

    def from_sums(self, sums: Array) -> Array:
        """Corpus BLEU; every order counts, as in sacrebleu without effective order."""
        return _bleu(sums, effective_order=False)

    def rows(self, statistics: Array) -> Array:
        """Sentence BLEU with effective order: orders that the output is too short for are left out.

        It is smoothed and says little about one row alone; it serves to sort rows.
        """
        return _bleu(statistics, effective_order=True)


def _divided(text: str, division: Division) -> str:
    """In lower case, every character that is no letter, digit or underscore a word of its own.

    Where a script has no blanks between words, every character is one.
    """
    parts = text.lower() if division.unspaced else re.split(r"(\W)", text.lower())
    return " ".join(" ".join(parts).split())


def _bleu(counted: Array, *, effective_order: bool) -> Array:
    """As sacrebleu 2.6's `BLEU.compute_bleu` with smoothing "exp", over leading axes."""
    length, closest = counted[..., 0], counted[..., 1]
    matched, total = counted[..., 2 : 2 + ORDER], counted[..., 2 + ORDER :]
    short = length < closest
    brevity = np.where(short, np.exp(1 - ratio(closest, length)), 1.0)

    log_sum = np.zeros(length.shape)
    orders = np.zeros(length.shape)
    halving = np.ones(length.shape)
    for n in range(ORDER):
        present = total[..., n] > 0
        missed = present & (matched[..., n] == 0)
        halving = np.where(missed, 2 * halving, halving)
        hits = np.where(missed, 1 / halving, matched[..., n])
        precision = np.where(present, 100 * ratio(hits, total[..., n]), 1.0)
        log_sum += np.log(precision)
        orders += present
    score = brevity * np.exp(
        ratio(log_sum, orders if effective_order else np.full_like(orders, ORDER))
    )
    defined = (length > 0) & (matched.sum(axis=-1) > 0)
    if not effective_order:
        defined &= orders == ORDER
    # exp(log(100)) is a hair above 100.
    return np.where(defined, np.minimum(score, 100.0), 0.0)
