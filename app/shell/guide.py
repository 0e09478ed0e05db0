"""The user's guide inside the window: text and pictures of `docs/`, searched, at a chapter."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import (
    QDesktopServices,
    QImage,
    QImageReader,
    QKeyEvent,
    QResizeEvent,
    QTextBlock,
    QTextCursor,
    QTextDocument,
    QWheelEvent,
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
        self.browser.sourceChanged.connect(lambda _url: self._list())
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
        self._pictures: dict[str, _Picture] = {}
        # one picture a turn of the event loop
        self._timer = single_shot(self, 0, self._read_next)
        self.anchorClicked.connect(self._follow)
        self.verticalScrollBar().actionTriggered.connect(self._leave_chapter)

    def headings(self) -> list[QTextBlock]:
        """The blocks that are headings, from the top."""
        block, found = self.document().begin(), []
        while block.isValid():
            if 0 < block.blockFormat().headingLevel() <= _CHAPTER_LEVEL:
                found.append(block)
            block = block.next()
        return found

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
        """Mark the next place of `text`, from the top after the last; False where there is none."""
        if not text:
            return False
        if self.find(text):
            return True
        self.moveCursor(QTextCursor.MoveOperation.Start)
        return self.find(text)

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Text and pictures inside the folder, of a bounded size; nothing else is loaded."""
        path = self._inside(QUrl(name))
        if path is None:
            return None
        if kind == _Resource.ImageResource.value:
            picture = self._pictures[QUrl(name).toString()] = _Picture(path)
            self._timer.start()
            return picture.image(self._room())
        return path.read_text(encoding="utf-8")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep pictures as wide as the text, and the chapter that was asked for at the top."""
        super().resizeEvent(event)
        self._fit_pictures()
        if self._stays:
            self._scroll_to_cursor()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; from then on no chapter is held at the top."""
        self._stays = False
        super().wheelEvent(event)

    def _scroll_to_cursor(self) -> None:
        block = self.textCursor().block()
        top = self.document().documentLayout().blockBoundingRect(block).top()
        self.verticalScrollBar().setValue(round(top))

    def _leave_chapter(self) -> None:
        self._stays = False

    def renew(self) -> None:
        """Read anew, as links have the colours that they were read under."""
        place = self.verticalScrollBar().value()
        if not self.source().isEmpty():
            self.reload()
            self._fit_pictures()
            self.verticalScrollBar().setValue(place)

    def open(self, name: str) -> None:
        """Show a file of the folder."""
        self.setSource(QUrl(name), _Resource.MarkdownResource)
        self._fit_pictures()

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

    def _room(self) -> float:
        return max(1.0, self.viewport().width() - 2 * self.document().documentMargin())

    def _fit_pictures(self) -> None:
        """Make pictures no wider than the text."""
        for url, picture in self._pictures.items():
            self._put(url, picture)
        self.document().markContentsDirty(0, self.document().characterCount())

    def _put(self, url: str, picture: _Picture) -> None:
        image = picture.image(self._room())
        self.document().addResource(_Resource.ImageResource.value, QUrl(url), image)

    def _read_next(self) -> None:
        for url, picture in self._pictures.items():
            if not picture.is_read:
                picture.read()
                self._put(url, picture)
                self.viewport().update()
                self._timer.start()
                return


class _Picture:
    """A picture of the guide: its size at once, its points when there is time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = QImageReader(str(path)).size()
        self._image = QImage(max(1, self._size.width() // 16), max(1, self._size.height() // 16),
                             QImage.Format.Format_ARGB32)  # fmt: skip
        self._image.fill(Qt.GlobalColor.transparent)
        self.is_read = False

    def read(self) -> None:
        """Read the points."""
        self._image, self.is_read = QImage(str(self._path)), True

    def image(self, room: float) -> QImage:
        """What there is of it, with so many points on one of the screen that it fits."""
        width = min(max(1, self._size.width()), room)
        self._image.setDevicePixelRatio(max(1, self._image.width()) / width)
        return self._image


def anchor(title: str) -> str:
    """What links call a heading: small letters, dashes for spaces, no other signs."""
    return re.sub(r"[^\w -]", "", title.casefold()).strip().replace(" ", "-")
