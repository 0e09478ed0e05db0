"""The room for pages: made on demand, replaced by a hint while no project is open."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QWidget

from app.shell.page import Page


class PageStack(QStackedWidget):
    """Shows one page at a time; one that has too little room, as with large text, scrolls.

    Args:
        make: makes the page of a name.
        hint: what is shown instead of a page that needs a project while there is none.
    """

    def __init__(self, make: Callable[[str], Page], hint: QWidget) -> None:
        super().__init__()
        self._make, self._hint = make, hint
        self._pages: dict[str, Page] = {}
        self._areas: dict[str, QScrollArea] = {}
        self.addWidget(hint)

    def page(self, name: str) -> Page:
        """The page, made now if it was not yet."""
        if name not in self._pages:
            page = self._make(name)
            self._pages[name] = page
            self._areas[name] = _scrolling(page)
            self.addWidget(self._areas[name])
        return self._pages[name]

    def built(self) -> dict[str, Page]:
        """The pages that have been made, by name."""
        return dict(self._pages)

    def show_page(self, name: str) -> None:
        """Show the page."""
        self.page(name)
        self.setCurrentWidget(self._areas[name])

    def show_hint(self) -> None:
        """Show the hint."""
        self.setCurrentWidget(self._hint)


def _scrolling(page: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(page)
    return area
