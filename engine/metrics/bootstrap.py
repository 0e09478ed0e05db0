"""Bootstrap over examples: how far a score would move with another test set of the same size.

It says nothing about another training seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.contract.runs.scores import BOOTSTRAP_SEED, RESAMPLES
from engine.metrics.metric import Array, Metric

CELLS = 4_000_000
"""Numbers drawn at once: bounds memory at some 64 MB whatever the number of examples."""

_ROUNDING = 1e-9
"""Differences of scores that are nearer to each other are equal."""


def resampled_sums(statistics: Array, *, seed: int, samples: int = RESAMPLES) -> Array:
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
    own, other = (float(metric.from_sums(each.sum(axis=0))) for each in (first, second))
    difference = other - own
    if len(first) < 2:
        return Paired(own, other, difference, None, None, None)
    sampled = [metric.from_sums(resampled_sums(each, seed=seed)) for each in (first, second)]
    return Paired(own, other, difference, *_tested(difference, sampled[1] - sampled[0]))


def mean_differences(
    differences: Array, *, seed: int = BOOTSTRAP_SEED
) -> list[tuple[float | None, float | None, float | None]]:
    """Interval and p of the mean of each column, as `paired` has them of corpus scores.

    Args:
        differences: [N, K], of the same N rows' scores; NaN where a system has none.

    Returns:
        K times low, high and p, all None where fewer than two rows have a difference.
    """
    tested: list[tuple[float | None, float | None, float | None]]
    tested = [(None, None, None)] * differences.shape[1]
    known = ~np.isnan(differences)
    for mask in np.unique(known, axis=1).T:  # columns of the same rows are drawn once
        columns = np.flatnonzero((known == mask[:, None]).all(axis=0))
        values = differences[np.ix_(mask, columns)]
        if len(values) < 2:
            continue
        sampled = resampled_sums(values, seed=seed) / len(values)
        for index, column in enumerate(columns):
            tested[column] = _tested(float(values[:, index].mean()), sampled[:, index])
    return tested


def _tested(difference: float, sampled: Array) -> tuple[float, float, float]:
    """95 % interval of a difference and its p, from the resampled ones."""
    low, high = np.quantile(sampled, (0.025, 0.975))
    scatter = np.abs(sampled - sampled.mean())
    as_far = int((scatter >= abs(difference) - _ROUNDING).sum())
    return float(low), float(high), (as_far + 1) / (len(sampled) + 1)
