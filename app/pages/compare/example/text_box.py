"""A read-only text that can be selected, marked up, and be asked for as plain text."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent, QTextOption

from app.widgets.text_view import TextView

LEAST_LINES = 2


class TextBox(TextView):
    """Wrapped text, as high as it is unless a maximum is set; Tab leaves it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDefaultStyleSheet(
            "p { line-height: 125%; margin-top: 0; margin-bottom: 8px; white-space: pre-wrap }"
        )
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._shown = ""
        self._heights: dict[int, int] = {}

    def show_html(self, text: str) -> None:
        """Show a piece of HTML in the application's font."""
        if text != self._shown:
            self._shown = text
            self.setHtml(text if text.startswith("<p") else f"<p>{text}</p>")
            self._measure_anew()

    def hasHeightForWidth(self) -> bool:
        """The narrower, the higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of the whole text in a box of this width, at most the maximum."""
        return min(self._height_of(width), self.maximumHeight())

    def sizeHint(self) -> QSize:
        """As wide as it is now."""
        return QSize(self.width(), self.heightForWidth(self.width()))

    def minimumSizeHint(self) -> QSize:
        """A few words."""
        metrics, margin = self.fontMetrics(), 2 * round(self.document().documentMargin())
        lines = LEAST_LINES * metrics.lineSpacing()
        return QSize(metrics.averageCharWidth() * 8, min(lines + margin, self.maximumHeight()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A bar only where the text does not fit: the bar itself would break it anew."""
        policy = Qt.ScrollBarPolicy
        fits = self.height() >= self._height_of(self.width())
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOff if fits else policy.ScrollBarAsNeeded
        )
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Measure in another font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._measure_anew()

    def _height_of(self, width: int) -> int:
        if width not in self._heights:
            measured = self.document().clone()
            measured.setTextWidth(max(width - 2 * self.frameWidth(), 1))
            height = math.ceil(measured.size().height()) + 2 * self.frameWidth()
            self._heights[width] = max(height, self.minimumSizeHint().height())
        return self._heights[width]

    def _measure_anew(self) -> None:
        self._heights = {}
        self.updateGeometry()
