"""What is shipped: icons that take the colour of the text around them, samples, an example."""

from __future__ import annotations

import functools
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPalette, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

ROOT = Path(__file__).parents[1]
RESOURCES = ROOT / "resources"
EXAMPLES = ROOT / "projects" / "examples"
ICONS = RESOURCES / "icons"


def icon(name: str, color: QColor | None = None) -> QIcon:
    """The icon resources/icons/NAME.svg, drawn in `color` or as the palette's text."""
    return QIcon(_TintedEngine(name, color))


def application_icon() -> QIcon:
    """The program's own icon."""
    return QIcon(str(ICONS / "prefix-workbench.svg"))


def sample_files() -> list[Path]:
    """The tables that the program ships, or none."""
    return sorted((RESOURCES / "samples").glob("*.csv"))


def example_project() -> Path | None:
    """The project with finished runs that the program ships, or none."""
    return next((path.parent for path in sorted(EXAMPLES.glob("*/project.json"))), None)


@functools.cache
def _source(name: str) -> str:
    return (ICONS / f"{name}.svg").read_text(encoding="utf-8")


class _TintedEngine(QIconEngine):
    """Draws an SVG whose strokes are `currentColor`; follows the palette by itself."""

    def __init__(self, name: str, color: QColor | None) -> None:
        super().__init__()
        self._name, self._color = name, color
        _source(name)  # a missing file should be noticed here, not while painting

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        side = min(rect.width(), rect.height())
        if side <= 0:
            return
        square = QRectF(0, 0, side, side)
        square.moveCenter(QRectF(rect).center())
        pixmap = self._square(side, painter.device().devicePixelRatio(), mode)
        painter.drawPixmap(square.topLeft(), pixmap)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        side = min(size.width(), size.height())
        return self._square(side, 1.0, mode) if side > 0 else QPixmap()

    def _square(self, side: int, ratio: float, mode: QIcon.Mode) -> QPixmap:
        """The drawing; from Qt's cache if it was made before, as a table paints many."""
        color, faint = self._tint().name(), mode is QIcon.Mode.Disabled
        key = f"{self._name} {color} {side} {ratio} {faint}"
        pixmap = QPixmap()
        if QPixmapCache.find(key, pixmap):
            return pixmap
        pixmap = QPixmap(QSize(side, side) * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        text = _source(self._name).replace("currentColor", color)
        painter = QPainter(pixmap)
        painter.setOpacity(0.4 if faint else 1.0)
        QSvgRenderer(QByteArray(text.encode("utf-8"))).render(painter, QRectF(0, 0, side, side))
        painter.end()
        QPixmapCache.insert(key, pixmap)
        return pixmap

    def clone(self) -> QIconEngine:
        return _TintedEngine(self._name, self._color)

    def _tint(self) -> QColor:
        if self._color is not None:
            return self._color
        return QApplication.palette().color(QPalette.ColorRole.WindowText)
