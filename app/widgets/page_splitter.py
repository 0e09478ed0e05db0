"""Two parts of a page side by side, or one above the other where the window is too narrow."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from app.qt.sizes import chars
from app.settings import Settings

_SIDE_BY_SIDE = Qt.Orientation.Horizontal
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
    """Parts one above the other; the settings save the sizes that they are given.

    Args:
        key: the name of its sizes in the settings.
        stretch: how the parts share room that comes or goes.
    """

    def __init__(
        self,
        *parts: QWidget,
        settings: Settings,
        key: str,
        stretch: tuple[int, ...],
        orientation: Qt.Orientation = Qt.Orientation.Vertical,
    ) -> None:
        super().__init__(orientation)
        for index, (part, share) in enumerate(zip(parts, stretch, strict=True)):
            self.addWidget(part)
            self.setStretchFactor(index, share)
        self.setChildrenCollapsible(False)
        self._settings, self._key = settings, key
        self.restore()
        self.splitterMoved.connect(lambda: settings.set_layout(self.layout_key(), self.saveState()))

    def layout_key(self) -> str:
        """The name of its sizes in the settings."""
        return self._key

    def restore(self) -> bool:
        """Give the parts the sizes that the settings have; False where there are none."""
        return self.restoreState(self._settings.layout(self.layout_key()))


class PageSplitter(SavedSplitter):
    """Two parts, never narrower than the wider one needs; each way has sizes of its own.

    One above the other, each part has room to be read in, and the page scrolls.

    Args:
        narrow: which part keeps its width when the window is widened.
        width_chars: how wide that part is to begin with, in letters.
    """

    def __init__(
        self, *parts: QWidget, settings: Settings, key: str, narrow: int = 0, width_chars: int
    ) -> None:
        stretch = (narrow, 1 - narrow)
        super().__init__(
            *parts, settings=settings, key=key, stretch=stretch, orientation=_SIDE_BY_SIDE
        )
        self._narrow, self._width_chars = narrow, width_chars
        self._restore_or_share()

    def layout_key(self) -> str:
        """Sizes of parts one above the other have a name of their own."""
        return self._key if self.orientation() is _SIDE_BY_SIDE else self._key + ABOVE

    def sizeHint(self) -> QSize:
        """The least."""
        return self.minimumSizeHint()

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
        if self.orientation() is _SIDE_BY_SIDE:
            return QSize(width, max((size.height() for size in sizes), default=0))
        return QSize(width, sum(self._heights()) + self.handleWidth())

    def share(self) -> None:
        """Give the parts the sizes they have to begin with."""
        if self.orientation() is not _SIDE_BY_SIDE:
            self.setSizes(self._heights())
            return
        narrow = chars(self._width_chars)
        widths = [narrow, max(self.width() - narrow, narrow)]
        self.setSizes(widths[:: 1 if self._narrow == 0 else -1])

    def _parts(self) -> list[QWidget]:
        parts = [self.widget(index) for index in range(self.count())]
        return [part for part in parts if part is not None and not part.isHidden()]

    def _heights(self) -> list[int]:
        most = self.fontMetrics().height() * MOST_LINES
        return [
            max(min(part.sizeHint().height(), most), _least(part).height())
            for part in self._parts()
        ]

    def _turn(self) -> None:
        least = sum(_least(part).width() for part in self._parts()) + self.handleWidth()
        way = _SIDE_BY_SIDE if self.width() >= least else Qt.Orientation.Vertical
        if way is not self.orientation():
            self.setOrientation(way)
            self._restore_or_share()
            self.updateGeometry()

    def _restore_or_share(self) -> None:
        """The sizes that were set before, else those to begin with."""
        way = self.orientation()
        if not self.restore():
            self.share()
        self.setOrientation(way)


def _least(part: QWidget) -> QSize:
    return part.minimumSizeHint().expandedTo(part.minimumSize())
