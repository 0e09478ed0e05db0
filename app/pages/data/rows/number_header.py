"""Row headers that hold numbers: quiet, right-aligned, without the style's relief."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractButton, QHeaderView, QWidget

from app.theme import SPACE_S, Theme

DIRECT = Qt.FindChildOption.FindDirectChildrenOnly


class NumberHeader(QHeaderView):
    """A vertical header over a model whose header data are numbers."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._theme = theme
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setAccessibleName("Numbers of the rows")
        for corner in parent.findChildren(QAbstractButton, options=DIRECT):
            corner.installEventFilter(self)

    def sizeHint(self) -> QSize:
        """Room for the last number, the largest: Qt would measure two hundred."""
        last = self.count() - 1
        return self.sectionSizeFromContents(last) if last >= 0 else super().sizeHint()

    def sectionSizeFromContents(self, logicalIndex: int) -> QSize:  # noqa: N803 - Qt's name
        """Room for the number."""
        text = f"{self._number(logicalIndex)}"
        return QSize(self.fontMetrics().horizontalAdvance(text) + 2 * SPACE_S, 0)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803
        """Draw the number on the window's ground."""
        colors = self._theme.colors
        painter.fillRect(rect, colors.window)
        painter.setPen(colors.muted)
        inner = rect.adjusted(0, 0, -SPACE_S, 0)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inner, right, self._number(logicalIndex))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Draw the corner above in the same way; it has no other means of being told."""
        if event.type() == QEvent.Type.Paint and isinstance(watched, QWidget):
            painter = QPainter(watched)
            painter.fillRect(watched.rect(), self._theme.colors.window)
            rect, line = watched.rect(), self._theme.colors.line
            painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, line)
            return True
        return super().eventFilter(watched, event)

    def _number(self, section: int) -> str:
        value = self.model().headerData(section, Qt.Orientation.Vertical)
        return f"{value:,}" if isinstance(value, int) else ""
