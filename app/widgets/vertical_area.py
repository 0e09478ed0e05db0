"""A frame that scrolls up and down only: it asks for the width of its content."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


class VerticalArea(QScrollArea):
    """Never narrower than its content and the scroll bar; may be as low as `minimum_lines`."""

    def __init__(self, parent: QWidget | None = None, *, minimum_lines: int = 3) -> None:
        super().__init__(parent)
        self._minimum_lines = minimum_lines
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def setWidget(self, widget: QWidget) -> None:
        """Show this content."""
        super().setWidget(widget)
        widget.installEventFilter(self)
        self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        """As wide as the content asks for."""
        bar = self.verticalScrollBar().sizeHint().width()
        content = self.widget()
        width = content.minimumSizeHint().width() + bar if content is not None else 0
        return QSize(width, self.fontMetrics().height() * self._minimum_lines)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask for another width, and height, when the content does."""
        if event.type() is QEvent.Type.LayoutRequest:
            self.updateGeometry()
        elif event.type() is QEvent.Type.Resize:
            # WORKAROUND: Qt 6.11 gives wrapped lines the height of the width before.
            QCoreApplication.postEvent(self, QEvent(QEvent.Type.LayoutRequest))
        return super().eventFilter(watched, event)
