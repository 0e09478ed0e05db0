"""How the axes of every plot look."""

from __future__ import annotations

import pyqtgraph as pg

from app.theme import Theme


def style_axes(widget: pg.PlotWidget, theme: Theme) -> None:
    """Give a plot the theme's ground and axes."""
    colors = theme.colors
    widget.setBackground(colors.base)
    for name in ("left", "bottom"):
        axis = widget.getPlotItem().getAxis(name)
        axis.setPen(pg.mkPen(colors.line))
        axis.setTextPen(colors.muted)
        axis.setStyle(maxTickLevel=0)  # the finer grid is noise, and half of the paint
