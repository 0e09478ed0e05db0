"""A drawing of the chosen method: where the prefix enters each layer, and what is trained."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.pages.runs.form.method_text import describe, what_is_trained
from app.theme import SPACE_S, SPACE_XS, Theme
from engine.contract.backbone import BackboneShape
from engine.contract.methods.others import DeltaSpec, PromptMethod, PTuningMethod, TopLayersMethod
from engine.contract.methods.prefix import (
    FinetuneMethod,
    MethodSpec,
    Parametrisation,
    PrefixMethod,
)

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
        self._shape: BackboneShape | None = None
        self._method: MethodSpec | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_method(self, shape: BackboneShape | None, method: MethodSpec | None) -> None:
        """Draw this method on a backbone of this shape, or nothing; raise as `describe`."""
        words = describe(shape, method) if shape is not None and method is not None else ""
        self._shape, self._method = shape, method
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
        if self._shape is None or self._method is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self.fontMetrics().height()
        stack = QRectF(self.rect()).adjusted(1, line + SPACE_XS, -1, -(line + SPACE_XS))
        if isinstance(self._method, PrefixMethod):
            self._draw_prefix(painter, stack, self._shape, self._method)
        elif isinstance(self._method, FinetuneMethod):
            self._draw_finetuning(painter, stack, self._shape)
        else:
            self._draw_other(painter, stack, self._shape, self._method)
        painter.end()

    def _draw_prefix(
        self, painter: QPainter, area: QRectF, shape: BackboneShape, method: PrefixMethod
    ) -> None:
        colors = self._theme.colors
        mlp = method.parametrisation is not Parametrisation.DIRECT
        lengths = [length for each in shape.lengths(method).values() for length in each]
        source = self.fontMetrics().horizontalAdvance("MLP 16384") + SPACE_S if mlp else 0.0
        stack = area.adjusted(source + (SPACE_S * 2 if mlp else 0), 0, 0, 0)
        share = method.prefix_length / (method.prefix_length + TEXT_TOKENS)
        width = max(6.0, min(share, MAX_SHARE) * stack.width())
        prefix = QRectF(stack.left(), stack.top(), width, stack.height())
        text = stack.adjusted(width + 3, 0, 0, 0)
        self._draw_rows(painter, prefix, lengths, colors.trainable)
        self._draw_rows(painter, text, [TEXT_TOKENS] * len(lengths), colors.frozen)
        if mlp:
            self._draw_mlp(painter, QRectF(area.left(), area.top(), source, area.height()), method)
            self._draw_arrow(painter, area.left() + source, prefix.left() - 2, area.center().y())
        self._label_top(painter, prefix, f"prefix, P = {method.prefix_length}", colors.trainable)
        noun = "attentions" if shape.encoder_decoder else "layers"
        bottom = f"{len(lengths)} {noun}, frozen"
        self._label_bottom(painter, text, bottom, colors.frozen)

    def _draw_finetuning(self, painter: QPainter, area: QRectF, shape: BackboneShape) -> None:
        colors = self._theme.colors
        layers = shape.layers + shape.encoder_layers
        self._draw_rows(painter, area, [TEXT_TOKENS] * layers, colors.trainable)
        self._label_top(painter, area, "text", colors.muted)
        self._label_bottom(painter, area, f"{layers} layers, all trained", colors.trainable)

    def _draw_other(
        self, painter: QPainter, area: QRectF, shape: BackboneShape, method: DeltaSpec
    ) -> None:
        """The frozen layers, and where something is trained upon them."""
        colors = self._theme.colors
        layers = shape.layers + shape.encoder_layers
        pitch = area.height() / layers
        label = f"{layers} layers, frozen"
        if isinstance(method, TopLayersMethod):
            top = min(method.top_layers, shape.layers)
            split = area.bottom() - top * pitch
            upper = QRectF(area.left(), area.top(), area.width(), split - area.top())
            lower = QRectF(area.left(), split, area.width(), top * pitch)
            if layers > top:
                self._draw_rows(painter, upper, [TEXT_TOKENS] * (layers - top), colors.frozen)
            self._draw_rows(painter, lower, [TEXT_TOKENS] * top, colors.trainable)
            label = f"{layers - top} of {layers} layers, frozen"
        elif isinstance(method, PromptMethod | PTuningMethod):
            share = min(method.prompt_length / (method.prompt_length + TEXT_TOKENS), MAX_SHARE)
            prompt = QRectF(area.left(), area.top(), share * area.width(), pitch)
            text = area.adjusted(prompt.width() + 3, 0, 0, 0)
            behind = QRectF(prompt.bottomLeft(), QSizeF(prompt.width(), area.height() - pitch))
            self._draw_rows(painter, prompt, [method.prompt_length], colors.trainable)
            if layers > 1:
                above = [method.prompt_length] * (layers - 1)
                self._draw_rows(painter, behind, above, colors.frozen)
            self._draw_rows(painter, text, [TEXT_TOKENS] * layers, colors.frozen)
        else:
            slim = max(6.0, COLUMN_SHARE * area.width())
            column = QRectF(area.right() - slim, area.top(), slim, area.height())
            text = area.adjusted(0, 0, -slim - 3, 0)
            self._draw_rows(painter, text, [TEXT_TOKENS] * layers, colors.frozen)
            self._draw_rows(painter, column, [1] * layers, colors.trainable)
        self._label_top(painter, area, what_is_trained(method), colors.trainable)
        self._label_bottom(painter, area, label, colors.frozen)

    def _draw_rows(
        self, painter: QPainter, area: QRectF, tokens: Sequence[int], color: QColor
    ) -> None:
        """A row a layer, to the right edge, with a cell a token where cells can be told apart."""
        pitch = area.height() / len(tokens)
        gap = min(2.0, pitch * 0.3)
        cell = area.width() / max(tokens)
        fill = QColor(color)
        fill.setAlphaF(0.75)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        for layer, count in enumerate(tokens):
            left = area.right() - count * cell
            row = QRectF(left, area.top() + layer * pitch, count * cell, pitch - gap)
            if cell < 4.0:
                painter.drawRect(row)
                continue
            for token in range(count):
                left = row.left() + token * cell
                painter.drawRect(QRectF(left, row.top(), cell - 1.0, row.height()))

    def _draw_mlp(self, painter: QPainter, area: QRectF, method: PrefixMethod) -> None:
        colors = self._theme.colors
        height = self.fontMetrics().height() * 2.6
        box = QRectF(area.left() + 1, area.center().y() - height / 2, area.width() - 2, height)
        painter.setPen(QPen(colors.trainable, 1.2, Qt.PenStyle.DashLine))
        painter.setBrush(colors.trainable_fill)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(colors.trainable)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"MLP {method.mid_dim}\n(dropped)")

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
