"""Means of a few runs, with intervals that admit how few they are."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from engine.contract.studies.results import Mean

_T = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
"""97.5 % quantiles of Student's t with 1 to 30 degrees of freedom (Student 1908; every table)."""


def t_quantile(degrees: int) -> float:
    """97.5 % quantile of Student's t, to three decimals up to 30 degrees of freedom.

    Beyond them by Fisher's expansion about the normal quantile, to two terms: right to 0.001.
    """
    if degrees <= len(_T):
        return _T[degrees - 1]
    z = 1.959964
    return z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)


def mean_of(
    values: Sequence[float], units: Sequence[int], *, alone: tuple[float | None, float | None]
) -> Mean:
    """Mean, spread and 95 % interval.

    Args:
        values: one or more.
        units: of each value, what it was drawn with. Values of one unit (runs of several seeds on
            the same rows) tell less than as many of several, so the interval is that of the units'
            means; there is none for several values of a single unit.
        alone: the interval of a single value.
    """
    if len(values) == 1:
        return Mean(1, values[0], None, *alone)
    value, spread = statistics.fmean(values), statistics.stdev(values)
    means = [
        statistics.fmean(value for value, own in zip(values, units, strict=True) if own == unit)
        for unit in dict.fromkeys(units)
    ]
    if len(means) == 1:
        return Mean(len(values), value, spread, None, None)
    reach = t_quantile(len(means) - 1) * statistics.stdev(means) / math.sqrt(len(means))
    return Mean(len(values), value, spread, value - reach, value + reach)
