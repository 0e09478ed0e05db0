"""How the progress of a run is drawn in the table."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from app.models.run import RunModel
from app.pages.runs.table.cells import progress
from app.qt.table_model import ROW_ROLE, Index
from app.run_text import STATES
from app.theme import SPACE_S, SPACE_XS, Theme
from app.widgets.plain_delegate import PlainDelegate

WIDTH_CHARS = 14


class ProgressDelegate(PlainDelegate):
    """A thin bar under the number of steps."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: Any, index: Index) -> None:
        """Draw the cell, then the bar at its foot."""
        super().paint(painter, option, index)
        run: RunModel = index.data(ROW_ROLE)
        step, total = progress(run)
        if not total:
            return
        colors = self._theme.colors
        bar = option.rect.adjusted(SPACE_XS, 0, -SPACE_S, -2)
        bar.setTop(bar.bottom() - 2)
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.line)
        painter.drawRect(bar)
        bar.setWidth(max(1, round(bar.width() * min(step / total, 1.0))))
        painter.setBrush(getattr(colors, STATES[run.status.state].tone))
        painter.drawRect(bar)
        painter.restore()

    def sizeHint(self, option: Any, index: Index) -> QSize:
        """Wide enough to see a bar grow."""
        width = option.fontMetrics.averageCharWidth() * WIDTH_CHARS
        return super().sizeHint(option, index).expandedTo(QSize(width, 0))
