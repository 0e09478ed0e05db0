"""What a panel shows of a run: each quantity as lines of numbers, before anything is drawn."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np

from app.plots.series import Axis, Floats, RunSeries
from engine.contract.metrics import metric_title

_NEGLIGIBLE = 1e-300
"""A value that old has no part in any mean; after a long gap an old one may be all there is."""


class Quantity(enum.Enum):
    """What can be plotted."""

    LOSS = "loss"
    SCORES = "scores"
    LEARNING_RATE = "learning_rate"
    GRAD_NORM = "grad_norm"
    TOKENS_PER_S = "tokens_per_s"
    MEMORY = "memory_bytes"


@dataclass(frozen=True)
class QuantityInfo:
    """How a quantity is called and drawn.

    Attributes:
        title: for tabs and files; `unit` stands on the vertical axis.
        scale: drawn value for a value of 1 in the journal.
        smoothed: whether its raw line is noisy enough to be smoothed.
        can_log: whether a logarithmic axis makes sense.
    """

    title: str
    unit: str
    scale: float = 1.0
    smoothed: bool = False
    can_log: bool = False


INFO = {
    Quantity.LOSS: QuantityInfo("Loss", "loss per target (nats)", smoothed=True, can_log=True),
    Quantity.SCORES: QuantityInfo("Scores", "0 to 100"),
    Quantity.LEARNING_RATE: QuantityInfo("Learning rate", "rate of AdamW", can_log=True),
    Quantity.GRAD_NORM: QuantityInfo(
        "Gradient norm", "before clipping", smoothed=True, can_log=True
    ),
    Quantity.TOKENS_PER_S: QuantityInfo("Speed", "tokens per second", smoothed=True),
    Quantity.MEMORY: QuantityInfo("Memory", "GB, peak", scale=1e-9),
}

AXIS_TITLES = {
    Axis.STEP: "Step",
    Axis.EPOCH: "Epoch",
    Axis.TOKENS: "Target tokens",
    Axis.TIME: "Time (minutes)",
}


@dataclass(frozen=True)
class Line:
    """One line of a run.

    Attributes:
        label: "training loss", "validation loss", "BLEU" …
        step: optimiser steps, for marks and tables; `x` and `y` as drawn.
        smooth: the smoothed `y`, or None where it is drawn as it is.
        is_points: measured at evaluations only: drawn with a symbol at each.
    """

    label: str
    step: Floats
    x: Floats
    y: Floats
    smooth: Floats | None = None
    is_points: bool = False


def lines_of(
    series: RunSeries, quantity: Quantity, *, axis: Axis, weight: float
) -> tuple[Line, ...]:
    """The lines of a run for one panel; copies, so that a growing run cannot change them."""
    if quantity is Quantity.SCORES:
        return tuple(
            _evaluated(series, metric_title(metric), series.scores(metric), axis)
            for metric in series.score_metrics()
        )
    info = INFO[quantity]
    y = series.metrics[quantity.value] * info.scale
    label = "training loss" if quantity is Quantity.LOSS else info.title.lower()
    smoothed = smooth(y, weight) if info.smoothed and weight > 0 else None
    steps = series.metrics["step"].copy()
    training = Line(label, steps, _drawn(series.x(axis), axis), y, smoothed)
    if quantity is not Quantity.LOSS:
        return (training,)
    return (training, _evaluated(series, "validation loss", series.evaluations["valid_loss"], axis))


def value_at(line: Line, x: float) -> tuple[float, float | None] | None:
    """Value and smoothed value of the point nearest to `x`, or None outside the line."""
    if line.x.size == 0:
        return None
    reach = (line.x[-1] - line.x[0]) * 0.02
    if not line.x[0] - reach <= x <= line.x[-1] + reach:
        return None
    right = int(np.clip(np.searchsorted(line.x, x), 1, max(line.x.size - 1, 1)))
    near = [index for index in (right - 1, right) if index < line.x.size]
    index = min(near, key=lambda i: abs(float(line.x[i]) - x))
    smoothed = None if line.smooth is None else float(line.smooth[index])
    return float(line.y[index]), smoothed


def mark_positions(series: RunSeries, steps: tuple[float, ...], axis: Axis) -> Floats:
    """Where marks at these steps stand on the drawn axis."""
    return _drawn(series.at_steps(np.array(steps, dtype=np.float64), axis), axis)


def _evaluated(series: RunSeries, label: str, values: Floats, axis: Axis) -> Line:
    known = np.isfinite(values)
    x = _drawn(series.evaluation_x(axis), axis)
    return Line(label, series.evaluations["step"][known], x[known], values[known], is_points=True)


def _drawn(x: Floats, axis: Axis) -> Floats:
    return x / 60.0 if axis is Axis.TIME else x.copy()


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
