"""A study's figure: a panel a metric, every run as a dot, means with their intervals."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from engine.contract.metrics import higher_is_better, metric_info, metric_title
from engine.contract.studies.recipes import RECIPES, Recipe
from engine.contract.studies.results import ALL, StudyResults, Summary
from engine.contract.studies.study import StudySpec

_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Okabe & Ito's palette, which people of all kinds of colour vision can tell apart."""
_MARKERS = "osD^vPX"
_PANEL_WIDTH, _PANEL_HEIGHT = 4.4, 3.4  # inches
_DPI = 200
_LONGEST_LABEL, _MOST_PLACE = 80, 1e9


def draw(study: StudySpec, results: StudyResults) -> dict[str, bytes]:
    """The figure as PNG and SVG: file name to content.

    Raises:
        ValueError: nothing is finished, so that there is nothing to draw.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    panels = list(dict.fromkeys((one.metric, one.part) for one in results.summaries))
    if not panels:
        raise ValueError("no run of the study is finished")
    style: dict[str, Any] = {
        "svg.hashsalt": _label(study.study_id),
        "font.size": 9.0,
        "axes.axisbelow": True,
        "text.parse_math": False,  # "$" in a name is a dollar
    }
    with rc_context(style), warnings.catch_warnings():
        # Of letters that the font lacks, and of names too long for the figure.
        warnings.simplefilter("ignore", UserWarning)
        figure = Figure(figsize=(_PANEL_WIDTH * len(panels), _PANEL_HEIGHT), layout="constrained")
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for ax, (metric, part) in zip(axes, panels, strict=True):
            _panel(ax, study, results, metric=metric, part=part)
        handles, labels = axes[0].get_legend_handles_labels()
        if len(labels) > 1:
            figure.legend(
                handles, labels, loc="outside lower center", ncols=min(4, len(labels)),
                frameon=False,
            )  # fmt: skip
        return {
            "figure.png": _saved(figure, format="png", dpi=_DPI),
            "figure.svg": _saved(figure, format="svg", metadata={"Date": None}),
        }


def _saved(figure: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, **options)
    return stream.getvalue()


def _panel(ax: Any, study: StudySpec, results: StudyResults, *, metric: str, part: str) -> None:
    recipe = RECIPES[study.kind]
    chosen = [one for one in results.summaries if (one.metric, one.part) == (metric, part)]
    points = list(dict.fromkeys(run.point for run in results.runs))
    places = _places(points, recipe)
    series = list(dict.fromkeys(run.series for run in results.runs))
    for number, name in enumerate(series):
        aside = number - (len(series) - 1) / 2  # so that bars do not cover one another
        _line(
            ax,
            [one for one in chosen if one.series == name],
            {point: _beside(place, places, aside, recipe) for point, place in places.items()},
            results.dots(name, metric, part),
            style={
                "color": _COLORS[number % len(_COLORS)],
                "marker": _MARKERS[number % len(_MARKERS)],
                "label": _label(name) or None,
                "linestyle": "-" if recipe.axis else "none",
            },
        )
    lowest = metric_info(metric).lowest
    if lowest is not None:  # an interval may reach below what a score can be
        ax.set_ylim(bottom=max(lowest, ax.get_ylim()[0]))
    arrow = "" if higher_is_better(metric) else " (lower is better)"
    ax.set_title(metric_title(metric) + ("" if part == ALL else f", {part} categories") + arrow)
    ax.grid(axis="y", color="#dddddd", linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    if recipe.logarithmic:
        ax.set_xscale("log")
    ax.minorticks_off()
    labels = [_label(point) for point in points]
    ax.set_xticks([places[point] for point in points], labels)
    if recipe.axis:
        ax.set_xlabel(recipe.axis)
    else:
        is_long = max(map(len, labels)) > 12
        ax.tick_params(axis="x", labelrotation=25 if is_long else 0)
        for label in ax.get_xticklabels():
            label.set_horizontalalignment("right" if is_long else "center")
        ax.set_xlim(-0.5, len(points) - 0.5)


def _places(points: Sequence[str], recipe: Recipe) -> dict[str, float]:
    """Where each point stands: at its number, or where one has none, one after another."""
    numbers = {}
    for number, point in enumerate(points):
        try:
            numbers[point] = float(point) if recipe.axis else float(number)
        except ValueError:
            numbers[point] = math.nan
    if not recipe.axis or all(0 < place <= _MOST_PLACE for place in numbers.values()):
        return numbers
    return {point: float(number) for number, point in enumerate(points, start=1)}


def _label(text: str) -> str:
    """A name as a figure can show it: not too long, and without control characters."""
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    return shown if len(shown) <= _LONGEST_LABEL else shown[:_LONGEST_LABEL] + "…"


def _beside(place: float, places: Mapping[str, float], aside: float, recipe: Recipe) -> float:
    """Where one of several series stands at a place, a little to the side."""
    if not recipe.axis:
        return place + 0.12 * aside
    first, last = min(places.values()), max(places.values())
    if recipe.logarithmic:
        return float(place * (last / first) ** (0.012 * aside))
    return place + 0.012 * aside * (last - first)


def _line(
    ax: Any,
    summaries: Sequence[Summary],
    places: dict[str, float],
    runs: Sequence[tuple[str, float]],
    *,
    style: dict[str, Any],
) -> None:
    if not summaries:
        return
    values = [one.mean.value for one in summaries]
    lows = [max(0.0, one.mean.value - _or(one.mean.low, one.mean.value)) for one in summaries]
    highs = [max(0.0, _or(one.mean.high, one.mean.value) - one.mean.value) for one in summaries]
    ax.errorbar(
        [places[one.point] for one in summaries],
        values,
        yerr=[lows, highs],
        capsize=3,
        linewidth=1.4,
        markersize=5,
        elinewidth=0.9,
        **style,
    )
    ax.plot(
        [places[point] for point, _ in runs],
        [value for _, value in runs],
        linestyle="none",
        marker=".",
        markersize=4,
        color=style["color"],
        alpha=0.35,
    )


def _or(value: float | None, other: float) -> float:
    return other if value is None else value
