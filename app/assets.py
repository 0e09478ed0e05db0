"""What is shipped: icons that take the colour of the text around them, samples, an example."""

from __future__ import annotations

import functools
from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

ROOT = Path(__file__).parents[1]
RESOURCES = ROOT / "resources"
EXAMPLES = ROOT / "projects" / "examples"
ICONS = RESOURCES / "icons"


def icon(name: str, colour: QColor | None = None) -> QIcon:
    """The icon resources/icons/NAME.svg, drawn in `colour` or as the palette's text."""
    return QIcon(_TintedEngine(name, colour))


def application_icon() -> QIcon:
    """The program's own icon."""
    return QIcon(str(ICONS / "prefix-workbench.svg"))


def sample_files() -> list[Path]:
    """The tables that the program ships, or none."""
    return sorted((RESOURCES / "samples").glob("*.csv"))


def example_project() -> Path | None:
    """The project with finished runs that the program ships, or none."""
    found = sorted(EXAMPLES.glob("*/project.json"))
    return found[0].parent if found else None


@functools.cache
def _source(name: str) -> str:
    return (ICONS / f"{name}.svg").read_text(encoding="utf-8")


class _TintedEngine(QIconEngine):
    """Draws an SVG whose strokes are `currentColor`; follows the palette without being told."""

    def __init__(self, name: str, colour: QColor | None) -> None:
        super().__init__()
        self._name, self._colour = name, colour
        _source(name)  # a missing file should be noticed here, not while painting

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        text = _source(self._name).replace("currentColor", self._tint().name())
        renderer = QSvgRenderer(QByteArray(text.encode("utf-8")))
        side = min(rect.width(), rect.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(QRectF(rect).center())
        painter.save()
        if mode is QIcon.Mode.Disabled:
            painter.setOpacity(0.4)
        renderer.render(painter, square)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _TintedEngine(self._name, self._colour)

    def _tint(self) -> QColor:
        if self._colour is not None:
            return self._colour
        return QApplication.palette().color(QPalette.ColorRole.WindowText)
