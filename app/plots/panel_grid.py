"""The plots on the screen: one alone, or all of them in columns."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from app.plots.lines import Line, Quantity
from app.plots.panel import MetricPanel
from app.plots.plot_view import PlotView
from app.theme import SPACE_XS, Theme

PANEL_LINES = 11
LONE_PANEL_LINES = 7
"""Least height of a plot among others, and alone, in lines of text."""
WIDE_CHARS = 160
"""From this width on there are three columns."""


class PanelGrid(QWidget):
    """Makes plots when they are first looked at, and places those that are.

    Signals:
        following_changed: a plot stopped or began to follow its data.
    """

    following_changed = Signal()

    def __init__(self, view: PlotView, theme: Theme) -> None:
        super().__init__()
        self._view, self._theme = view, theme
        self._panels: dict[Quantity, MetricPanel] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACE_XS)

    def panel(self, quantity: Quantity) -> MetricPanel:
        """The plot of a quantity; making one takes some 20 ms."""
        if quantity not in self._panels:
            panel = MetricPanel(quantity, self._view, self._theme, self)
            panel.following_changed.connect(self.following_changed)
            self._panels[quantity] = panel
            self.arrange()
        return self._panels[quantity]

    def shown(self) -> list[MetricPanel]:
        """Plots that were made and are on the screen."""
        return [panel for q, panel in self._panels.items() if self._view.shows(q)]

    def lines(self, quantity: Quantity, run_id: str) -> tuple[Line, ...]:
        """The lines of a run as they were drawn last; none where the plot was never made."""
        panel = self._panels.get(quantity)
        return panel.lines(run_id) if panel is not None else ()

    def arrange(self) -> None:
        """Place the plots that the view shows, and hide the others."""
        shown = [quantity for quantity in Quantity if self._view.shows(quantity)]
        alone = len(shown) == 1
        chars = self.width() / max(self.fontMetrics().averageCharWidth(), 1)
        columns = 1 if alone else 3 if chars > WIDE_CHARS else 2
        height = self.fontMetrics().height() * (LONE_PANEL_LINES if alone else PANEL_LINES)
        for quantity, panel in self._panels.items():
            panel.setVisible(quantity in shown)
            if quantity in shown:
                place = shown.index(quantity)
                panel.setMinimumHeight(height)
                self._grid.addWidget(panel, place // columns, place % columns)
        for column in range(3):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take as many columns as fit."""
        super().resizeEvent(event)
        self.arrange()
