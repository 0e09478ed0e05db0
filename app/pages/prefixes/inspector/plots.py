"""The plots of two prefixes: lines by layer, and positions on two components."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from app.plots.panel import strip, style_axes
from app.qt.sizes import chars
from app.theme import Theme, run_style

KEYS, VALUES = Qt.PenStyle.SolidLine, Qt.PenStyle.DotLine
PLOT_CHARS = 34
SIGNS = ("o", "t1")
"""A point of the first prefix is a disc, of the second a triangle."""


def color_of(prefix: int) -> QColor:
    """Of the first or the second prefix."""
    return run_style(prefix).color


class InspectorPlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """A plot without menu and buttons, in the theme's colours; what is drawn replaces the rest."""

    def __init__(self, theme: Theme, title: str, left: str, bottom: str) -> None:
        super().__init__(enableMenu=False)
        self._theme, self._titles = theme, (title, left, bottom)
        self.setAccessibleName(f"Plot: {title}")
        self.setMinimumWidth(chars(PLOT_CHARS))
        self.setMinimumHeight(chars(PLOT_CHARS) // 2)
        self.setMouseEnabled(x=False, y=False)
        strip(self).showGrid(x=True, y=True, alpha=0.25)
        theme.changed.connect(self._restyle)
        self._restyle()

    def draw_line(self, ys: Sequence[float], color: QColor, style: Qt.PenStyle = KEYS) -> None:
        """A line through the numbers of the layers, from 0."""
        pen = pg.mkPen(color, width=2, style=style)
        small = {"symbol": "o", "symbolSize": 5, "symbolBrush": color, "symbolPen": None}
        self.plot(list(range(len(ys))), list(ys), pen=pen, **small)

    def draw_points(
        self,
        points: Sequence[tuple[float, float]],
        color: QColor,
        texts: Sequence[str],
        sign: str,
    ) -> None:
        """Points, drawn as pyqtgraph's symbol `sign`, with a text beside each."""
        self.getPlotItem().getViewBox().setDefaultPadding(0.3)  # room for the texts
        xs, ys = [x for x, _ in points], [y for _, y in points]
        self.plot(xs, ys, pen=None, symbol=sign, symbolSize=8, symbolBrush=color, symbolPen=None)
        for (x, y), text in zip(points, texts, strict=True):
            label = pg.TextItem(text, color=color, anchor=(0, 1))
            label.setPos(x, y)
            self.addItem(label, ignoreBounds=True)

    def draw_bars(self, heights: Sequence[float], color: QColor) -> None:
        """A bar for each position, from 0."""
        xs = list(range(len(heights)))
        self.addItem(pg.BarGraphItem(x=xs, height=list(heights), width=0.7, brush=color, pen=None))

    def _restyle(self) -> None:
        style_axes(self, self._theme)
        title, left, bottom = self._titles
        colors = self._theme.colors
        plot = self.getPlotItem()
        plot.setTitle(title, color=colors.text, size="9pt")
        plot.setLabel("left", left, color=colors.muted.name())
        plot.setLabel("bottom", bottom, color=colors.muted.name())
