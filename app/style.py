"""The Fusion style: parts as large as the text, outlines seen in the dark, and no markup."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen
from PySide6.QtWidgets import QLabel, QProxyStyle, QStyle, QStyleOption, QWidget

from app.qt.plain_text import visible

_Primitive = QStyle.PrimitiveElement
_State = QStyle.StateFlag
_Metric = QStyle.PixelMetric
_OF_TEXT = frozenset({
    _Metric.PM_SmallIconSize, _Metric.PM_ButtonIconSize, _Metric.PM_ListViewIconSize,
    _Metric.PM_ToolBarIconSize,
    _Metric.PM_IndicatorWidth, _Metric.PM_IndicatorHeight,
    _Metric.PM_ExclusiveIndicatorWidth, _Metric.PM_ExclusiveIndicatorHeight,
    _Metric.PM_ScrollBarExtent, _Metric.PM_TabBarScrollButtonWidth, _Metric.PM_HeaderMarkSize,
})  # fmt: skip
"""What stands beside text, or holds it, and must grow with it."""


class OutlinedStyle(QProxyStyle):
    """Fusion draws the outlines of fields and boxes darker than the window: lost on dark.

    A label that does not say what its text is gets plain text, whoever made it: Qt's own labels
    of tool tips and message boxes as well.

    Attributes:
        text_scale: how much larger than normal the text is (`app.qt.sizes.scale`).
    """

    def __init__(self) -> None:
        super().__init__("fusion")
        self.text_scale = 1.0

    def pixelMetric(
        self,
        metric: QStyle.PixelMetric,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
    ) -> int:
        """Fusion's, as large as the text asks for."""
        pixels = super().pixelMetric(metric, option, widget)
        if self.text_scale == 1.0 or metric not in _OF_TEXT:
            return pixels
        return round(pixels * self.text_scale)

    def polish(self, polished: Any) -> Any:
        """Prepare a widget, a palette or the application."""
        result = super().polish(polished)
        if isinstance(polished, QLabel) and polished.textFormat() is Qt.TextFormat.AutoText:
            polished.setTextFormat(Qt.TextFormat.PlainText)
        return result

    def drawItemText(
        self,
        painter: QPainter,
        rect: QRect,
        flags: int,
        pal: QPalette | Qt.GlobalColor | QColor,
        enabled: bool,
        text: str,
        role: QPalette.ColorRole = QPalette.ColorRole.NoRole,
    ) -> None:
        """Draw a text with nothing hidden in it."""
        super().drawItemText(painter, rect, flags, pal, enabled, visible(text), role)

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        """Draw as Fusion does, then the outline."""
        super().drawPrimitive(element, option, painter, widget)
        if option.palette.color(QPalette.ColorRole.Window).lightness() > 127:
            return
        if element in (_Primitive.PE_IndicatorCheckBox, _Primitive.PE_IndicatorRadioButton):
            self._outline(option, painter, round_=element == _Primitive.PE_IndicatorRadioButton)
        elif element == _Primitive.PE_FrameLineEdit and not option.state & _State.State_HasFocus:
            self._outline(option, painter, round_=False)

    def _outline(self, option: QStyleOption, painter: QPainter, *, round_: bool) -> None:
        group = QPalette.ColorGroup.Active
        muted = option.palette.color(group, QPalette.ColorRole.PlaceholderText)
        muted.setAlphaF(0.75 if option.state & _State.State_Enabled else 0.3)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(muted, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        frame = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5)
        if round_:
            painter.drawEllipse(frame)
        else:
            painter.drawRoundedRect(frame, 2, 2)
        painter.restore()
