"""What is shown over the window while a file is dragged across it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from app.theme import SPACE_M, Theme, scaled_font
from app.widgets.labels import WrappedLabel


class DropOverlay(WrappedLabel):
    """A veil over its parent with a frame and a sentence; takes no events of its own."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__("Drop a table, a project, a prefix or a file of outputs", parent)
        self._theme, self._under = theme, parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hide()

    def cover(self) -> None:
        """Cover the parent."""
        colors = self._theme.colors
        veil = QColor(colors.window)
        veil.setAlphaF(0.88)
        self.setStyleSheet(
            f"color: {colors.text.name()}; background: {veil.name(QColor.NameFormat.HexArgb)};"
            f"border: 2px dashed {colors.accent.name()}; padding: {SPACE_M}px"
        )
        self.setFont(scaled_font(140, bold=True))
        self.setGeometry(self._under.rect())
        self.raise_()
        self.show()


def dropped_paths(data: QMimeData) -> list[Path]:
    """Local files and folders among what is dragged."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
