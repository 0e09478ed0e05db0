"""A system's colour and line style in small, beside its letter."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap

from app.theme import Theme, run_look

SIZE = QSize(18, 12)


def swatch(theme: Theme, look: int) -> QPixmap:
    """A short line as the run's curves have it; grey and plain for what is no run."""
    pixmap = QPixmap(SIZE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    if look < 0:
        painter.setPen(QPen(theme.colors.muted, 3))
    else:
        shown = run_look(look)
        painter.setPen(QPen(shown.colour, 3, shown.style, Qt.PenCapStyle.FlatCap))
    middle = SIZE.height() // 2
    painter.drawLine(0, middle, SIZE.width(), middle)
    painter.end()
    return pixmap
