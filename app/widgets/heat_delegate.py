"""Cells of shares: the number, on a ground that is the stronger the larger it is."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from app.qt.table_model import SORT_ROLE
from app.theme import Theme
from app.widgets.table_view import PaddedDelegate

STRONGEST = 0.55
"""Opacity of the accent at a share of 1: text stays legible on it in both schemes."""


class HeatDelegate(PaddedDelegate):
    """Paints the ground of numbers; other columns as every table does."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """The ground, then the number over it."""
        share = index.data(SORT_ROLE)
        if isinstance(share, float):
            ground = QColor(self._theme.colors.accent)
            ground.setAlphaF(STRONGEST * max(0.0, min(1.0, share)))
            painter.fillRect(option.rect, ground)
        super().paint(painter, option, index)
