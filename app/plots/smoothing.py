"""Smoothing a noisy curve for the eye; the raw values are always drawn beneath it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NEGLIGIBLE = 1e-300
"""A value that old has no part in any mean; after a long gap an old one may be all there is."""


def smooth(values: Floats, weight: float) -> Floats:
    """Bias-corrected exponential moving average, as TensorBoard draws it.

    Each result is the mean of all values so far, weighted by `weight` to the power of
    their age. Values that are not finite have no part in it, so one NaN in a loss does
    not wipe out the rest of the line.

    Args:
        values: one number a step.
        weight: 0 (no smoothing) up to, not including, 1.
    """
    if not 0.0 <= weight < 1.0:
        raise ValueError(f"the smoothing weight is {weight}: it must be at least 0 and below 1")
    if weight == 0.0 or values.size == 0:
        return values.copy()
    finite = np.isfinite(values)
    if finite.all():
        ages = np.arange(1, values.size + 1)
        return _decaying_sum(values, weight) * (1.0 - weight) / (1.0 - weight**ages)
    total = _decaying_sum(np.where(finite, values, 0.0), weight)
    count = _decaying_sum(finite.astype(np.float64), weight)
    return np.where(count > 0.0, total / np.where(count > 0.0, count, 1.0), np.nan)


def _decaying_sum(values: Floats, weight: float) -> Floats:
    """`out[k] = sum over j of weight**j * values[k - j]`, by doubling the window.

    After n rounds each entry holds a window of 2**n values, so 50,000 steps take at most
    16 rounds of array arithmetic instead of 50,000 turns of a Python loop.
    """
    out = values.copy()
    window, factor = 1, weight
    while window < out.size and factor > _NEGLIGIBLE:
        out[window:] = out[window:] + factor * out[:-window]
        window, factor = 2 * window, factor * factor
    return out
