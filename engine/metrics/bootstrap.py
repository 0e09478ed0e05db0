"""Bootstrap over examples: how far a score would move with another test set of the same size.

It says nothing about another training seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.metrics.metric import Array, Metric

SAMPLES = 1000
"""Resamples of a 95 % interval (Koehn 2004; sacrebleu's default)."""
CELLS = 4_000_000
"""Numbers drawn at once: bounds memory at some 64 MB whatever the number of examples."""

_ROUNDING = 1e-9
"""Differences of scores that are nearer to each other are equal."""


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
    chunk = max(1, CELLS // count)
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


@dataclass(frozen=True)
class Paired:
    """Two systems' corpus scores over the same examples.

    Attributes:
        difference: second less first.
        low, high: 95 % percentile interval of the difference, or None for one example.
        p: how often resampling alone makes so large a difference, either way, where there is
            none; or None for one example.
    """

    first: float
    second: float
    difference: float
    low: float | None
    high: float | None
    p: float | None


def paired(metric: Metric, first: Array, second: Array, *, seed: int) -> Paired:
    """Paired bootstrap test of two systems (Koehn 2004).

    Both are resampled alike. The resampled differences scatter around the one that was found;
    moved to scatter around 0 they are those of two equal systems, and p is the share of them
    that are as far from 0, on either side, as the one found, itself counted too (Riezler and
    Maxwell 2005). sacrebleu counts one side only: its p is about half of this one. It covers
    the choice of test rows only, not another training seed.

    Args:
        first, second: statistics of the same examples, [N, K] each.
        seed: of the draw.
    """
    one, other = (float(metric.from_sums(each.sum(axis=0))) for each in (first, second))
    difference = other - one
    if len(first) < 2:
        return Paired(one, other, difference, None, None, None)
    sampled = [metric.from_sums(resampled_sums(each, seed=seed)) for each in (first, second)]
    differences = sampled[1] - sampled[0]
    low, high = np.quantile(differences, (0.025, 0.975))
    scatter = np.abs(differences - differences.mean())
    as_far = int((scatter >= abs(difference) - _ROUNDING).sum())
    p = (as_far + 1) / (SAMPLES + 1)
    return Paired(one, other, difference, float(low), float(high), p)
