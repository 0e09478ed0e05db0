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

HEIGHT_LINES, WIDTH_CHARS, MINIMUM_CHARS = 10, 36, 24
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
        self.setAccessibleName("Drawing of the method")
        theme.changed.connect(self.update)

    def show_method(self, shape: BackboneShape | None, method: MethodSpec) -> None:
        """Draw this method on a backbone of this shape, or nothing; raise as `MethodInfo.draw`."""
        self._drawing = info_of(method).draw(shape, method) if shape is not None else None
        words = self._drawing.words if self._drawing is not None else ""
        self.setAccessibleDescription(words)
        self.setToolTip(words)
        self.update()

    def sizeHint(self) -> QSize:
        """Some ten lines of text high."""
        return self._size(WIDTH_CHARS)

    def minimumSizeHint(self) -> QSize:
        """Narrower is still legible."""
        return self._size(MINIMUM_CHARS)

    def _size(self, chars: int) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.averageCharWidth() * chars, metrics.height() * HEIGHT_LINES)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw from left to right: what makes it, the prefix, the text, what is beside it."""
        drawing = self._drawing
        if drawing is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors, layers = self._theme.colors, drawing.layers
        line = self.fontMetrics().height()
        area = QRectF(self.rect()).adjusted(1, line + SPACE_XS, -1, -(line + SPACE_XS))
        if drawing.maker:
            area = self._draw_maker(painter, area, drawing.maker)
        text = QRectF(area)
        longest = max(layer.before for layer in layers)
        if longest:
            share = min(longest / (longest + TEXT_TOKENS), MAX_SHARE)
            before = QRectF(area)
            before.setWidth(max(6.0, share * area.width()))
            text.setLeft(before.right() + 3)
            self._draw_rows(
                painter, before, [(each.before, each.before_trained) for each in layers]
            )
        if any(layer.beside_trained for layer in layers):
            column = QRectF(area)
            column.setLeft(area.right() - max(6.0, COLUMN_SHARE * area.width()))
            text.setRight(column.left() - 3)
            self._draw_rows(painter, column, [(each.beside_trained, True) for each in layers])
        self._draw_rows(painter, text, [(TEXT_TOKENS, each.text_trained) for each in layers])
        painter.setPen(colors.trainable)
        painter.drawText(QPointF(area.left(), self.fontMetrics().ascent()), drawing.trained)
        painter.setPen(colors.frozen)
        bottom = QRectF(0, self.height() - line, text.right(), line)
        painter.drawText(bottom, Qt.AlignmentFlag.AlignRight, drawing.frozen)
        painter.end()

    def _draw_rows(self, painter: QPainter, area: QRectF, rows: Sequence[tuple[int, bool]]) -> None:
        """A row a layer, to the right edge: how many tokens, and whether they are trained.

        Each token has a cell of its own where cells are wide enough to be seen.
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

    def _draw_maker(self, painter: QPainter, area: QRectF, words: str) -> QRectF:
        """A box and an arrow from it; return the room to the right of them."""
        colors, metrics = self._theme.colors, self.fontMetrics()
        width, height = metrics.horizontalAdvance("MLP 16384") + SPACE_S, metrics.height() * 2.6
        middle = area.center().y()
        box = QRectF(area.left() + 1, middle - height / 2, width - 2, height)
        painter.setPen(QPen(colors.trainable, 1.2, Qt.PenStyle.DashLine))
        painter.setBrush(colors.trainable_fill)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QPen(colors.trainable, 1.4))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{words}\n(dropped)")
        rest = area.adjusted(width + SPACE_S * 2, 0, 0, 0)
        tip = QPointF(rest.left() - 2, middle)
        barbs = (tip + QPointF(-4, -4), tip + QPointF(-4, 4))
        for start in (QPointF(area.left() + width, middle), *barbs):
            painter.drawLine(start, tip)
        return rest
