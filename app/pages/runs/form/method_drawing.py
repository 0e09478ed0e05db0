"""A drawing of the chosen method: where the prefix enters each layer, and what is trained."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import SPACE_S, SPACE_XS, Theme
from engine.contract.backbone import BackboneShape
from engine.contract.methods.all import MethodSpec, info_of
from engine.contract.methods.info import Drawing

HEIGHT_LINES = 10
TEXT_TOKENS = 24
"""Tokens of text that the drawing gives room to, beside the P of the prefix."""
MAX_SHARE = 0.55
COLUMN_SHARE = 0.05
"""Width of what is trained inside each layer, of the whole drawing's."""


class MethodDrawing(QWidget):
    """One row a layer; the prefix in the colour of what is trained, the rest in the frozen one."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._drawing: Drawing | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_method(self, shape: BackboneShape | None, method: MethodSpec | None) -> None:
        """Draw this method on a backbone of this shape, or nothing; raise as `MethodInfo.draw`."""
        self._drawing = None
        if shape is not None and method is not None:
            self._drawing = info_of(method).draw(shape, method)
        words = self._drawing.words if self._drawing is not None else ""
        self.setAccessibleName("Drawing of the method")
        self.setAccessibleDescription(words)
        self.setToolTip(words)
        self.update()

    def sizeHint(self) -> QSize:
        """Some ten lines of text high."""
        metrics = self.fontMetrics()
        return QSize(metrics.averageCharWidth() * 36, metrics.height() * HEIGHT_LINES)

    def minimumSizeHint(self) -> QSize:
        """Narrower is still legible."""
        metrics = self.fontMetrics()
        return QSize(metrics.averageCharWidth() * 24, metrics.height() * HEIGHT_LINES)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw layers, prefix, labels."""
        if self._drawing is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self.fontMetrics().height()
        stack = QRectF(self.rect()).adjusted(1, line + SPACE_XS, -1, -(line + SPACE_XS))
        self._draw(painter, stack, self._drawing)
        painter.end()

    def _draw(self, painter: QPainter, area: QRectF, drawing: Drawing) -> None:
        """From left to right: what makes it, what stands before the text, the text, a column."""
        colors, layers = self._theme.colors, drawing.layers
        if drawing.maker:
            width = self.fontMetrics().horizontalAdvance("MLP 16384") + SPACE_S
            maker = QRectF(area.left(), area.top(), width, area.height())
            area = area.adjusted(width + SPACE_S * 2, 0, 0, 0)
            self._draw_maker(painter, maker, drawing.maker)
            self._draw_arrow(painter, maker.right(), area.left() - 2, area.center().y())
        text = area
        longest = max(layer.before for layer in layers)
        if longest:
            share = min(longest / (longest + TEXT_TOKENS), MAX_SHARE)
            before = QRectF(area.left(), area.top(), max(6.0, share * area.width()), area.height())
            text = text.adjusted(before.width() + 3, 0, 0, 0)
            rows = [(layer.before, layer.before_trained) for layer in layers]
            self._draw_rows(painter, before, rows)
        if any(layer.beside_trained for layer in layers):
            slim = max(6.0, COLUMN_SHARE * area.width())
            column = QRectF(area.right() - slim, area.top(), slim, area.height())
            text = text.adjusted(0, 0, -slim - 3, 0)
            self._draw_rows(painter, column, [(int(one.beside_trained), True) for one in layers])
        self._draw_rows(painter, text, [(TEXT_TOKENS, one.text_trained) for one in layers])
        self._label_top(painter, area, drawing.trained, colors.trainable)
        self._label_bottom(painter, text, drawing.frozen, colors.frozen)

    def _draw_rows(self, painter: QPainter, area: QRectF, rows: Sequence[tuple[int, bool]]) -> None:
        """A row a layer, to the right edge: how many tokens, and whether they are trained.

        Each token has a cell of its own where cells can be told apart.
        """
        pitch = area.height() / len(rows)
        gap = min(2.0, pitch * 0.3)
        cell = area.width() / max(tokens for tokens, _trained in rows)
        painter.setPen(Qt.PenStyle.NoPen)
        for index, (tokens, trained) in enumerate(rows):
            fill = QColor(self._theme.colors.trainable if trained else self._theme.colors.frozen)
            fill.setAlphaF(0.75)
            painter.setBrush(fill)
            left, top = area.right() - tokens * cell, area.top() + index * pitch
            if cell < 4.0:
                painter.drawRect(QRectF(left, top, tokens * cell, pitch - gap))
                continue
            for token in range(tokens):
                painter.drawRect(QRectF(left + token * cell, top, cell - 1.0, pitch - gap))

    def _draw_maker(self, painter: QPainter, area: QRectF, words: str) -> None:
        colors = self._theme.colors
        height = self.fontMetrics().height() * 2.6
        box = QRectF(area.left() + 1, area.center().y() - height / 2, area.width() - 2, height)
        painter.setPen(QPen(colors.trainable, 1.2, Qt.PenStyle.DashLine))
        painter.setBrush(colors.trainable_fill)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(colors.trainable)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{words}\n(dropped)")

    def _draw_arrow(self, painter: QPainter, left: float, right: float, y: float) -> None:
        painter.setPen(QPen(self._theme.colors.trainable, 1.4))
        tip = QPointF(right, y)
        painter.drawLine(QPointF(left, y), tip)
        painter.drawLine(tip, QPointF(right - 4, y - 4))
        painter.drawLine(tip, QPointF(right - 4, y + 4))

    def _label_top(self, painter: QPainter, over: QRectF, text: str, color: QColor) -> None:
        """Above, from the left edge of what it names."""
        painter.setPen(color)
        top = QRectF(over.left(), 0, self.width() - over.left(), self.fontMetrics().height())
        painter.drawText(top, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _label_bottom(self, painter: QPainter, under: QRectF, text: str, color: QColor) -> None:
        """Below, to the right edge of what it names."""
        painter.setPen(color)
        line = self.fontMetrics().height()
        bottom = QRectF(0, self.height() - line, under.right(), line)
        painter.drawText(bottom, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
