"""The graphics of one run in one panel: raw and smoothed line, evaluation points, marks."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from app.plots.lines import Line, Quantity, lines_of, mark_positions
from app.plots.plot_view import PlotView, ShownRun
from app.plots.series import Floats

RAW_ALPHA = 80
STRONG_WIDTH = 2
SAMPLES_PER_PIXEL = (0.5, 1.0)
"""Of the strong and of the raw line; pyqtgraph's own 5 costs ten times the paint."""
_SYMBOLS = ("o", "s", "t", "d", "p")


class RunCurves:
    """Everything that one run draws into one plot; a click on a line picks the run."""

    def __init__(
        self, plot: pg.PlotItem, shown: ShownRun, quantity: Quantity, view: PlotView
    ) -> None:
        self.shown = shown
        self._plot, self._quantity, self._view = plot, quantity, view
        self._items: dict[str, pg.PlotDataItem] = {}
        self._best = pg.ScatterPlotItem(symbol="star", size=15, pxMode=True)
        self._best.setZValue(30)
        self._resumes: list[pg.InfiniteLine] = []
        plot.addItem(self._best, ignoreBounds=True)

    def update(self, *, log: bool) -> None:
        """Draw the run as it is now: one `setData` a curve."""
        series, choice = self.shown.series, self._view.choice
        weight = choice.percent / 100
        lines = lines_of(series, self._quantity, axis=choice.axis, weight=weight)
        self._view.lines[self._quantity, self.shown.run_id] = lines
        curves: dict[str, tuple[Floats, Floats]] = {}
        for number, line in enumerate(lines):
            if line.is_points:
                curves[f"points {number}"] = (line.x, line.y)
            elif line.smooth is None:
                curves["strong"] = (line.x, line.y)
            else:
                curves["raw"], curves["strong"] = (line.x, line.y), (line.x, line.smooth)
        for name, (x, y) in curves.items():
            item, smoothed = self._item(name), "raw" in curves
            if name == "strong":
                # A wide, soft line through 50,000 noisy points costs a second to paint; through
                # every second pixel of its smoothed course it costs 4 ms, and the raw line
                # behind it keeps the peaks.
                item.setDownsampling(auto=True, method="subsample" if smoothed else "peak")
            soft = smoothed if name == "strong" else name != "raw"
            _set(item, x, y, log=log, antialias=soft)
        for name in self._items.keys() - curves.keys():
            self._items[name].setData([], [])
        self._draw_best(lines, log=log)
        self._draw_resumes(mark_positions(series, series.resumed_steps, choice.axis))

    def remove(self) -> None:
        """Take everything off the plot."""
        self._view.lines.pop((self._quantity, self.shown.run_id), None)
        for item in (*self._items.values(), self._best, *self._resumes):
            self._plot.removeItem(item)

    def _draw_best(self, lines: tuple[Line, ...], *, log: bool) -> None:
        """A star at the evaluation whose checkpoint is saved."""
        best = self.shown.series.best_step
        for line in lines:
            if line.is_points and best is not None:
                at = np.flatnonzero(line.step == best)
                if at.size and not (log and line.y[at[0]] <= 0):
                    y = np.log10(line.y[at]) if log else line.y[at]
                    color = self.shown.style.color
                    self._best.setData(line.x[at], y, pen=self._pen(1), brush=color)
                    return
        self._best.setData([], [])

    def _draw_resumes(self, positions: Floats) -> None:
        while len(self._resumes) > len(positions):
            self._plot.removeItem(self._resumes.pop())
        while len(self._resumes) < len(positions):
            color = self.shown.style.color
            pen = pg.mkPen(color, width=1, style=Qt.PenStyle.DotLine)
            mark = pg.InfiniteLine(angle=90, movable=False, pen=pen, label="resumed")
            mark.label.setPosition(0.04)
            mark.label.setColor(color)
            self._plot.addItem(mark, ignoreBounds=True)
            self._resumes.append(mark)
        for mark, position in zip(self._resumes, positions, strict=True):
            mark.setPos(float(position))

    def _item(self, name: str) -> pg.PlotDataItem:
        """The curve "raw" or "strong", or the points of a line, such as "points 1"."""
        if name in self._items:
            return self._items[name]
        color, symbol = self.shown.style.color, None
        if name.startswith("points"):
            symbol = _SYMBOLS[int(name.split()[1]) % len(_SYMBOLS)]
        pen = self._pen(1 if symbol else STRONG_WIDTH)
        if name == "raw":
            faint = QColor(color)
            faint.setAlpha(RAW_ALPHA)
            pen = pg.mkPen(faint, width=1)
        item = pg.PlotDataItem(
            pen=pen,
            symbol=symbol,
            symbolSize=7,
            symbolBrush=color,
            symbolPen=None,
            autoDownsampleFactor=SAMPLES_PER_PIXEL[name == "raw"],
        )
        item.setZValue({"raw": 0, "strong": 10}.get(name, 20))
        item.setCurveClickable(name != "raw", width=8)
        item.sigClicked.connect(self._on_clicked)
        self._plot.addItem(item)
        # After `addItem`, which sets both as the plot's own menu has them.
        item.setDownsampling(auto=symbol is None, method="peak")
        item.setClipToView(symbol is None)
        self._items[name] = item
        return item

    def _pen(self, width: int) -> QPen:
        pen: QPen = pg.mkPen(self.shown.style.color, width=width, style=self.shown.style.line)
        return pen

    def _on_clicked(self) -> None:
        self._view.run_picked.emit(self.shown.run_id)


def _set(item: pg.PlotDataItem, x: Floats, y: Floats, *, log: bool, antialias: bool) -> None:
    """One `setData`; the finite check is skipped where we know its answer."""
    whole = bool(np.isfinite(y).all()) and (not log or bool((y > 0).all()))
    connect = "all" if whole else "finite"
    item.setData(x, y, skipFiniteCheck=whole, connect=connect, antialias=antialias)
