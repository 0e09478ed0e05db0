"""A run's colour and line style as a small picture."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPen, QPixmap, QPixmapCache
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import RunLook, Theme, run_look

SIZE = QSize(26, 12)


def look_of(theme: Theme, number: int) -> RunLook:
    """The look of the run with this number; grey and plain for what is no run (below 0)."""
    return run_look(number) if number >= 0 else RunLook(theme.colors.muted, Qt.PenStyle.SolidLine)


def paint_swatch(painter: QPainter, look: RunLook, size: QSize) -> None:
    """Draw a stroke from the left to the right edge."""
    pen = QPen(look.color, 2.5, look.style, Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    middle = size.height() / 2
    painter.drawLine(QPointF(0, middle), QPointF(size.width(), middle))


def swatch_pixmap(look: RunLook, *, shown: bool = True) -> QPixmap:
    """The stroke on a transparent ground, sharp on every screen; faint where it is not shown.

    From Qt's cache if it was made before: a table paints many, and each new one would stay there.
    """
    ratio = _screens_ratio()
    key = f"swatch {look.color.name()} {look.style.value} {ratio} {shown}"
    pixmap = QPixmap()
    if QPixmapCache.find(key, pixmap):
        return pixmap
    pixmap = QPixmap(SIZE * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setOpacity(1.0 if shown else 0.3)
    paint_swatch(painter, look, SIZE)
    painter.end()
    QPixmapCache.insert(key, pixmap)
    return pixmap


def _screens_ratio() -> float:
    """Device pixels to a pixel, of the finest screen."""
    return max(screen.devicePixelRatio() for screen in QGuiApplication.screens())


class Swatch(QWidget):
    """The stroke as a widget, for legends."""

    def __init__(self, look: RunLook, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As large as the picture in tables."""
        return SIZE

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the stroke."""
        painter = QPainter(self)
        paint_swatch(painter, self._look, self.size())
        painter.end()
