"""A page of our own markup, read only, that loads nothing."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QUrl
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget


class TextView(QTextBrowser):
    """Without a frame; a link is not followed, and no picture or style sheet is fetched.

    Texts of files go through `app.qt.plain_text.markup` before they become part of the page.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Something empty, whatever a page names; for nothing at all Qt would read the file."""
        return QByteArray()
