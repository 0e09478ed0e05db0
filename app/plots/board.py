"""The plots with their controls: panels, legend, table of numbers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import pyqtgraph as pg
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from app.plots.controls import PlotControls
from app.plots.legend import Legend
from app.plots.lines import Line, Quantity
from app.plots.panel import MetricPanel, PanelGrid
from app.plots.plot_view import PlotView, ShownRun
from app.plots.refresher import Refresher
from app.qt.boxes import stack, vbox
from app.qt.table_model import RIGHT, TableColumn, TableModel
from app.qt.timers import single_shot
from app.settings import Settings
from app.theme import SPACE_XS, Theme
from app.widgets.table_view import TableView

NUMBERS_REFRESH_MS = 1000
Point = tuple[str, Line, int]
"""The name of a run, one of its lines, and the index of a point on it."""

pg.setConfigOptions(antialias=False)


class Points:
    """The plotted numbers as rows, line after line, made when they are shown."""

    def __init__(self, lines: Sequence[tuple[str, Line]] = ()) -> None:
        self._lines = [(run, line) for run, line in lines if line.x.size]
        self._starts = [0, *accumulate(line.x.size for _run, line in self._lines)]

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, index: int) -> Point:
        number = bisect_right(self._starts, index) - 1
        return (*self._lines[number], index - self._starts[number])


def _smoothed(point: Point) -> str:
    _run, line, index = point
    return "" if line.smooth is None else f"{line.smooth[index]:.6g}"


Column = TableColumn[Point]
COLUMNS = (
    Column("Run", lambda at: at[0], width_chars=28),
    Column("Line", lambda at: at[1].label, width_chars=20),
    Column("Step", lambda at: f"{int(at[1].step[at[2]]):,}", width_chars=12, align=RIGHT),
    Column("Value", lambda at: f"{at[1].y[at[2]]:.6g}", width_chars=16, align=RIGHT),
    Column("Smoothed", _smoothed, width_chars=16, align=RIGHT),
)


class PlotBoard(QWidget):
    """Plots of the shown runs; `set_runs` decides which.

    Attributes:
        view: the model behind the controls.
        parts: what an exported picture shows, from the top.
    """

    def __init__(self, theme: Theme, settings: Settings) -> None:
        super().__init__()
        self.view = PlotView(settings, self)
        self.controls = PlotControls(self.view)
        self.grid = PanelGrid(self.view, theme)
        self.legend = Legend(self.view, theme)
        self.parts = (self.grid, self.legend)
        self.refresher = Refresher(self.view, self.grid, self.isVisible, self)
        self.numbers = TableModel(COLUMNS, Points(), parent=self)
        self._numbers_timer = single_shot(self, NUMBERS_REFRESH_MS, self._fill_numbers)
        self._lay_out()
        self.view.changed.connect(self._on_view_changed)
        self.view.runs_changed.connect(self.refresher.touch_all)
        self.refresher.drawn.connect(self._on_drawn)
        self.view.following_changed.connect(self._show_following)
        self.controls.numbers_button.toggled.connect(self._show_numbers)
        self.controls.follow_button.clicked.connect(self._follow)

    def panel(self, quantity: Quantity) -> MetricPanel:
        """The plot of a quantity."""
        return self.grid.panel(quantity)

    def set_runs(self, runs: Sequence[ShownRun]) -> None:
        """Show these runs, in this order."""
        self.view.set_runs(runs)

    def touch(self, run_id: str) -> None:
        """A run has new numbers: draw them soon, if it is shown."""
        self.refresher.touch(run_id)

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what came while the board was hidden."""
        super().showEvent(event)
        self.refresher.wake()

    def _lay_out(self) -> None:
        scroll = QScrollArea()
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.grid)
        table = TableView("Plotted numbers")
        table.setModel(self.numbers)
        table.horizontalHeader().setStretchLastSection(False)
        table.set_widths(COLUMNS)
        self._stack = stack(scroll, table)
        vbox(self.controls, (self._stack, 1), self.legend, parent=self, spacing=SPACE_XS)

    def _on_view_changed(self) -> None:
        self.grid.arrange()
        self._show_following()
        self.refresher.touch_all()

    def _on_drawn(self, everything: bool) -> None:
        self.legend.update_values()
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
            (run.name, line)
            for quantity in Quantity
            if self.view.shows(quantity)
            for run in self.view.runs
            for line in self.view.lines.get((quantity, run.run_id), ())
        ]
        self.numbers.set_rows(Points(lines))

    def _follow(self) -> None:
        """Let every plot on the screen show all of its data again."""
        for panel in self.grid.shown():
            panel.follow()

    def _show_following(self) -> None:
        self.controls.set_following(all(panel.is_following for panel in self.grid.shown()))
