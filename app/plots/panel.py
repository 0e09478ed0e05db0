"""One plot: a quantity of all shown runs over steps, epochs, tokens or time; plots in a grid."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from app.plots.curves import RunCurves
from app.plots.lines import AXIS_TITLES, INFO, Quantity
from app.plots.plot_view import PlotView
from app.qt.boxes import fill_grid
from app.qt.idle_task import turn_queue
from app.qt.sizes import chars
from app.theme import SPACE_XS, Theme


def style_axes(widget: pg.PlotWidget, theme: Theme) -> None:
    """Give a plot the theme's ground and axes."""
    colors = theme.colors
    widget.setBackground(colors.base)
    for name in ("left", "bottom"):
        axis = widget.getPlotItem().getAxis(name)
        axis.setPen(pg.mkPen(colors.line))
        axis.setTextPen(colors.muted)
        axis.setStyle(maxTickLevel=0)  # the finer grid is noise, and half of the paint
        axis.enableAutoSIPrefix(False)


def strip(widget: pg.PlotWidget) -> pg.PlotItem:
    """A plot made with `enableMenu=False`, without frame, buttons and menu."""
    widget.setFrameShape(pg.PlotWidget.Shape.NoFrame)
    plot = widget.getPlotItem()
    plot.hideButtons()
    # WORKAROUND: pyqtgraph 0.14 makes the menu all the same, without an owner.
    plot.ctrlMenu.setParent(widget, plot.ctrlMenu.windowFlags())
    return plot


class MetricPanel(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """A plot that follows its data until the user zooms."""

    def __init__(
        self, quantity: Quantity, view: PlotView, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, enableMenu=False)
        self.quantity = quantity
        self._view = view
        self._theme = theme
        self._curves: dict[str, RunCurves] = {}
        self._is_log = False
        self._axis = view.choice.axis
        self._is_following = True
        self.setAccessibleName(f"Plot: {INFO[quantity].title}")
        plot = strip(self)
        plot.setContentsMargins(4, 4, 10, 2)
        plot.showGrid(x=True, y=True, alpha=0.25)
        self._box = plot.getViewBox()
        self._box.setDefaultPadding(0.03)
        self._box.setAutoVisible(y=True)
        self._box.sigRangeChangedManually.connect(self._on_zoomed)
        self._crosshair = pg.InfiniteLine(angle=90, movable=False)
        self._crosshair.setZValue(40)
        self._crosshair.hide()
        plot.addItem(self._crosshair, ignoreBounds=True)
        self.scene().sigMouseMoved.connect(self._on_mouse_moved)
        view.cursor_changed.connect(self._move_crosshair)
        theme.changed.connect(self.restyle)
        self.restyle()

    @property
    def is_following(self) -> bool:
        """Whether the ranges grow with the data."""
        return self._is_following

    def follow(self) -> None:
        """Show all of the data again, now and as it grows."""
        self._box.enableAutoRange(x=True, y=True)
        self._set_following(True)

    def sync(self) -> None:
        """Adopt runs, axis and scale of the view; `draw` then draws each run."""
        shown = {run.run_id: run for run in self._view.runs}
        for run_id, curves in list(self._curves.items()):
            if shown.get(run_id) != curves.shown:
                curves.remove()
                del self._curves[run_id]
        for run_id, run in shown.items():
            if run_id not in self._curves:
                plot = self.getPlotItem()
                self._curves[run_id] = RunCurves(plot, run, self.quantity, self._view)
        axis, is_log = self._view.choice.axis, self._view.choice.is_log
        is_log = is_log and INFO[self.quantity].can_log
        if (is_log, axis) != (self._is_log, self._axis):
            # A range that was zoomed to means nothing in other units.
            self._is_log, self._axis = is_log, axis
            self.getPlotItem().setLogMode(y=is_log)
            self.follow()
        self._label_axes()

    def draw(self, run_id: str) -> None:
        """Draw one run as it is now; nothing where it is not shown."""
        if run_id in self._curves:
            self._curves[run_id].update(log=self._is_log)

    def restyle(self) -> None:
        """Use the theme's colours."""
        style_axes(self, self._theme)
        muted = self._theme.colors.muted
        self._crosshair.setPen(pg.mkPen(muted, width=1, style=Qt.PenStyle.DashLine))
        self._label_axes()

    def leaveEvent(self, event: QEvent) -> None:
        """Take the crosshair away."""
        super().leaveEvent(event)
        self._view.set_cursor(None, self.quantity)

    def mouseDoubleClickEvent(self, event: Any) -> None:
        """Follow the data again."""
        super().mouseDoubleClickEvent(event)
        self.follow()

    def _label_axes(self) -> None:
        points = f"{QApplication.font().pointSizeF():g}pt"
        style = {"color": self._theme.colors.muted.name(), "font-size": points}
        info = INFO[self.quantity]
        plot = self.getPlotItem()
        plot.setLabel("bottom", AXIS_TITLES[self._view.choice.axis], **style)
        # Among others a panel needs its title, and its width; alone, its tab is the title.
        alone = self._view.choice.quantity is not None
        plot.setLabel("left", info.unit if alone else None, **style)
        title = None if alone else f"{info.title} ({info.unit})"
        plot.setTitle(title, color=style["color"], size=points)

    def _on_mouse_moved(self, position: QPointF) -> None:
        is_inside = self._box.sceneBoundingRect().contains(position)
        x = float(self._box.mapSceneToView(position).x()) if is_inside else None
        self._view.set_cursor(x, self.quantity)

    def _move_crosshair(self) -> None:
        cursor = self._view.cursor
        self._crosshair.setVisible(cursor is not None)
        if cursor is not None:
            self._crosshair.setPos(cursor)

    def _on_zoomed(self) -> None:
        self._set_following(False)

    def _set_following(self, is_following: bool) -> None:
        if is_following != self._is_following:
            self._is_following = is_following
            self._view.following_changed.emit()


PANEL_LINES = 11
LONE_PANEL_LINES = 7
"""Least height of a plot among others, and alone, in lines of text."""
WIDE_CHARS = 160
"""From this width on there are three columns."""


class PanelGrid(QWidget):
    """Makes plots one by one, or when they are first shown, and arranges those that are."""

    def __init__(self, view: PlotView, theme: Theme) -> None:
        super().__init__()
        self._view, self._theme = view, theme
        self._panels: dict[Quantity, MetricPanel] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACE_XS)
        turn_queue().add(self._make_next)

    def _make_next(self) -> None:
        """Make a plot that will be shown, so that opening a project does not have to."""
        missing = [q for q in Quantity if self._view.shows(q) and q not in self._panels]
        if missing and self.window().isVisible():  # not of a window that is being closed
            self.panel(missing[0])
            turn_queue().add(self._make_next)

    def panel(self, quantity: Quantity) -> MetricPanel:
        """The plot of a quantity; making one takes some 20 ms."""
        if quantity not in self._panels:
            self._panels[quantity] = MetricPanel(quantity, self._view, self._theme, self)
            self.arrange()
        return self._panels[quantity]

    def shown(self) -> list[MetricPanel]:
        """Plots that were made and are on the screen."""
        made = filter(None, map(self._panels.get, Quantity))
        return [panel for panel in made if self._view.shows(panel.quantity)]

    def arrange(self) -> None:
        """Arrange the plots that the view shows, and hide the others."""
        shown = self.shown()
        alone = self._view.choice.quantity is not None
        columns = 1 if alone else 3 if self.width() > chars(WIDE_CHARS) else 2
        height = self.fontMetrics().height() * (LONE_PANEL_LINES if alone else PANEL_LINES)
        for panel in self._panels.values():
            panel.setVisible(panel in shown)
            panel.setMinimumHeight(height)
        fill_grid(self._grid, shown, columns)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use as many columns as fit."""
        super().resizeEvent(event)
        self.arrange()
