"""Bars over the lower edge of a page: nothing moves while the pointer may be on it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QCursor, QEnterEvent
from PySide6.QtWidgets import QWidget

from app.qt.boxes import vbox
from app.theme import SPACE_S, SPACE_XS


class BarArea(QWidget):
    """Stands over `host`, as high as the bars that are shown in it.

    The page makes room for the bars when the pointer is not on it: it has left, or is on a bar.

    Args:
        host: a widget with a layout.
        passing: a bar that goes by itself, and for which no room is made.
    """

    def __init__(self, host: QWidget, *bars: QWidget, passing: QWidget | None = None) -> None:
        super().__init__(host)
        self._host, self._passing = host, passing
        self._bars = bars if passing is None else (passing, *bars)
        vbox(*self._bars, parent=self, margins=(SPACE_S, 0, SPACE_S, SPACE_S), spacing=SPACE_XS)
        self.resize(0, 0)
        host.installEventFilter(self)

    def event(self, event: QEvent) -> bool:
        """Follow a bar that comes, goes or has another text."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return done

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the host's size, and make room when the pointer has left it."""
        if event.type() == QEvent.Type.Resize:
            self._fit()
        elif event.type() == QEvent.Type.Leave:
            self._make_room()
        return super().eventFilter(watched, event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Make room: what was under the bars comes out above them."""
        super().enterEvent(event)
        self._make_room()

    def _fit(self) -> None:
        room = self._host.size()
        height = min(self._height(self._bars), room.height())
        self.setGeometry(0, room.height() - height, room.width(), height)
        self.raise_()
        pointer = self._host.mapFromGlobal(QCursor.pos())
        if not self._host.rect().contains(pointer) or self.geometry().contains(pointer):
            self._make_room()

    def _make_room(self) -> None:
        layout = self._host.layout()
        if layout is not None:
            margins = layout.contentsMargins()
            margins.setBottom(self._height(bar for bar in self._bars if bar is not self._passing))
            layout.setContentsMargins(margins)

    def _height(self, bars: Iterable[QWidget]) -> int:
        width = self._host.width() - 2 * SPACE_S
        heights = [
            bar.heightForWidth(width) if bar.hasHeightForWidth() else bar.sizeHint().height()
            for bar in bars
            if not bar.isHidden()
        ]
        return sum(heights) + SPACE_XS * (len(heights) - 1) + SPACE_S if heights else 0
