"""A study's figure: a panel a metric, every run as a dot, means with their intervals."""

from __future__ import annotations

import io
import warnings
from typing import Any

from engine.contract.studies.figure import FigurePanel, FigureSeries, panels_of
from engine.contract.studies.results import StudyResults
from engine.contract.studies.study import StudySpec

_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Okabe & Ito's palette, which people of all kinds of colour vision can tell apart."""
_MARKERS = "osD^vPX"
_PANEL_WIDTH, _PANEL_HEIGHT = 4.4, 3.4  # inches
_DPI = 200
_LONGEST_LABEL = 80


def draw(study: StudySpec, results: StudyResults) -> dict[str, bytes]:
    """The figure as PNG and SVG: file name to content.

    Raises:
        ValueError: nothing is finished, so that there is nothing to draw.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    panels = panels_of(study, results)
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
        for ax, panel in zip(axes, panels, strict=True):
            _draw_panel(ax, panel)
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


def _draw_panel(ax: Any, panel: FigurePanel) -> None:
    for series in panel.series:
        _draw_series(ax, series, joined=panel.joined)
    if panel.lowest is not None:  # an interval may reach below what a score can be
        ax.set_ylim(bottom=max(panel.lowest, ax.get_ylim()[0]))
    ax.set_title(panel.title)
    ax.grid(axis="y", color="#dddddd", linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    labels = [_label(text) for _, text in panel.ticks]
    ax.set_xticks([x for x, _ in panel.ticks], labels)
    if panel.axis:
        ax.set_xlabel(panel.axis)
    else:
        is_long = max(map(len, labels)) > 12
        ax.tick_params(axis="x", labelrotation=25 if is_long else 0)
        for label in ax.get_xticklabels():
            label.set_horizontalalignment("right" if is_long else "center")
        ax.set_xlim(-0.5, len(labels) - 0.5)


def _draw_series(ax: Any, series: FigureSeries, *, joined: bool) -> None:
    color = _COLORS[series.number % len(_COLORS)]
    lows = [max(0.0, mean - low) for mean, low in zip(series.mean, series.low, strict=True)]
    highs = [max(0.0, high - mean) for mean, high in zip(series.mean, series.high, strict=True)]
    ax.errorbar(
        series.x,
        series.mean,
        yerr=[lows, highs],
        color=color,
        marker=_MARKERS[series.number % len(_MARKERS)],
        label=_label(series.name) or None,
        linestyle="-" if joined else "none",
        capsize=3,
        linewidth=1.4,
        markersize=5,
        elinewidth=0.9,
    )
    ax.plot(
        series.dot_x, series.dot_y, color=color, linestyle="none", marker=".", markersize=4,
        alpha=0.35,
    )  # fmt: skip


def _label(text: str) -> str:
    """A name as a figure can show it: not too long, and without control characters."""
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    return shown if len(shown) <= _LONGEST_LABEL else shown[:_LONGEST_LABEL] + "…"
