"""What is drawn over the window while a file is dragged across it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.theme import SPACE_M, Theme, scaled_font


class DropOverlay(QWidget):
    """A frame with a sentence over its parent; takes no events of its own."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._under = theme, parent
        self.text = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Drop target")
        self.hide()

    def show_over(self, text: str) -> None:
        """Cover the parent and say what a drop would do."""
        self.text = text
        self.fit()
        self.raise_()
        self.show()

    def fit(self) -> None:
        """Take the parent's size."""
        self.setGeometry(self._under.rect())

    def paintEvent(self, event: QPaintEvent) -> None:
        """A veil, a dashed frame, the sentence."""
        colors = self._theme.colors
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(colors.window)
        veil.setAlphaF(0.88)
        painter.fillRect(self.rect(), veil)
        painter.setPen(QPen(colors.accent, 2, Qt.PenStyle.DashLine))
        frame = QRectF(self.rect()).adjusted(SPACE_M, SPACE_M, -SPACE_M, -SPACE_M)
        painter.drawRoundedRect(frame, 8, 8)
        painter.setFont(scaled_font(140, bold=True))
        painter.setPen(colors.text)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(frame, int(flags), self.text)


def dropped_paths(data: QMimeData) -> list[Path]:
    """Local files and folders among what is dragged."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
