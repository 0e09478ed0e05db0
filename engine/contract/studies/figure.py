"""The figure as numbers: a panel a metric and part, in it a line or a group of points a series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract.metrics import higher_is_better, metric_info, metric_title
from engine.contract.studies.keys import Factors
from engine.contract.studies.labels import StudyLabels
from engine.contract.studies.recipes import RECIPES, Recipe
from engine.contract.studies.results import ALL, StudyResults
from engine.contract.studies.study import StudySpec

GROUP_WIDTH = 0.5
"""Room for the series of a category; categories are 1 apart."""
NUDGE = 0.012
"""How far series stand apart on an axis, in parts of it: intervals would cover one another."""
MAX_ON_AXIS = 1e9


@dataclass(frozen=True)
class FigureSeries:
    """One method, or one form of a prefix.

    Attributes:
        number: its index among the study's series, which gives colour and mark.
        x, mean: of the points in order; `low` and `high` are the 95 % interval, or the mean.
        labels: what each point is called.
        dot_x, dot_y: every finished run.
    """

    name: str
    number: int
    x: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    labels: tuple[str, ...]
    dot_x: tuple[float, ...]
    dot_y: tuple[float, ...]


@dataclass(frozen=True)
class FigurePanel:
    """One metric of one part of the held-out inputs.

    Attributes:
        ticks: (x, text) on the horizontal axis; sizes are placed by their logarithm.
        axis: its label; "" where categories stand beside one another.
        joined: whether points are joined by lines.
        lowest: where the vertical axis begins at the latest; None where scores may be negative.
    """

    title: str
    series: tuple[FigureSeries, ...]
    ticks: tuple[tuple[float, str], ...]
    axis: str
    joined: bool
    lowest: float | None = None


def panels_of(study: StudySpec, results: StudyResults) -> tuple[FigurePanel, ...]:
    """The panels that have something to show, in the order of the study's metrics."""
    labels = StudyLabels(study)
    return tuple(
        _panel(study, results, labels, metric=metric, part=part)
        for metric, part in results.columns()
    )


def _panel(
    study: StudySpec, results: StudyResults, labels: StudyLabels, *, metric: str, part: str
) -> FigurePanel:
    recipe = RECIPES[study.kind]
    positions = _positions(list(labels.points), recipe)
    span = max(positions.values()) - min(positions.values())
    step = span * NUDGE if recipe.axis else GROUP_WIDTH / len(labels.series)
    series = []
    for number, factors in enumerate(labels.series):
        shift = step * (number - (len(labels.series) - 1) / 2)
        shifted = {point: x + shift for point, x in positions.items()}
        drawn = _series(results, labels, shifted, factors, number, metric=metric, part=part)
        if drawn.x:
            series.append(drawn)
    title = [metric_title(metric)]
    if part != ALL:
        title.append(f"{part} categories")
    if not higher_is_better(metric):
        title.append("lower is better")
    return FigurePanel(
        title=", ".join(title),
        series=tuple(series),
        ticks=tuple((x, labels.points[point]) for point, x in positions.items()),
        axis=recipe.axis,
        joined=bool(recipe.axis),
        lowest=metric_info(metric).lowest,
    )


def _positions(points: Sequence[Factors], recipe: Recipe) -> dict[Factors, float]:
    """Where each point stands, from left to right; one after another where one has no number."""
    on_axis = {}
    for point in points:
        number = point[0].value
        if isinstance(number, int | float) and abs(number) <= MAX_ON_AXIS:
            if not recipe.logarithmic:
                on_axis[point] = float(number)
            elif number > 0:
                on_axis[point] = math.log10(number)
    if not recipe.axis or len(on_axis) < len(points):
        return {point: float(index) for index, point in enumerate(points)}
    return dict(sorted(on_axis.items(), key=lambda item: item[1]))


def _series(
    results: StudyResults,
    labels: StudyLabels,
    positions: dict[Factors, float],
    factors: Factors,
    number: int,
    *,
    metric: str,
    part: str,
) -> FigureSeries:
    chosen = [
        item
        for item in results.summaries
        if (item.key.series, item.metric, item.part) == (factors, metric, part)
        and item.key.point in positions
    ]
    chosen.sort(key=lambda item: positions[item.key.point])
    means = [item.mean for item in chosen]
    dots = [dot for dot in results.dots(factors, metric, part) if dot[0] in positions]
    return FigureSeries(
        name=labels.series[factors],
        number=number,
        x=tuple(positions[item.key.point] for item in chosen),
        mean=tuple(mean.value for mean in means),
        low=tuple(mean.value if mean.low is None else mean.low for mean in means),
        high=tuple(mean.value if mean.high is None else mean.high for mean in means),
        labels=tuple(labels.points[item.key.point] for item in chosen),
        dot_x=tuple(positions[point] for point, _ in dots),
        dot_y=tuple(value for _, value in dots),
    )
