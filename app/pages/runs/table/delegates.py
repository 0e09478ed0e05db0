"""How the progress of a run is drawn in the table."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QApplication,
    QStyle,
    QStyleOptionViewItem,
    QWidget,
)

from app.models.run import RunModel
from app.pages.runs.table.cells import progress
from app.qt.table_model import ROW_ROLE, Index
from app.run_text import STATES
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.plain_delegate import PlainDelegate
from engine.contract.runs.events import RunState


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
        run: RunModel = index.data(ROW_ROLE)
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
