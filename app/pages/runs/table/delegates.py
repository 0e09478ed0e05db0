"""How three columns of the run table are drawn: swatch, state, progress."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QIcon, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QStyle,
    QStyleOptionViewItem,
    QWidget,
)

from app.assets import icon
from app.models.run import RunModel
from app.pages.runs.run.view import RunsView
from app.pages.runs.table.cells import progress
from app.pages.runs.table.model import RUN_ROLE
from app.qt.sizes import icon_size
from app.run_text import STATES
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.plain_delegate import PlainDelegate
from app.widgets.swatch import SIZE, swatch_pixmap
from engine.contract.runs.events import RunState

Index = QModelIndex | QPersistentModelIndex


class SwatchDelegate(PlainDelegate):
    """A check box, and the run's colour and line style beside it."""

    def __init__(self, view: RunsView, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = view

    def initStyleOption(self, option: Any, index: Index) -> None:
        """Put the swatch where the icon stands."""
        super().initStyleOption(option, index)
        run: RunModel = index.data(RUN_ROLE)
        shown = self._view.is_shown(run.run_id)
        swatch = swatch_pixmap(self._view.look(run.run_id), shown=shown)
        option.icon = QIcon(swatch)
        # Otherwise the style tints it in a selected row, and the colour must stay.
        option.icon.addPixmap(swatch, QIcon.Mode.Selected)
        option.decorationSize = SIZE
        option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration


class StateDelegate(PlainDelegate):
    """An icon in the colour of the state, and its word; a star where the run has one."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def initStyleOption(self, option: Any, index: Index) -> None:
        """Put the state's icon before its word."""
        super().initStyleOption(option, index)
        run: RunModel = index.data(RUN_ROLE)
        look = STATES[run.status.state]
        option.icon = icon(look.picture, getattr(self._theme.colors, look.tone))
        option.decorationSize = icon_size()
        option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration


class NameDelegate(PlainDelegate):
    """The name, with a star before it where the run has one."""

    def initStyleOption(self, option: Any, index: Index) -> None:
        """Put the star before the name."""
        super().initStyleOption(option, index)
        run: RunModel = index.data(RUN_ROLE)
        if run.meta.starred:
            option.icon = icon("star-filled")
            option.decorationSize = icon_size()
            option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration


class ProgressDelegate(PlainDelegate):
    """A thin bar under the number of steps."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: Any, index: Index) -> None:
        """Draw the cell, then the bar at its foot."""
        style_option = QStyleOptionViewItem(option)
        self.initStyleOption(style_option, index)
        widget: QWidget | None = option.widget
        style = widget.style() if widget is not None else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, style_option, painter, widget)
        run: RunModel = index.data(RUN_ROLE)
        step, total = progress(run)
        if total:
            self._draw_bar(painter, option.rect, min(step / total, 1.0), run.status.state)

    def sizeHint(self, option: Any, index: Index) -> QSize:
        """Wide enough to see a bar grow."""
        hint = super().sizeHint(option, index)
        return QSize(max(hint.width(), option.fontMetrics.averageCharWidth() * 14), hint.height())

    def _draw_bar(self, painter: QPainter, cell: QRect, share: float, state: RunState) -> None:
        colors = self._theme.colors
        bar = cell.adjusted(SPACE_XS, 0, -SPACE_S, -2)
        bar.setTop(bar.bottom() - 2)
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.line)
        painter.drawRect(bar)
        bar.setWidth(max(1, round(bar.width() * share)))
        painter.setBrush(getattr(colors, STATES[state].tone))
        painter.drawRect(bar)
        painter.restore()
