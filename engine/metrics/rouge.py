"""ROUGE-1, -2 and -L (Lin 2004) by rouge-score, with Porter stemming as summarisation papers.

Its tokeniser keeps the letters a to z and digits only. Where the references are in another script
the words are `unicode_words`, stemmed as before where they are in a to z. The E2E challenge's
ROUGE_L is another one and differs: `rouge_e2e.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from engine.metrics.division import unicode_words
from engine.metrics.metric import LONGEST, Array, MeanOverExamples
from engine.metrics.rouge_e2e import LONGEST_COMMON, common_words
from engine.reporter import Reporter

_LATIN = re.compile(r"[a-zA-Z0-9]")


class Rouge(MeanOverExamples):
    """Mean F-measure × 100; of several references the best one for each output counts.

    Statistics [N, 2]: the example's F-measure × 100, and 1.
    """

    def keeps(self, reference: str) -> bool:
        """Whether it has a word."""
        return bool(
            unicode_words(reference) if self._division.unicode else _LATIN.search(reference)
        )

    def longest(self) -> int:
        """A common subsequence takes time in proportion to both lengths."""
        return LONGEST_COMMON if self.name == "rougeL" else LONGEST

    def signature(self) -> str:
        """PromptTokenizer, stemming, aggregation and version."""
        words = "unicode" if self._division.unicode else "a-z0-9"
        return (
            f"case:lc|tok:{words}|stem:porter|stat:f|multi:best|"
            f"rouge-score:{version('rouge-score')}"
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
        from rouge_score.tokenizers import DefaultTokenizer

        tokenizer: Any = DefaultTokenizer(use_stemmer=True)
        if self._division.unicode:
            tokenizer = _UnicodeTokenizer(tokenizer)
        scorer = RougeScorer([self.name], tokenizer=tokenizer)
        scored = np.ones((len(hypotheses), 2))
        for i, (hypothesis, group) in enumerate(zip(hypotheses, references, strict=True)):
            reporter.update(i, len(hypotheses), "rows", self.name)
            if self.name == "rougeL":
                words = tokenizer.tokenize(hypothesis)
                value = max(_f(words, tokenizer.tokenize(text)) for text in group)
            else:
                value = scorer.score_multi(list(group), hypothesis)[self.name].fmeasure
            scored[i, 0] = 100 * value
        return scored


def _f(words: Sequence[str], reference: Sequence[str]) -> float:
    """rouge-score's F of the longest common subsequence, without its table of all words."""
    common = common_words(words, reference)
    if not common:
        return 0.0
    precision, recall = common / len(words), common / len(reference)
    return 2 * precision * recall / (precision + recall)


class _UnicodeTokenizer:
    """What rouge-score asks for words, with the letters of every script."""

    def __init__(self, latin: Any) -> None:
        self._latin = latin

    def tokenize(self, text: str) -> list[str]:
        """Words, those in a to z stemmed as rouge-score's own tokeniser does."""
        words: list[str] = []
        for word in unicode_words(text):
            words += self._latin.tokenize(word) if word.isascii() else [word]
        return words
