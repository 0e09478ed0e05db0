"""Two parts of a page side by side, or one above the other where the window is too narrow."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from app.qt.sizes import chars
from app.settings import Settings

ABOVE = "-above"
"""Stands after the key of the settings for sizes of parts one above the other."""
MOST_LINES = 18
"""Height of a part above or below the other that would like to be higher, in lines."""


class ModestSplitter(QSplitter):
    """Asks for no more than its parts need; what they would like to have makes no page scroll."""

    def sizeHint(self) -> QSize:
        """The least."""
        return self.minimumSizeHint()


class SavedSplitter(QSplitter):
    """Parts one above the other; the settings keep the sizes that they are given.

    Args:
        key: the name of its sizes in the settings.
        stretch: how the parts share room that comes or goes.
    """

    def __init__(
        self, *parts: QWidget, settings: Settings, key: str, stretch: tuple[int, ...]
    ) -> None:
        super().__init__(Qt.Orientation.Vertical)
        for index, (part, share) in enumerate(zip(parts, stretch, strict=True)):
            self.addWidget(part)
            self.setStretchFactor(index, share)
        self.setChildrenCollapsible(False)
        self._settings, self._key = settings, key
        self.restore()
        self.splitterMoved.connect(lambda _at, _index: settings.set_layout(key, self.saveState()))

    def restore(self) -> None:
        """Give the parts the sizes that the settings have, if they have any."""
        self.restoreState(self._settings.layout(self._key))


class PageSplitter(ModestSplitter):
    """Never narrower than the wider part needs; each way has sizes of its own.

    One above the other, each part has room to be read in, and the page scrolls.

    Args:
        key: the name of its sizes in the settings.
        narrow: which part keeps its width when the window is widened.
        width_chars: how wide that part is to begin with, in letters.
    """

    def __init__(
        self,
        first: QWidget,
        second: QWidget,
        *,
        settings: Settings,
        key: str,
        narrow: int = 0,
        width_chars: int,
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._settings, self._key = settings, key
        self._narrow, self._width_chars = narrow, width_chars
        self.addWidget(first)
        self.addWidget(second)
        self.setStretchFactor(narrow, 0)
        self.setStretchFactor(1 - narrow, 1)
        self.setChildrenCollapsible(False)
        self._restore()
        self.splitterMoved.connect(
            lambda _place, _index: settings.set_layout(self._layout_key(), self.saveState())
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Turn where the room asks for it."""
        self._turn()
        super().resizeEvent(event)

    def event(self, event: QEvent) -> bool:
        """Turn where a part asks for other room, as in another font."""
        done = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest:
            self._turn()
        return done

    def minimumSizeHint(self) -> QSize:
        """As wide as the wider part; as high as both where one is above the other."""
        sizes = [_least(part) for part in self._parts()]
        width = max((size.width() for size in sizes), default=0)
        if self.orientation() is Qt.Orientation.Horizontal:
            return QSize(width, max((size.height() for size in sizes), default=0))
        return QSize(width, sum(self._heights()) + self.handleWidth())

    def share(self) -> None:
        """Give the parts the sizes they have to begin with."""
        if self.orientation() is Qt.Orientation.Vertical:
            self.setSizes(self._heights())
            return
        narrow = chars(self._width_chars)
        widths = [narrow, max(self.width() - narrow, narrow)]
        self.setSizes(widths[:: 1 if self._narrow == 0 else -1])

    def _parts(self) -> list[QWidget]:
        parts = [self.widget(place) for place in range(self.count())]
        return [part for part in parts if part is not None and not part.isHidden()]

    def _heights(self) -> list[int]:
        most = self.fontMetrics().height() * MOST_LINES
        return [
            max(min(part.sizeHint().height(), most), _least(part).height())
            for part in self._parts()
        ]

    def _turn(self) -> None:
        least = sum(_least(part).width() for part in self._parts()) + self.handleWidth()
        fits = self.width() >= least
        way = Qt.Orientation.Horizontal if fits else Qt.Orientation.Vertical
        if way is not self.orientation():
            self.setOrientation(way)
            self._restore()
            self.updateGeometry()

    def _layout_key(self) -> str:
        is_above = self.orientation() is Qt.Orientation.Vertical
        return self._key + ABOVE if is_above else self._key

    def _restore(self) -> None:
        """The sizes that were set before, else those to begin with."""
        way = self.orientation()
        state = self._settings.layout(self._layout_key())
        if state == QByteArray() or not self.restoreState(state):
            self.share()
        self.setOrientation(way)


def _least(part: QWidget) -> QSize:
    return part.minimumSizeHint().expandedTo(part.minimumSize())
