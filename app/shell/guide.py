"""The user's guide inside the window: text and pictures of `docs/`, searched, at a chapter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl, Signal
from PySide6.QtGui import (
    QDesktopServices,
    QImage,
    QImageReader,
    QKeyEvent,
    QResizeEvent,
    QTextBlock,
    QTextCursor,
    QTextDocument,
    QTextLength,
)
from PySide6.QtWidgets import QDockWidget, QTextBrowser, QWidget

from app.assets import ROOT
from app.qt.boxes import combo_box, vbox
from app.qt.sizes import set_minimum_chars
from app.qt.timers import single_shot
from app.theme import SPACE_S, Theme
from app.widgets.flow import FlowLayout
from app.widgets.search_field import SearchField

DOCS = ROOT / "docs"
GUIDE = "guide.md"
_Resource = QTextDocument.ResourceType
_MOST_BYTES = 4_000_000
_WHOLE_WIDTH = QTextLength(QTextLength.Type.PercentageLength, 100)
_CHAPTER_LEVEL = 3
"""Headings up to this level are listed."""


class GuideDock(QDockWidget):
    """A panel beside the pages; Escape closes it."""

    def __init__(self, theme: Theme, parent: QWidget, *, folder: Path = DOCS) -> None:
        super().__init__("User's guide", parent)
        self.setObjectName("guide")
        self.setAllowedAreas(
            Qt.DockWidgetArea.LeftDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea
        )
        self.browser = GuideBrowser(folder)
        self.chapters = combo_box("Chapter", chars=18)
        self.chapters.activated.connect(self._go)
        self.search = SearchField("Search the guide")
        self.search.searched.connect(self.browser.search)
        tools = FlowLayout(self.chapters, self.search, fill=True)
        inside = QWidget()
        vbox(tools, (self.browser, 1), parent=inside, margins=SPACE_S, spacing=SPACE_S)
        set_minimum_chars(inside, 40)
        self.setWidget(inside)
        self.browser.chapter_shown.connect(
            lambda title: self.chapters.setCurrentIndex(self.chapters.findData(title))
        )
        self.browser.sourceChanged.connect(self._list)
        theme.changed.connect(self.browser.renew)

    def open_at(self, chapter: str) -> None:
        """Show the guide at the heading with this title, or where it was."""
        if self.browser.source().isEmpty():
            self.browser.open(GUIDE)
        self.show()
        self.raise_()
        self.browser.show_chapter(anchor(chapter))
        self.browser.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _list(self) -> None:
        self.chapters.clear()
        for block in self.browser.headings():
            indent = "    " * max(block.blockFormat().headingLevel() - 2, 0)
            self.chapters.addItem(indent + block.text(), block.text())

    def _go(self) -> None:
        self.browser.show_chapter(anchor(self.chapters.currentData()))


class GuideBrowser(QTextBrowser):
    """Shows Markdown files of one folder; a link out of it goes to the system's web browser.

    Signals:
        chapter_shown: title of the heading that was asked for.
    """

    chapter_shown = Signal(str)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder.resolve()
        self.setAccessibleName("User's guide")
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self._stays = False
        self._unread: list[tuple[QUrl, Path]] = []
        self._timer = single_shot(self, 0, self._read_next)
        self.anchorClicked.connect(self._follow)
        self.verticalScrollBar().actionTriggered.connect(self._leave_chapter)

    def headings(self) -> list[QTextBlock]:
        """The blocks that are headings, from the top."""
        return [b for b in self._blocks() if 0 < b.blockFormat().headingLevel() <= _CHAPTER_LEVEL]

    def show_chapter(self, name: str) -> bool:
        """Bring the heading with this anchor to the top; False where there is none."""
        for block in self.headings():
            if anchor(block.text()) == name:
                self.setTextCursor(QTextCursor(block))
                self._stays = True
                self._scroll_to_cursor()
                self.chapter_shown.emit(block.text())
                return True
        return False

    def search(self, text: str) -> bool:
        """Mark the next `text`, from the top after the last; False where there is none."""
        if not text:
            return False
        if self.find(text):
            return True
        self.moveCursor(QTextCursor.MoveOperation.Start)
        return self.find(text)

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Text and pictures inside the folder, of a bounded size; nothing else is loaded.

        A picture is blank to begin with: each is read in a turn of the event loop of its own.
        """
        url = QUrl(name)
        path = self._inside(url)
        if path is None:
            return None
        if kind != _Resource.ImageResource.value:
            return path.read_text(encoding="utf-8")
        self._unread.append((url, path))
        self._timer.start()
        size = QImageReader(str(path)).size().expandedTo(QSize(1, 1))
        blank = QImage(size, QImage.Format.Format_Alpha8)
        blank.fill(0)
        return blank

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the chapter that was asked for at the top."""
        super().resizeEvent(event)
        if self._stays:
            self._scroll_to_cursor()

    def renew(self) -> None:
        """Read anew, as links have the colours that they were read under."""
        position = self.verticalScrollBar().value()
        if not self.source().isEmpty():
            self.reload()
            self.verticalScrollBar().setValue(position)

    def open(self, name: str) -> None:
        """Show a file of the folder."""
        self.setSource(QUrl(name), _Resource.MarkdownResource)

    def doSetSource(self, name: QUrl | str, type: _Resource = _Resource.MarkdownResource) -> None:
        """Load a file, its pictures no wider than the text."""
        super().doSetSource(name, type)
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for block in self._blocks():
            for part in block.textFormats():
                if part.format.isImageFormat():
                    image = part.format.toImageFormat()
                    image.setMaximumWidth(_WHOLE_WIDTH)
                    start = block.position() + part.start
                    cursor.setPosition(start)
                    cursor.setPosition(start + part.length, QTextCursor.MoveMode.KeepAnchor)
                    cursor.setCharFormat(image)
        cursor.endEditBlock()

    def _blocks(self) -> Iterator[QTextBlock]:
        block = self.document().begin()
        while block.isValid():
            yield block
            block = block.next()

    def _scroll_to_cursor(self) -> None:
        block = self.textCursor().block()
        top = self.document().documentLayout().blockBoundingRect(block).top()
        self.verticalScrollBar().setValue(round(top))

    def _leave_chapter(self) -> None:
        self._stays = False

    def _follow(self, url: QUrl) -> None:
        if not url.path() and url.hasFragment():
            self.show_chapter(url.fragment())
        elif url.scheme() == "https":
            QDesktopServices.openUrl(url)
        elif self._inside(url) is not None:
            self.open(url.path())
            self.show_chapter(url.fragment())

    def _inside(self, url: QUrl) -> Path | None:
        """The file of the folder that a link names, if it is one, and is not too large."""
        if url.scheme() not in ("", "file") or url.host():
            return None
        path = (self._folder / url.path()).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file():
            return None
        return path if path.stat().st_size <= _MOST_BYTES else None

    def _read_next(self) -> None:
        url, path = self._unread.pop(0)
        self.document().addResource(_Resource.ImageResource.value, url, QImage(str(path)))
        self.viewport().update()
        if self._unread:
            self._timer.start()


def anchor(title: str) -> str:
    """What links call a heading: small letters, dashes for spaces, no other signs."""
    return re.sub(r"[^\w -]", "", title.casefold()).strip().replace(" ", "-")
