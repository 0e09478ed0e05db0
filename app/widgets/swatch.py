"""A run's colour and line style as a small image."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPen, QPixmap, QPixmapCache
from PySide6.QtWidgets import QWidget

from app.theme import RunStyle, Theme, run_style
from app.widgets.labels import Label

SIZE = QSize(26, 12)


def style_of(theme: Theme, number: int) -> RunStyle:
    """The style of the run with this number; grey and plain for what is no run (below 0)."""
    return run_style(number) if number >= 0 else RunStyle(theme.colors.muted, Qt.PenStyle.SolidLine)


def swatch_pixmap(style: RunStyle, *, shown: bool = True) -> QPixmap:
    """A stroke on a transparent ground, sharp on every screen; faint where it is not shown.

    From Qt's cache if it was made before: a table paints many, and each new one would stay there.
    """
    ratio = max(screen.devicePixelRatio() for screen in QGuiApplication.screens())
    key = f"swatch {style.color.name()} {style.line.value} {ratio} {shown}"
    pixmap = QPixmap()
    if QPixmapCache.find(key, pixmap):
        return pixmap
    pixmap = QPixmap(SIZE * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setOpacity(1.0 if shown else 0.3)
    painter.setPen(QPen(style.color, 2.5, style.line, Qt.PenCapStyle.FlatCap))
    painter.drawLine(0, SIZE.height() // 2, SIZE.width(), SIZE.height() // 2)
    painter.end()
    QPixmapCache.insert(key, pixmap)
    return pixmap


class Swatch(Label):
    """The stroke as a widget, for legends."""

    def __init__(self, style: RunStyle, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setPixmap(swatch_pixmap(style))
        self.setFixedSize(SIZE)
