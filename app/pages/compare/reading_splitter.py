"""The list beside the example, or above it where the window is too narrow for both."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QSplitter, QWidget

from app.settings import Settings
from app.theme import SPACE_M

LAYOUTS = {
    Qt.Orientation.Horizontal: "compare/list",
    Qt.Orientation.Vertical: "compare/list-above",
}
LIST_CHARS = 52
"""Width of the list to begin with, if the example has room beside it."""


class ReadingSplitter(QSplitter):
    """Never so narrow that a line of the example is short; each way has sizes of its own."""

    def __init__(self, examples: QWidget, example: QWidget, settings: Settings) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._examples, self._example, self._settings = examples, example, settings
        self.addWidget(examples)
        self.addWidget(example)
        self.setStretchFactor(0, 0)
        self.setStretchFactor(1, 1)
        self.setHandleWidth(SPACE_M)
        self.setChildrenCollapsible(False)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self._share()
        self.splitterMoved.connect(
            lambda _place, _index: settings.set_layout(
                LAYOUTS[self.orientation()], self.saveState()
            )
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Turn where the room asks for it."""
        self._turn()
        super().resizeEvent(event)

    def event(self, event: QEvent) -> bool:
        """Turn where the list or the example asks for other room, as in another font."""
        done = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest:
            self._turn()
        return done

    def _turn(self) -> None:
        parts = (self._examples, self._example)
        least = sum(part.minimumSizeHint().width() for part in parts) + self.handleWidth()
        fits = self.width() >= least
        way = Qt.Orientation.Horizontal if fits else Qt.Orientation.Vertical
        if way is not self.orientation():
            self.setOrientation(way)
            self._share()

    def _share(self) -> None:
        """The sizes that were set before, else the usual ones."""
        way = self.orientation()
        state = self._settings.layout(LAYOUTS[way])
        if state != QByteArray() and self.restoreState(state):
            self.setOrientation(way)
            return
        if way is Qt.Orientation.Vertical:
            self.setSizes([1, 2])
        else:
            width = self.fontMetrics().averageCharWidth() * LIST_CHARS
            self.setSizes([width, max(self.width() - width, 2 * width)])
