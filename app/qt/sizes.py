"""Sizes that follow the text: icons, rows and widths come from the font's metrics, and from here.

The style takes the sizes of its own parts (boxes to tick, scroll bars, icons on buttons) from
`scale`, so that a widget without a size of its own is right by itself.
"""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

STANDARD_LINE_PX = 16
"""Height of a line of text for which styles and icons are drawn."""
ROW_GAP = 10
"""What a table's row has above and below its text, together."""
_CHARS = "minimum_chars"


def scale() -> float:
    """How much larger than normal the application's text is; never below 1."""
    return max(1.0, QFontMetrics(QApplication.font()).height() / STANDARD_LINE_PX)


def icon_side(percent: int = 100) -> int:
    """Side of an icon that stands beside text, or of a larger one, such as 300 percent."""
    return round(STANDARD_LINE_PX * scale() * percent / 100)


def icon_size(percent: int = 100) -> QSize:
    """The same as a square."""
    return QSize(icon_side(percent), icon_side(percent))


def row_height() -> int:
    """Height of a row of one line in a table or list."""
    return max(QFontMetrics(QApplication.font()).height(), icon_side()) + ROW_GAP


def chars(count: float) -> int:
    """Width of so many letters of running text."""
    return round(QFontMetrics(QApplication.font()).averageCharWidth() * count)


def set_minimum_chars(widget: QWidget, count: float) -> None:
    """Keep a widget at least so many letters wide, with any text size, but not past the screen."""
    widget.setProperty(_CHARS, count)
    fit(widget)


def fit(widget: QWidget) -> None:
    """Take the width that was asked for with `set_minimum_chars` from the font as it is now."""
    if (count := widget.property(_CHARS)) is not None:
        widget.setMinimumWidth(min(chars(count), room().width()))


def room() -> QSize:
    """The largest size of a dialog: the screen, less its frame."""
    screen = QGuiApplication.primaryScreen()
    return screen.availableGeometry().size() * 0.95
