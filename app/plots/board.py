"""The plots with their controls: panels, legend, table of numbers, export."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from app.plots.controls import PlotControls
from app.plots.legend import Legend
from app.plots.lines import Quantity
from app.plots.numbers import COLUMNS, NamedLine, Points
from app.plots.panel import MetricPanel, PanelGrid
from app.plots.plot_view import PlotView, ShownRun
from app.plots.refresher import Refresher
from app.qt.boxes import stack, vbox
from app.qt.table_model import TableModel
from app.qt.timers import single_shot
from app.settings import Settings
from app.theme import SPACE_XS, Theme
from app.widgets.table_view import TableView

NUMBERS_REFRESH_MS = 1000

pg.setConfigOptions(antialias=False)


class PlotBoard(QWidget):
    """Plots of the shown runs; `set_runs` decides which.

    Attributes:
        view: the model behind the controls.
    """

    def __init__(self, theme: Theme, settings: Settings) -> None:
        super().__init__()
        self.view = PlotView(self)
        self.controls = PlotControls(self.view, theme, settings)
        self.grid = PanelGrid(self.view, theme)
        self.legend = Legend(self.view, theme, self.grid.lines)
        self.refresher = Refresher(self.view, self.grid, self.isVisible, self)
        self.numbers = TableModel(COLUMNS, Points(), parent=self)
        self._numbers_timer = single_shot(self, NUMBERS_REFRESH_MS, self._fill_numbers)
        self._lay_out()
        self.view.changed.connect(self._on_view_changed)
        self.view.runs_changed.connect(self.refresher.touch_all)
        self.refresher.drawn.connect(self._on_drawn)
        self.grid.following_changed.connect(self._tell_following)
        self.controls.numbers_toggled.connect(self._show_numbers)
        self.controls.follow_asked.connect(self.follow)

    @property
    def picture(self) -> tuple[QWidget, ...]:
        """What an exported picture shows, from the top."""
        return (self.grid, self.legend)

    def panel(self, quantity: Quantity) -> MetricPanel:
        """The plot of a quantity."""
        return self.grid.panel(quantity)

    def set_runs(self, runs: Sequence[ShownRun]) -> None:
        """Show these runs, in this order."""
        self.view.set_runs(runs)

    def touch(self, run_id: str) -> None:
        """A run has new numbers: draw them soon, if it is shown."""
        self.refresher.touch(run_id)

    def follow(self) -> None:
        """Let every plot on the screen show all of its data again."""
        for panel in self.grid.shown():
            panel.follow()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what came while the board was hidden."""
        super().showEvent(event)
        self.refresher.wake()

    def _lay_out(self) -> None:
        scroll = QScrollArea()
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.grid)
        self.table = TableView("Plotted numbers")
        self.table.setModel(self.numbers)
        self.table.horizontalHeader().setStretchLastSection(False)
        self.table.set_widths(COLUMNS)
        self._stack = stack(scroll, self.table)
        vbox(self.controls, (self._stack, 1), self.legend, parent=self, spacing=SPACE_XS)

    def _on_view_changed(self) -> None:
        self.grid.arrange()
        self._tell_following()
        self.refresher.touch_all()

    def _on_drawn(self, everything: bool) -> None:
        self.legend.tell()
        if everything:
            self._fill_numbers()
        elif not self._numbers_timer.isActive():
            self._numbers_timer.start()  # seldom: a reset of the table costs the reader

    def _show_numbers(self, shown: bool) -> None:
        self._stack.setCurrentIndex(1 if shown else 0)
        self._fill_numbers()

    def _fill_numbers(self) -> None:
        if self._stack.currentIndex() == 0:
            return
        lines = [
            NamedLine(run.name, line)
            for quantity in Quantity
            if self.view.shows(quantity)
            for run in self.view.runs
            for line in self.grid.lines(quantity, run.run_id)
        ]
        self.numbers.set_rows(Points(lines))

    def _tell_following(self) -> None:
        self.controls.set_following(all(panel.is_following for panel in self.grid.shown()))
