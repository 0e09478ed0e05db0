"""A row of widgets that breaks into lines where there is too little room."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget

from app.theme import SPACE_S

Line = list[tuple[QLayoutItem, int]]


class FlowLayout(QLayout):
    """Puts its widgets side by side from the left, each as wide as it likes to be.

    Args:
        fill: whether the last widget, such as a line to search with, gets the rest of its line.
        centred: whether lines stand in the middle.
    """

    def __init__(self, *widgets: QWidget, fill: bool = False, centred: bool = False) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._known: dict[int, list[Line]] = {}
        self._fill, self._centred = fill, centred
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(SPACE_S)
        for widget in widgets:
            self.addWidget(widget)

    def addItem(self, item: QLayoutItem) -> None:
        """Put an item at the end (called by `addWidget`)."""
        self._items.append(item)

    def count(self) -> int:
        """Number of items."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """The item at this index, or None."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Take the item out, and return it."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """None: lines are as high as their widgets."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """The narrower, the more lines."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of the lines at this width."""
        margins = self.contentsMargins()
        lines = self._lines(width - margins.left() - margins.right())
        gaps = self.spacing() * (len(lines) - 1) + margins.top() + margins.bottom()
        return sum(map(_height, lines)) + gaps

    def sizeHint(self) -> QSize:
        """All in one line."""
        hints = [_liked(item) for item in self._shown()]
        width = sum(hint.width() for hint in hints) + self.spacing() * max(len(hints) - 1, 0)
        height = max((hint.height() for hint in hints), default=0)
        return QSize(width, height).grownBy(self.contentsMargins())

    def minimumSize(self) -> QSize:
        """As wide as the widest of them."""
        size = QSize(0, 0)
        for item in self._shown():
            size = size.expandedTo(item.minimumSize())
        return size.grownBy(self.contentsMargins())

    def setGeometry(self, rect: QRect) -> None:
        """Place the widgets."""
        super().setGeometry(rect)
        room = rect.marginsRemoved(self.contentsMargins())
        top = room.top()
        for line in self._lines(room.width()):
            left, height = room.left(), _height(line)
            if self._centred:
                used = sum(width for _item, width in line) + self.spacing() * (len(line) - 1)
                left += (room.width() - used) // 2
            for item, width in line:
                own = min(item.sizeHint().height(), height)
                item.setGeometry(QRect(left, top + (height - own) // 2, width, own))
                left += width + self.spacing()
            top += height + self.spacing()

    def invalidate(self) -> None:
        """Ask the widgets again for their sizes."""
        self._known.clear()
        super().invalidate()

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _lines(self, room: int) -> list[Line]:
        """The items with their widths, in lines that are `room` wide."""
        if room not in self._known:
            self._known[room] = self._break(room)
        return self._known[room]

    def _break(self, room: int) -> list[Line]:
        lines: list[Line] = [[]]
        left = 0
        for item in self._shown():
            width = min(max(_liked(item).width(), item.minimumSize().width()), room)
            if lines[-1] and left + width > room:
                lines.append([])
                left = 0
            lines[-1].append((item, width))
            left += width + self.spacing()
        if self._fill and lines[-1]:
            item, width = lines[-1].pop()
            lines[-1].append((item, max(width, room - (left - self.spacing() - width))))
        return lines


def _height(line: Line) -> int:
    return max((item.sizeHint().height() for item, _width in line), default=0)


def _liked(item: QLayoutItem) -> QSize:
    """The size hint, also of a widget that may be cut: Qt takes its width for 0."""
    widget = item.widget()
    if widget is None or widget.sizePolicy().horizontalPolicy() is not QSizePolicy.Policy.Ignored:
        return item.sizeHint()
    return widget.sizeHint()
