"""The plots with their controls: panels, legend, table of numbers, export."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHeaderView,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.plots.controls import PlotControls
from app.plots.legend import Legend
from app.plots.lines import Line, Quantity
from app.plots.numbers import NamedLine, NumbersModel
from app.plots.panel import MetricPanel
from app.plots.plot_view import PlotView, ShownRun
from app.settings import Settings
from app.theme import SPACE_XS, Theme
from app.widgets.table_view import TableView

REFRESH_MS = 100
"""Plots are drawn at most ten times a second, however fast the metrics come."""
STEPS_A_DRAW = 12_000
"""Steps of long runs that are taken in at once: some 15 ms."""
NUMBERS_REFRESH_S = 1.0
PANEL_LINES = 11
LONE_PANEL_LINES = 7
WIDE_CHARS = 160

pg.setConfigOptions(antialias=False)


class PlotBoard(QWidget):
    """Plots of the shown runs; `set_runs` decides which.

    Attributes:
        view: the model behind the controls.
    """

    def __init__(self, theme: Theme, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = PlotView(self)
        self._theme = theme
        self._panels: dict[Quantity, MetricPanel] = {}
        self._dirty: set[str] = set()
        self._all_dirty = True
        self._numbers_at_s = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self._refresh)
        self._build(settings)
        self.view.changed.connect(self._on_view_changed)
        self.view.runs_changed.connect(self._on_runs_changed)
        self.controls.numbers_toggled.connect(self._show_numbers)
        self.controls.follow_asked.connect(self.follow)
        self._arrange()

    def panel(self, quantity: Quantity) -> MetricPanel:
        """The plot of a quantity, made when it is first looked at (it takes some 20 ms)."""
        if quantity not in self._panels:
            panel = MetricPanel(quantity, self.view, self._theme, self)
            panel.following_changed.connect(self._tell_following)
            self._panels[quantity] = panel
        return self._panels[quantity]

    def set_runs(self, runs: Sequence[ShownRun]) -> None:
        """Show these runs, in this order."""
        self.view.set_runs(runs)

    def follow(self) -> None:
        """Let every plot on the screen show all of its data again."""
        for quantity, panel in self._panels.items():
            if self.view.shows(quantity):
                panel.follow()

    @property
    def picture(self) -> tuple[QWidget, ...]:
        """What an exported picture shows, from the top."""
        return (self._plots, self.legend)

    def refresh_now(self) -> None:
        """Take in and draw all there is, as for an export."""
        self._timer.stop()
        for run in self.view.runs:
            run.series.update()
        self._all_dirty = True
        self._draw()

    def touch(self, run_id: str) -> None:
        """A shown run has new numbers: draw them soon."""
        self._dirty.add(run_id)
        self._soon()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what came while the board was hidden."""
        super().showEvent(event)
        self._refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take as many columns of plots as fit."""
        super().resizeEvent(event)
        self._arrange()

    def _build(self, settings: Settings) -> None:
        self._plots = QWidget(self)
        self.legend = Legend(self.view, self._theme, self._lines)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACE_XS)
        self._plots.setLayout(self._grid)
        scroll = QScrollArea(self)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(self._plots)
        self.numbers = NumbersModel(self)
        self.table = TableView("Plotted numbers", self)
        self.table.setModel(self.numbers)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(scroll)
        self._stack.addWidget(self.table)
        self.controls = PlotControls(self.view, self._theme, settings, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_XS)
        layout.addWidget(self.controls)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self.legend)

    def _lines(self, quantity: Quantity, run_id: str) -> tuple[Line, ...]:
        panel = self._panels.get(quantity)
        return panel.lines(run_id) if panel is not None else ()

    def _soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _on_view_changed(self) -> None:
        self._arrange()
        self._tell_following()
        self._all_dirty = True
        self._soon()

    def _on_runs_changed(self) -> None:
        self._all_dirty = True
        self._soon()

    def _refresh(self) -> None:
        if self.isVisible():
            self._draw()

    def _draw(self) -> None:
        everything, touched = self._all_dirty, set(self._dirty)
        self._all_dirty = False
        self._dirty.clear()
        asked = [run for run in self.view.runs if everything or run.run_id in touched]
        limit = max(1, STEPS_A_DRAW // max(len(asked), 1))
        changed = {run.run_id for run in asked if run.series.update(limit)}
        for quantity, panel in self._panels.items():
            if self.view.shows(quantity):
                panel.refresh(None if everything else changed)
        if everything or changed:
            self.legend.tell()
            self._fill_numbers(force=everything)
        for run in asked:
            if run.series.is_behind:
                self.touch(run.run_id)

    def _show_numbers(self, shown: bool) -> None:
        self._stack.setCurrentIndex(1 if shown else 0)
        self._fill_numbers(force=True)

    def _fill_numbers(self, *, force: bool) -> None:
        """Once a second while a run is going on: a reset of the table costs the reader."""
        now_s = time.monotonic()
        if self._stack.currentIndex() == 0 or not (
            force or now_s - self._numbers_at_s >= NUMBERS_REFRESH_S
        ):
            return
        self._numbers_at_s = now_s
        self.numbers.set_lines(
            [
                NamedLine(run.name, line)
                for quantity in Quantity
                if self.view.shows(quantity)
                for run in self.view.runs
                for line in self._lines(quantity, run.run_id)
            ]
        )

    def _arrange(self) -> None:
        """One plot alone, or all in two or three columns."""
        shown = [quantity for quantity in Quantity if self.view.shows(quantity)]
        chars = self.width() / max(self.fontMetrics().averageCharWidth(), 1)
        columns = 1 if len(shown) == 1 else 3 if chars > WIDE_CHARS else 2
        lines = LONE_PANEL_LINES if len(shown) == 1 else PANEL_LINES
        height = self.fontMetrics().height() * lines
        for place, quantity in enumerate(shown):
            panel = self.panel(quantity)
            panel.setMinimumHeight(height)
            self._grid.addWidget(panel, place // columns, place % columns)
        for column in range(3):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        for quantity, panel in self._panels.items():
            panel.setVisible(self.view.shows(quantity))

    def _tell_following(self) -> None:
        self.controls.set_following(
            all(
                panel.is_following
                for quantity, panel in self._panels.items()
                if self.view.shows(quantity)
            )
        )
