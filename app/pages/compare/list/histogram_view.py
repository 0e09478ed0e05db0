"""The spread of row differences as bars that filter the list."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.pages.compare.list.listing import SIDE, Histogram, histogram
from app.pages.compare.model import CompareModel
from app.pages.compare.systems.systems import letter
from app.theme import SPACE_XS, Theme
from app.widgets.swatch import style_of
from engine.contract.metrics import higher_is_better, metric_info

BINS = 2 * SIDE + 1
KEY_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class HistogramView(QWidget):
    """Bars from "A better" at the left to "B better" at the right.

    Where a lower score is better they go the other way: the axis is the difference itself.
    Click a bar to list its examples only, drag or hold Shift for several, click again for
    all. With the keyboard: arrows move, Shift widens, Space lists, Escape lists all.

    Attributes:
        bars: what is shown.
    """

    def __init__(self, model: CompareModel, theme: Theme) -> None:
        super().__init__()
        self._model, self._theme = model, theme
        self._first = self._last = SIDE
        self._dragging = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        model.comparison_changed.connect(self._show)
        model.listed_changed.connect(self.update)
        theme.changed.connect(self.update)
        self._show()

    def sizeHint(self) -> QSize:
        """Some lines of text high."""
        return QSize(self.fontMetrics().averageCharWidth() * 40, self.fontMetrics().height() * 5)

    def minimumSizeHint(self) -> QSize:
        """As high, but narrow."""
        return QSize(self.sizeHint().width() // 2, self.sizeHint().height())

    def choose(self, first: int, last: int) -> None:
        """List the examples of these bars, or all if they are chosen already."""
        low, high = self.bars.span(min(first, last), max(first, last))
        chosen = self._model.filter
        if (chosen.low, chosen.high) == (low, high) or (math.isinf(low) and math.isinf(high)):
            self.choose_all()
        else:
            self._model.set_filter(replace(chosen, low=low, high=high))

    def choose_all(self) -> None:
        """List examples whatever their difference."""
        self._model.set_filter(replace(self._model.filter, low=None, high=None))

    def end_texts(self) -> tuple[str, str]:
        """What the left and the right end mean."""
        first, last = "A", letter(self._model.other)
        if not higher_is_better(self._model.metric):
            first, last = last, first
        return f"◂ {first} better", f"{last} better ▸"

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bars, the zero line and the words below."""
        painter = QPainter(self)
        colors, top = self._theme.colors, max(*self.bars.counts, 1)
        area = self._area()
        painter.setPen(colors.line)
        painter.drawLine(area.left(), area.bottom() + 1, area.right(), area.bottom() + 1)
        first, last = sorted((self._first, self._last))
        for index, count in enumerate(self.bars.counts):
            column = self._column(index)
            if (self.hasFocus() or self._dragging) and first <= index <= last:
                painter.fillRect(column, colors.accent_fill)
            if count:
                column.setTop(column.bottom() + 1 - max(2, column.height() * count // top))
                self._paint_bar(painter, index, column.adjusted(1, 0, -1, 0))
        self._paint_texts(painter, area)

    def _paint_bar(self, painter: QPainter, index: int, bar: QRect) -> None:
        """In the colour of the system that is better, those of A hatched; grey for equal."""
        if not self._is_shown(index):
            painter.fillRect(bar, self._theme.colors.line)
            return
        is_a = (index < SIDE) is higher_is_better(self._model.metric)
        systems, style = self._model.comparison.systems, -1
        if systems and index != SIDE:
            style = systems[0 if is_a else self._model.other].entry.style
        painter.fillRect(bar, style_of(self._theme, style).color)
        if is_a and index != SIDE:
            painter.fillRect(bar, QBrush(self._theme.colors.base, Qt.BrushStyle.BDiagPattern))

    def _paint_texts(self, painter: QPainter, area: QRect) -> None:
        painter.setPen(self._theme.colors.muted)
        line = QRect(area.left(), area.bottom(), area.width(), self.height() - area.bottom())
        bottom, room = Qt.AlignmentFlag.AlignBottom, line.width()
        low, high = self.end_texts()
        limit = f"{self.bars.edges[-1]:.{metric_info(self._model.metric).decimals - 1}f}"
        left, right = f"−{limit}  {low}", f"{high}  +{limit}"
        if self._width(left, right) > room:
            left, right = low, high
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | bottom, left)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | bottom, right)
        if self._width(left, "equal", right) < room:
            painter.drawText(line, Qt.AlignmentFlag.AlignHCenter | bottom, "equal")

    def _width(self, *texts: str) -> int:
        """Room that these texts need beside each other."""
        return sum(self.fontMetrics().horizontalAdvance(f"{text}MM") for text in texts)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin with one bar, or widen with Shift."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._dragging = True
            self._move_to(self._bin(event.position().x()), event.modifiers())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Add the bars on the way."""
        if self._dragging:
            self._move_to(self._bin(event.position().x()), Qt.KeyboardModifier.ShiftModifier)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """List the examples of the bars."""
        if self._dragging:
            self._dragging = False
            self.choose(self._first, self._last)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move, widen, list."""
        step = KEY_STEPS.get(Qt.Key(event.key()))
        if step is not None:
            self._move_to(min(max(self._last + step, 0), BINS - 1), event.modifiers())
            self.setAccessibleDescription(self._text(self._first, self._last))
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.choose(self._first, self._last)
        elif event.key() == Qt.Key.Key_Escape and self._model.filter.low is not None:
            self.choose_all()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keyboard is."""
        super().focusInEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        """Say what a bar holds; keep the arrow keys from the page's shortcuts."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self._bin(event.pos().x())
            QToolTip.showText(event.globalPos(), self._text(index, index), self)
            return True
        overrides = event.type() is QEvent.Type.ShortcutOverride
        if overrides and isinstance(event, QKeyEvent) and event.key() in KEY_STEPS:
            event.accept()
            return True
        return super().event(event)

    def _move_to(self, index: int, modifiers: Qt.KeyboardModifier) -> None:
        """Mark this bar, with Shift also those from the first one on."""
        self._last = index
        if not modifiers & Qt.KeyboardModifier.ShiftModifier:
            self._first = index
        self.update()

    def _show(self) -> None:
        self.bars: Histogram = histogram(self._model.differences)
        title = metric_info(self._model.metric).title
        self.setAccessibleName(f"Spread of the rows' {title} differences")
        self.setAccessibleDescription(self._text(0, BINS - 1))
        self.update()

    def _text(self, first: int, last: int) -> str:
        """What these bars hold."""
        first, last = min(first, last), max(first, last)
        count = sum(self.bars.counts[first : last + 1])
        low, high = self.bars.edges[first], self.bars.edges[last + 1]
        info = metric_info(self._model.metric)
        if first == last == SIDE:
            return f"{count} examples with equal {info.title}"
        span = f"from {low:+.{info.decimals}f} to {high:+.{info.decimals}f}"
        return f"{count} examples with a {info.title} difference {span}"

    def _is_shown(self, index: int) -> bool:
        low, high = self._model.filter.low, self._model.filter.high
        if low is None or high is None:
            return True
        own_low, own_high = self.bars.span(index, index)
        return low <= own_low and own_high <= high

    def _area(self) -> QRect:
        below = self.fontMetrics().height() + SPACE_XS
        return self.rect().adjusted(SPACE_XS, SPACE_XS, -SPACE_XS, -below)

    def _column(self, index: int) -> QRect:
        area = self._area()
        left = area.left() + area.width() * index // BINS
        right = area.left() + area.width() * (index + 1) // BINS
        return QRect(left, area.top(), right - left, area.height())

    def _bin(self, x: float) -> int:
        area = self._area()
        return min(max(int((x - area.left()) * BINS / max(area.width(), 1)), 0), BINS - 1)
