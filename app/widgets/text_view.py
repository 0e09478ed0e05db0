"""A page of our own markup, read only, that loads nothing."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QEvent, QUrl
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget


class TextView(QTextBrowser):
    """Without a frame; a link is not followed, and no picture or style sheet is fetched.

    Texts of files go through `app.qt.plain_text.markup` before they become part of the page.
    """

    _lines = 0

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)

    def set_lines(self, lines: int) -> None:
        """Be as high as so many lines of text, whatever its size."""
        self._lines = lines
        margin = round(self.document().documentMargin()) + self.frameWidth()
        self.setFixedHeight(self.fontMetrics().lineSpacing() * lines + 2 * margin)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of the text."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and self._lines:
            self.set_lines(self._lines)

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Something empty, whatever a page names; for nothing at all Qt would read the file."""
        return QByteArray()
