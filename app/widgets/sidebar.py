"""The column of pages at the left edge."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QFocusEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QAbstractButton, QWidget

from app.qt.boxes import vbox
from app.qt.sizes import icon_side
from app.theme import SPACE_M, SPACE_S, SPACE_XS, Theme

WIDEST = "Playground"
"""All buttons have room for it, so that they are equally wide."""
_ICON_PERCENT = 125
_BY_KEY = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class Sidebar(QWidget):
    """A button for each page's checkable action; the arrow keys move between them."""

    def __init__(self, theme: Theme, actions: Iterable[QAction]) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName("Pages")
        self.setAutoFillBackground(True)
        buttons = (SidebarButton(theme, action) for action in actions)
        vbox(*buttons, 1, parent=self, margins=SPACE_S, spacing=SPACE_XS)
        theme.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, self._theme.colors.sidebar)
        self.setPalette(palette)
        self.updateGeometry()


class SidebarButton(QAbstractButton):
    """Icon and name; the page shown has a filled ground and a bar at the left."""

    def __init__(self, theme: Theme, action: QAction) -> None:
        super().__init__()
        self._theme = theme
        self._by_key = False
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setText(action.text())
        self.setIcon(action.icon())
        self.setAccessibleName(f"Page {action.text()}")
        self.setToolTip(f"{action.text()} ({action.shortcut().toString()})")
        self.clicked.connect(action.trigger)
        action.toggled.connect(self.setChecked)
        self.setChecked(action.isChecked())

    def sizeHint(self) -> QSize:
        """Room for icon, name and gaps."""
        metrics, side = self.fontMetrics(), icon_side(_ICON_PERCENT)
        width = side + 2 * SPACE_M + metrics.horizontalAdvance(WIDEST) + SPACE_XS
        return QSize(width, max(side, metrics.height()) + SPACE_M)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Remember whether the focus came by a key: only then is a ring drawn."""
        self._by_key = event.reason() in _BY_KEY
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, bar, icon, name, focus ring."""
        colors, none = self._theme.colors, Qt.PenStyle.NoPen
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colors.accent if self.hasFocus() and self._by_key else none)
        if self.isChecked() or self.underMouse():
            painter.setBrush(colors.accent_fill if self.isChecked() else colors.line)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        if self.isChecked():
            painter.setPen(none)
            painter.setBrush(colors.accent)
            bar = QRectF(1, self.height() * 0.25, 3, self.height() * 0.5)
            painter.drawRoundedRect(bar, 1.5, 1.5)
        side = icon_side(_ICON_PERCENT)
        self.icon().paint(painter, SPACE_M, (self.height() - side) // 2, side, side)
        painter.setPen(colors.text)
        words = self.rect().adjusted(side + 2 * SPACE_M, 0, -SPACE_XS, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.text())
