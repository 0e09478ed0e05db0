"""The figure as numbers: a panel a metric and part, in it a line or a group of points a series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract.metrics import higher_is_better, metric_info, metric_title
from engine.contract.studies.recipes import RECIPES
from engine.contract.studies.results import ALL, StudyResults, Summary
from engine.contract.studies.study import StudySpec

GROUP_WIDTH = 0.5
"""Room for the series of a category, whose places are 1 apart."""
NUDGE = 0.012
"""How far series stand apart on an axis, in parts of it: intervals would cover one another."""


@dataclass(frozen=True)
class FigureSeries:
    """One method, or one form of a prefix.

    Attributes:
        number: its place among the study's series, which gives colour and mark.
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
        ticks: (place, text) on the horizontal axis; sizes are placed by their logarithm.
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
    keys = dict.fromkeys((one.metric, one.part) for one in results.summaries)
    return tuple(_panel(study, results, metric, part) for metric, part in keys)


def series_names(study: StudySpec) -> tuple[str, ...]:
    """The study's series in order; one that is called "" where points stand alone."""
    return tuple(dict.fromkeys(run.series for run in study.runs))


def _panel(study: StudySpec, results: StudyResults, metric: str, part: str) -> FigurePanel:
    recipe = RECIPES[study.kind]
    names = series_names(study)
    places = _places(study)
    reach = max(places.values()) - min(places.values())
    width = reach * NUDGE * len(names) if recipe.axis else GROUP_WIDTH
    found = []
    for number, name in enumerate(names):
        shift = width * ((number + 0.5) / len(names) - 0.5)
        chosen = [
            one
            for one in results.summaries
            if (one.series, one.metric, one.part) == (name, metric, part)
        ]
        if chosen:
            moved = {point: place + shift for point, place in places.items()}
            dots = results.dots(name, metric, part)
            found.append(_series(name, number, chosen, moved, dots))
    words = [metric_title(metric)]
    if part != ALL:
        words.append(f"{part} categories")
    if not higher_is_better(metric):
        words.append("lower is better")
    return FigurePanel(
        title=", ".join(words),
        series=tuple(found),
        ticks=tuple((place, point) for point, place in places.items()),
        axis=recipe.axis,
        joined=bool(recipe.axis),
        lowest=metric_info(metric).lowest,
    )


def _places(study: StudySpec) -> dict[str, float]:
    recipe = RECIPES[study.kind]
    points = dict.fromkeys(run.point for run in study.runs)
    if not recipe.axis:
        return {point: float(number) for number, point in enumerate(points)}
    ordered = sorted(points, key=float)
    return {
        point: math.log10(float(point)) if recipe.logarithmic else float(point) for point in ordered
    }


def _series(
    name: str,
    number: int,
    summaries: Sequence[Summary],
    places: dict[str, float],
    dots: Sequence[tuple[str, float]],
) -> FigureSeries:
    ordered = sorted(summaries, key=lambda one: places[one.point])
    means = [one.mean for one in ordered]
    return FigureSeries(
        name=name,
        number=number,
        x=tuple(places[one.point] for one in ordered),
        mean=tuple(mean.value for mean in means),
        low=tuple(mean.value if mean.low is None else mean.low for mean in means),
        high=tuple(mean.value if mean.high is None else mean.high for mean in means),
        labels=tuple(one.point for one in ordered),
        dot_x=tuple(places[point] for point, _ in dots),
        dot_y=tuple(value for _, value in dots),
    )
