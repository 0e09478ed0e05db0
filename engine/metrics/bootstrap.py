"""Bootstrap over examples: how far a score would move with another test set of the same size.

It says nothing about another training seed.
"""

from __future__ import annotations

import numpy as np

from engine.metrics.metric import Array, Metric

SAMPLES = 1000
"""Resamples of a 95 % interval (Koehn 2004; sacrebleu's default)."""
_CELLS = 4_000_000
"""Numbers drawn at once: bounds memory at some 64 MB whatever the number of examples."""


def resampled_sums(statistics: Array, *, seed: int, samples: int = SAMPLES) -> Array:
    """Sums of statistics over resamples of N out of N examples, with replacement.

    The same seed and N draw the same examples for any metric and system, so that the
    differences of two systems' scores are a paired bootstrap.

    Args:
        statistics: [N, K].
        seed: of the draw.
        samples: S, number of resamples.

    Returns:
        [S, K].
    """
    count = len(statistics)
    draw = np.random.default_rng(seed)
    sums = np.empty((samples, statistics.shape[1]))
    chunk = max(1, _CELLS // count)
    for start in range(0, samples, chunk):
        rows = min(chunk, samples - start)
        chosen = draw.integers(count, size=(rows, count))
        # How often each example was drawn, then one matrix product: [rows, N] @ [N, K].
        offset = count * np.arange(rows)[:, None]
        times = np.bincount((chosen + offset).ravel(), minlength=rows * count)
        sums[start : start + rows] = times.reshape(rows, count) @ statistics
    return sums


def interval(metric: Metric, statistics: Array, *, seed: int) -> tuple[float, float] | None:
    """95 % percentile interval of the corpus score, or None for fewer than two examples."""
    if len(statistics) < 2:
        return None
    scores = metric.from_sums(resampled_sums(statistics, seed=seed))
    low, high = np.quantile(scores, (0.025, 0.975))
    return float(low), float(high)
