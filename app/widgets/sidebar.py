"""The column of pages at the left edge."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QFocusEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QAbstractButton, QWidget

from app.qt.boxes import vbox
from app.qt.sizes import icon_side
from app.theme import SPACE_M, SPACE_S, SPACE_XS, Theme

_ICON_PERCENT = 125


class Sidebar(QWidget):
    """One button a page; the arrow keys move between them."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName("Pages")
        self.setAutoFillBackground(True)
        self._layout = vbox(1, parent=self, margins=SPACE_S, spacing=SPACE_XS)
        self._buttons: list[SidebarButton] = []
        theme.changed.connect(self._restyle)
        self._restyle()

    def add(self, action: QAction) -> None:
        """Add the button of a page, which triggers and follows a checkable action."""
        button = SidebarButton(self._theme, action, self)
        self._buttons.append(button)
        self._layout.insertWidget(self._layout.count() - 1, button)

    def _restyle(self) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, self._theme.colors.sidebar)
        self.setPalette(palette)
        self.updateGeometry()


class SidebarButton(QAbstractButton):
    """Icon and name; the page shown has a filled ground and a bar at the left."""

    def __init__(self, theme: Theme, action: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._action = theme, action
        self._by_key = False
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        name = action.text().replace("&", "")
        self.setText(name)
        self.setIcon(action.icon())
        self.setAccessibleName(f"Page {name}")
        self.setToolTip(f"{name} ({action.shortcut().toString()})")
        self.clicked.connect(action.trigger)
        action.toggled.connect(self.setChecked)
        self.setChecked(action.isChecked())

    def sizeHint(self) -> QSize:
        """Room for icon, name and gaps."""
        metrics = self.fontMetrics()
        side = icon_side(_ICON_PERCENT)
        width = side + 2 * SPACE_M + metrics.horizontalAdvance("Compare ") + SPACE_S
        return QSize(width, max(side, metrics.height()) + SPACE_M)

    def minimumSizeHint(self) -> QSize:
        """The same: a cut name would say nothing."""
        return self.sizeHint()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Remember whether the focus came by a key: only then is a ring drawn."""
        reasons = (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
            Qt.FocusReason.ShortcutFocusReason,
        )
        self._by_key = event.reason() in reasons
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, bar, icon, name, focus ring."""
        colors = self._theme.colors
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        ring = self.hasFocus() and self._by_key
        painter.setPen(colors.accent if ring else Qt.PenStyle.NoPen)
        if self.isChecked():
            painter.setBrush(colors.accent_fill)
        elif self.underMouse():
            painter.setBrush(colors.line)
        else:
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(ground, 5, 5)
        if self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.accent)
            bar = QRectF(1, self.height() * 0.25, 3, self.height() * 0.5)
            painter.drawRoundedRect(bar, 1.5, 1.5)
        side = icon_side(_ICON_PERCENT)
        top = (self.height() - side) // 2
        self.icon().paint(painter, SPACE_M, top, side, side)
        painter.setPen(colors.text)
        left = side + 2 * SPACE_M
        words = self.rect().adjusted(left, 0, -SPACE_XS, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.text())
