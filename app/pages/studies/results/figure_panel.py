"""One panel of a study's figure: every run a faint dot, means with their intervals."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtWidgets import QApplication, QWidget

from app.plots.panel import strip, style_axes
from app.qt.plain_text import markup
from app.theme import RUN_COLORS, Theme
from engine.contract.studies.figure import FigurePanel, FigureSeries

SYMBOLS = ("o", "s", "t", "d", "p", "h", "star", "+")
DOT_ALPHA = 110
MARK_PX, DOT_PX = 10, 6
LINE_WIDTH = 2
Y_MARGIN = 0.05
MAX_TICK_LINES = 4


def color_of(number: int) -> QColor:
    """The colour of a study's series, of the palette of runs."""
    return RUN_COLORS[number % len(RUN_COLORS)]


def symbol_of(number: int) -> str:
    """Its mark, so that colour is never the only difference."""
    return SYMBOLS[number % len(SYMBOLS)]


class StudyPanel(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Draws a `FigurePanel` in the theme's colours; point at a mark to read it."""

    panel: FigurePanel | None = None
    """What is drawn; pyqtgraph resizes the widget before its own attributes are there."""
    tick_texts: tuple[str, ...] = ()
    """Below the axis, those left out for room aside."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False)
        self._theme = theme
        plot = strip(self)
        plot.setContentsMargins(4, 4, 12, 4)
        plot.showGrid(x=False, y=True, alpha=0.25)
        plot.setMouseEnabled(x=False, y=False)
        theme.changed.connect(self._redraw)
        plot.getViewBox().sigResized.connect(self._set_ticks)
        self._redraw()

    def show_panel(self, panel: FigurePanel) -> None:
        """Draw these numbers instead of those before."""
        self.panel = panel
        self._redraw()

    def _redraw(self) -> None:
        """Draw all of it in the theme's colours: marks have an outline in that of the ground."""
        style_axes(self, self._theme)
        panel, plot, colors = self.panel, self.getPlotItem(), self._theme.colors
        if panel is None:
            return
        plot.clear()
        for series in panel.series:
            self._draw(series, joined=panel.joined)
        self.setAccessibleName(f"Plot: {panel.title}")
        points = f"{QApplication.font().pointSizeF():g}pt"
        plot.setTitle(markup(panel.title), color=colors.text.name(), size=points)
        style = {"color": colors.muted.name(), "font-size": points}
        plot.setLabel("bottom", markup(panel.axis) or None, **style)
        # All points with a margin, finished or not, so that the axis does not move.
        ticks = [x for x, _ in panel.ticks]
        margin = 0.06 * ((max(ticks) - min(ticks)) or 1.0) if panel.joined else 0.5
        self.setXRange(min(ticks) - margin, max(ticks) + margin, padding=0)
        self.setYRange(*_range(panel), padding=0)
        self._set_ticks()

    def wheelEvent(self, event: Any) -> None:
        """Leave the wheel to the page, which scrolls."""
        event.ignore()

    def _draw(self, series: FigureSeries, *, joined: bool) -> None:
        color = color_of(series.number)
        faint = QColor(color)
        faint.setAlpha(DOT_ALPHA)
        x, mean = np.array(series.x), np.array(series.mean)
        top, bottom = np.array(series.high) - mean, mean - np.array(series.low)
        pen = pg.mkPen(color, width=LINE_WIDTH)
        bars = pg.ErrorBarItem(x=x, y=mean, top=top, bottom=bottom, beam=0.0, pen=pen)
        dots = pg.ScatterPlotItem(
            x=series.dot_x, y=series.dot_y, symbol="o", size=DOT_PX, pen=None, brush=faint
        )
        line = pg.PlotDataItem(x, mean, pen=pen if joined else None, antialias=True)
        marks = pg.ScatterPlotItem(
            x=x,
            y=mean,
            symbol=symbol_of(series.number),
            size=MARK_PX,
            pen=pg.mkPen(self._theme.colors.base, width=1),
            brush=color,
            hoverable=True,
            tip=lambda x, y, data: data,
            data=[_tip(series, index) for index in range(len(series.x))],
        )
        for depth, item in enumerate((bars, dots, line, marks)):
            item.setZValue(10 * depth)
            self.getPlotItem().addItem(item)

    def _set_ticks(self) -> None:
        """Fit the names below the axis into its width, so that none overlap."""
        panel = self.panel
        if panel is None:
            return
        metrics, plot = QFontMetrics(QApplication.font()), self.getPlotItem()
        low, high = plot.getViewBox().viewRange()[0]
        unit = plot.getViewBox().width() / (high - low)
        if panel.joined:
            shown = _apart(panel.ticks, metrics, unit)
        else:
            room = max(unit - metrics.averageCharWidth(), 1.0)
            shown = [(x, fitted(text, metrics, room)) for x, text in panel.ticks]
        axis = plot.getAxis("bottom")
        axis.setTicks([shown])
        self.tick_texts = tuple(text for _, text in shown)
        lines = max((text.count("\n") + 1 for text in self.tick_texts), default=1)
        height = metrics.height()
        axis.setHeight(lines * height + 8 + (height + 8 if panel.axis else 0))


def fitted(text: str, metrics: QFontMetrics, room: float) -> str:
    """Break a text at spaces and hyphens into lines of at most `room` pixels.

    A word that is longer ends in an ellipsis, and so does the last of `MAX_TICK_LINES`.
    """
    lines = [""]
    for piece in re.findall(r"\s*[^\s-]*-+|\s*[^\s-]+", text):
        if lines[-1] and metrics.horizontalAdvance((lines[-1] + piece).strip()) > room:
            lines.append("")
        lines[-1] += piece
    lines[MAX_TICK_LINES - 1 :] = filter(None, ["".join(lines[MAX_TICK_LINES - 1 :])])
    end = Qt.TextElideMode.ElideRight
    return "\n".join(metrics.elidedText(line.strip(), end, int(room)) for line in lines)


def _range(panel: FigurePanel) -> tuple[float, float]:
    """All values and intervals with a margin, but nothing below what a score can be."""
    values = [
        value
        for series in panel.series
        for value in (*series.low, *series.high, *series.dot_y)
        if math.isfinite(value)
    ] or [0.0]
    margin = Y_MARGIN * (max(values) - min(values)) or 1.0
    low = min(values) - margin
    if panel.lowest is not None:
        low = max(low, panel.lowest)
    return low, max(values) + margin


def _apart(
    ticks: tuple[tuple[float, str], ...], metrics: QFontMetrics, unit: float
) -> list[tuple[float, str]]:
    """Ticks that would overlap the one to their right are left out; the last always stays."""
    shown: list[tuple[float, str]] = []
    end = math.inf
    for x, text in reversed(ticks):
        half = (metrics.horizontalAdvance(text) + metrics.averageCharWidth()) / 2
        if x * unit + half <= end:
            shown.append((x, text))
            end = x * unit - half
    return shown[::-1]


def _tip(series: FigureSeries, index: int) -> str:
    name = ", ".join(filter(None, (series.name, series.labels[index])))
    interval = ""
    if series.high[index] > series.low[index]:
        interval = f" [{series.low[index]:.1f}, {series.high[index]:.1f}]"
    return f"{name}: {series.mean[index]:.1f}{interval}"
