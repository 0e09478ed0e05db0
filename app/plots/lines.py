"""What a panel shows of a run: each quantity as lines of numbers, before anything is drawn."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.plots.series import Axis, RunSeries
from app.plots.smoothing import smooth
from engine.contract.metrics import metric_title

Floats = NDArray[np.float64]


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
    Quantity.LOSS: QuantityInfo(
        "Loss", "loss per target token (nats)", smoothed=True, can_log=True
    ),
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
        return tuple(_score(series, metric, axis) for metric in series.score_metrics())
    info = INFO[quantity]
    column = quantity.value
    y = series.metrics[column] * info.scale
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


def _score(series: RunSeries, metric: str, axis: Axis) -> Line:
    return _evaluated(series, metric_title(metric), series.scores(metric), axis)


def _evaluated(series: RunSeries, label: str, values: Floats, axis: Axis) -> Line:
    known = np.isfinite(values)
    x = _drawn(series.evaluation_x(axis), axis)
    return Line(label, series.evaluations["step"][known], x[known], values[known], is_points=True)


def _drawn(x: Floats, axis: Axis) -> Floats:
    return x / 60.0 if axis is Axis.TIME else x.copy()
