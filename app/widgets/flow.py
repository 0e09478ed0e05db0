"""A row of widgets that breaks into lines where there is too little room."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget

from app.theme import SPACE_S


class FlowLayout(QLayout):
    """Puts its widgets side by side from the left, each as wide as it likes to be.

    Args:
        fill: whether the last widget, such as a line to search with, gets the rest of its line.
        centred: whether lines stand in the middle.
    """

    def __init__(self, *widgets: QWidget, fill: bool = False, centred: bool = False) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
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
        """The item at this place, or None."""
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
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def sizeHint(self) -> QSize:
        """All in one line."""
        hints = [_liked(item) for item in self._shown()]
        width = sum(hint.width() for hint in hints) + self.spacing() * max(len(hints) - 1, 0)
        return self._framed(QSize(width, max((hint.height() for hint in hints), default=0)))

    def minimumSize(self) -> QSize:
        """As wide as the widest of them."""
        sizes = [item.minimumSize() for item in self._shown()]
        width, height = (max(pair, default=0) for pair in (
            [size.width() for size in sizes], [size.height() for size in sizes]
        ))  # fmt: skip
        return self._framed(QSize(width, height))

    def setGeometry(self, rect: QRect) -> None:
        """Place the widgets."""
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _framed(self, size: QSize) -> QSize:
        margins = self.contentsMargins()
        return size.grownBy(margins)

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        """Break into lines; the height they take."""
        inside = rect.marginsRemoved(self.contentsMargins())
        line: list[tuple[QLayoutItem, int]] = []
        top, left, height = inside.top(), 0, 0
        for item in self._shown():
            width = min(max(_liked(item).width(), item.minimumSize().width()), inside.width())
            if line and left + width > inside.width():
                self._place(line, inside.adjusted(0, top - inside.top(), 0, 0), height, move=move)
                top, left, height, line = top + height + self.spacing(), 0, 0, []
            line.append((item, width))
            left += width + self.spacing()
            height = max(height, item.sizeHint().height())
        if self._fill and line:
            item, width = line[-1]
            line[-1] = (item, max(width, inside.width() - (left - self.spacing() - width)))
        self._place(line, inside.adjusted(0, top - inside.top(), 0, 0), height, move=move)
        return top + height - rect.top() + self.contentsMargins().bottom()

    def _place(
        self, line: list[tuple[QLayoutItem, int]], room: QRect, height: int, *, move: bool
    ) -> None:
        left = room.left()
        if self._centred and line:
            used = sum(width for _item, width in line) + self.spacing() * (len(line) - 1)
            left += (room.width() - used) // 2
        for item, width in line if move else ():
            own = min(item.sizeHint().height(), height)
            item.setGeometry(QRect(left, room.top() + (height - own) // 2, width, own))
            left += width + self.spacing()


def _liked(item: QLayoutItem) -> QSize:
    """The size hint, also of a widget that may be cut: Qt takes its width for 0."""
    widget = item.widget()
    if widget is None or widget.sizePolicy().horizontalPolicy() is not QSizePolicy.Policy.Ignored:
        return item.sizeHint()
    return widget.sizeHint()
