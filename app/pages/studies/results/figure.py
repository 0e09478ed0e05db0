"""The figure of a study: its panels in as many columns as fit, and one legend for all."""

from __future__ import annotations

from pyqtgraph.graphicsItems.ScatterPlotItem import drawSymbol
from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from app.pages.studies.results.figure_panel import LINE_WIDTH, StudyPanel, color_of, symbol_of
from app.qt.boxes import fill_grid, hbox, vbox
from app.qt.sizes import chars
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.flow import FlowLayout
from app.widgets.labels import Label
from engine.contract.studies.figure import FigurePanel, panels_of
from engine.contract.studies.labels import StudyLabels
from engine.contract.studies.results import StudyResults
from engine.contract.studies.study import StudySpec

PANEL_CHARS, PANEL_LINES = 44, 15
"""Least width and height of a panel, in letters and lines."""
CATEGORY_CHARS = 14
"""Least width of one of its categories, where there is more than one column."""
MARK_SIZE = QSize(30, 14)


class StudyFigure(QScrollArea):
    """Shows the results of one study; `show_results` redraws the panels that stay."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setAccessibleName("Figure of the study")
        self.panels: list[StudyPanel] = []
        self._wanted: tuple[FigurePanel, ...] = ()
        self._drawn = 0
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._draw_next)
        self._names: tuple[str, ...] = ()
        self._grid = QGridLayout()
        self._grid.setSpacing(SPACE_XS)
        self.legend = QWidget()
        self._entries = FlowLayout()
        self._entries.setContentsMargins(SPACE_S, 0, SPACE_S, SPACE_XS)
        self.legend.setLayout(self._entries)
        body = QWidget()
        vbox((self._grid, 1), self.legend, parent=body, spacing=SPACE_XS)
        self.setWidget(body)

    def show_results(self, study: StudySpec, results: StudyResults) -> None:
        """Draw these results, a panel a turn of the event loop: one takes some 20 ms."""
        self._wanted, self._drawn = panels_of(study, results), 0
        while len(self.panels) > len(self._wanted):
            panel = self.panels.pop()
            self._grid.removeWidget(panel)
            panel.deleteLater()
        self._show_names(tuple(StudyLabels(study).series.values()))
        self._arrange()
        self._timer.start()

    @property
    def is_drawing(self) -> bool:
        """Whether panels are still to be drawn."""
        return self._timer.isActive()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use as many columns as fit."""
        super().resizeEvent(event)
        self._arrange()

    def _draw_next(self) -> None:
        if self._drawn == len(self._wanted):
            self._timer.stop()
            return
        if self._drawn == len(self.panels):
            self.panels.append(StudyPanel(self._theme, self))
            self._arrange()
        self.panels[self._drawn].show_panel(self._wanted[self._drawn])
        self._drawn += 1

    def _arrange(self) -> None:
        for panel in self.panels:
            panel.setMinimumHeight(self.fontMetrics().height() * PANEL_LINES)
        categories = max((len(p.ticks) for p in self._wanted if not p.joined), default=0)
        width = chars(max(PANEL_CHARS, CATEGORY_CHARS * categories))
        columns = min(self.viewport().width() // width, len(self._wanted))
        fill_grid(self._grid, self.panels, max(1, columns))

    def _show_names(self, names: tuple[str, ...]) -> None:
        if names == self._names:
            return
        self._names = names
        for entry in self.legend.findChildren(LegendEntry):
            self._entries.removeWidget(entry)
            entry.deleteLater()
        for number, name in enumerate(names):
            self._entries.addWidget(LegendEntry(name, number))
        self.legend.setVisible(len(names) > 1)


class LegendEntry(QWidget):
    """A mark in its colour, and the name of the series."""

    def __init__(self, name: str, number: int) -> None:
        super().__init__()
        mark = Label()
        mark.setPixmap(_mark(number, self.devicePixelRatio()))
        hbox(mark, Label(name), parent=self, margins=(0, 0, SPACE_S, 0), spacing=SPACE_S)


def _mark(number: int, ratio: float) -> QPixmap:
    """A stroke with the series' mark on it."""
    pixmap = QPixmap(MARK_SIZE * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter, color = QPainter(pixmap), color_of(number)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, LINE_WIDTH))
    painter.translate(0, MARK_SIZE.height() / 2)
    painter.drawLine(0, 0, MARK_SIZE.width(), 0)
    painter.translate(MARK_SIZE.width() / 2, 0)
    drawSymbol(painter, symbol_of(number), 10, QPen(Qt.PenStyle.NoPen), color)
    painter.end()
    return pixmap
