"""Which metrics a test can hold to what all of them share, and the score of a whole corpus."""

from collections.abc import Sequence

from engine.metrics.metric import Metric
from engine.reporter import Silent

MEANS_OF_TEXTS = ("bleu", "bleu_webnlg", "rouge_l_e2e", "chrf", "rouge1", "rouge2", "rougeL")
"""Decided by an output and its references alone: 100 for what is right, 0 for nothing."""
WEIGHTED = ("nist", "cider")
"""Weighted by all references that are scored together, on scales of their own."""
GAINS = (*MEANS_OF_TEXTS, *WEIGHTED)
"""0 for nothing said; higher is better."""
LOCAL = (*GAINS, "ter")
"""All that need neither Java, nor an encoder, nor a table as input."""


def corpus_value(
    metric: Metric, hypotheses: Sequence[str], references: Sequence[Sequence[str]]
) -> float:
    """The corpus score alone, for outputs that all have references."""
    statistics = metric.statistics(hypotheses, references, reporter=Silent())
    return float(metric.from_sums(statistics.sum(axis=0)))
