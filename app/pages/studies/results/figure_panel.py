"""One panel of a study's figure: every run a faint dot, means with their intervals."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor, QResizeEvent
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
AXIS_PX = 64
"""About what the vertical axis takes of a panel's width."""


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

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the categories' names anew."""
        super().resizeEvent(event)
        if self.panel is not None:
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
        assert self.panel is not None
        ticks = self.panel.ticks
        room = max(self.width() - AXIS_PX, 1) / max(len(ticks), 1)
        letters = max(6, int(room / max(self.fontMetrics().averageCharWidth(), 1)) - 1)
        wrapper = textwrap.TextWrapper(letters, break_long_words=False, break_on_hyphens=False)
        texts = [(x, wrapper.fill(text)) for x, text in ticks]
        shown = texts if not self.panel.joined else _apart(texts, letters)
        axis = self.getPlotItem().getAxis("bottom")
        axis.setTicks([shown])
        self.tick_texts = tuple(text for _, text in shown)
        rows = max((text.count("\n") + 1 for _, text in shown), default=1)
        height = self.fontMetrics().height()
        axis.setHeight(rows * height + 8 + (height + 8 if self.panel.axis else 0))


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


def _apart(ticks: list[tuple[float, str]], letters: int) -> list[tuple[float, str]]:
    """Ticks that would overlap the one to their right are left out; the last always stays."""
    if len(ticks) < 3:
        return ticks
    letter_width = ((ticks[-1][0] - ticks[0][0]) or 1.0) / (letters * len(ticks))
    shown = [ticks[-1]]
    for x, text in reversed(ticks[:-1]):
        if shown[-1][0] - x >= (len(text) + 1) * letter_width:
            shown.append((x, text))
    return shown[::-1]


def _tip(series: FigureSeries, index: int) -> str:
    name = ", ".join(filter(None, (series.name, series.labels[index])))
    interval = ""
    if series.high[index] > series.low[index]:
        interval = f" [{series.low[index]:.1f}, {series.high[index]:.1f}]"
    return f"{name}: {series.mean[index]:.1f}{interval}"
