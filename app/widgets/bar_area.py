"""Bars that cover the lower edge of a page, so that nothing moves under the pointer."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.theme import SPACE_S, SPACE_XS


class BarArea(QWidget):
    """Stands over `host`, outside its layout, as high as the bars that are shown in it."""

    def __init__(self, host: QWidget, *bars: QWidget) -> None:
        super().__init__(host)
        self._host = host
        self._bars = bars
        self._stack = layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_S, 0, SPACE_S, SPACE_S)
        layout.setSpacing(SPACE_XS)
        for bar in bars:
            layout.addWidget(bar)
        self.resize(0, 0)
        host.installEventFilter(self)

    def event(self, event: QEvent) -> bool:
        """Follow a bar that comes, goes or has another text."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return done

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the host's size."""
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        room, height = self._host.size(), 0
        if any(not bar.isHidden() for bar in self._bars):
            wanted = self._stack.totalHeightForWidth(room.width())
            height = min(max(wanted, self.sizeHint().height()), room.height())
        self.setGeometry(0, room.height() - height, room.width(), height)
        self.raise_()
