"""The two tests of this page, with nothing hidden in them."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLES = 1000
SEED = 0
_BLOCK = 20


@dataclass(frozen=True)
class MeanDifference:
    """The mean of row differences with its bootstrap interval.

    Attributes:
        rows: rows where both systems have a score.
        low, high: 95 % percentile interval over resampled rows, or None for one row.
        better, worse, equal: rows where the system is better than, worse than, equal to the
            reference system, whichever way the metric goes.
    """

    rows: int
    mean: float
    low: float | None
    high: float | None
    better: int
    worse: int
    equal: int

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval leaves out "no difference"."""
        return self.low is not None and self.high is not None and self.low * self.high > 0


def paired_bootstrap(
    differences: Floats,
    *,
    higher_is_better: bool = True,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Generator[None, None, MeanDifference | None]:
    """Resample rows with replacement (paired: a row's difference stays one number).

    As Koehn 2004, "Statistical significance tests for machine translation evaluation", on the
    mean of row scores. The interval covers the choice of test rows only: another training
    seed may move the scores by more. Yields after each block of resamples; returns None
    where no row has both scores.
    """
    values = differences[~np.isnan(differences)]
    if values.size == 0:
        return None
    mean = float(values.mean())
    gains = values if higher_is_better else -values
    signs = (int((gains > 0).sum()), int((gains < 0).sum()), int((values == 0).sum()))
    if values.size == 1:
        return MeanDifference(1, mean, None, None, *signs)
    rng = np.random.default_rng(seed)
    means = np.empty(resamples)
    for start in range(0, resamples, _BLOCK):
        size = min(_BLOCK, resamples - start)
        chosen = rng.integers(0, values.size, (size, values.size))
        means[start : start + size] = values[chosen].mean(axis=1)
        yield
    low, high = np.percentile(means, [2.5, 97.5])
    return MeanDifference(values.size, mean, float(low), float(high), *signs)


def sign_test(wins: int, losses: int) -> float:
    """Two-sided exact sign test; ties must be left out before.

    p = min(1, 2 * sum over k <= min(wins, losses) of C(n, k) / 2^n), n = wins + losses.
    """
    n = wins + losses
    tail = sum(math.comb(n, k) for k in range(min(wins, losses) + 1))
    return float(min(Fraction(1), Fraction(2 * tail, 2**n)))
