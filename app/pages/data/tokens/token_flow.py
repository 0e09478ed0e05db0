"""Tokens as chips in flowing lines; those that are learned are coloured and underlined."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.pages.data.words import visible
from app.theme import SPACE_XS, Theme, fixed_font
from engine.contract.reading.reading import PreviewToken

UNDERLINE = 2


class TokenFlow(QWidget):
    """Paints chips; its height follows from its width."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._tokens: tuple[PreviewToken, ...] = ()
        self._boxes: list[QRect] = []
        self._laid_out_width = -1
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setFont(fixed_font())
        theme.changed.connect(self._restyle)

    @property
    def tokens(self) -> tuple[PreviewToken, ...]:
        """What is shown."""
        return self._tokens

    def set_tokens(self, tokens: Sequence[PreviewToken]) -> None:
        """Show other tokens."""
        self._tokens = tuple(tokens)
        self._laid_out_width = -1
        read = " ".join(visible(token.text) for token in tokens if not token.has_loss)
        learned = " ".join(visible(token.text) for token in tokens if token.has_loss)
        self.setAccessibleName("Tokens as the model sees them")
        self.setAccessibleDescription(f"Without loss: {read}. With loss: {learned}.")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """All chips at a middling width."""
        return QSize(400, self.heightForWidth(400))

    def minimumSizeHint(self) -> QSize:
        """Room for one line of chips."""
        return QSize(120, self.fontMetrics().height() + 2 * SPACE_XS)

    def hasHeightForWidth(self) -> bool:
        """Chips wrap."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of all chips at this width."""
        boxes = self.lay_out(width)
        return boxes[-1].bottom() + 1 + SPACE_XS if boxes else 0

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap anew."""
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the chips that are in view."""
        self._fit()
        colors = self._theme.colors
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.font())
        for token, box in zip(self._tokens, self._boxes, strict=True):
            if not box.intersects(event.rect()):
                continue
            ground = colors.trainable_fill if token.has_loss else colors.frozen_fill
            ink = colors.trainable if token.has_loss else colors.frozen
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(box, 4, 4)
            if token.has_loss:
                line = QRect(box.left() + 3, box.bottom() - UNDERLINE, box.width() - 6, UNDERLINE)
                painter.fillRect(line, ink)
            painter.setPen(ink)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._text(token, box.width()))

    def event(self, event: QEvent) -> bool:
        """Say what the chip under the pointer is."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._fit()
            for token, box in zip(self._tokens, self._boxes, strict=True):
                if box.contains(event.pos()):
                    QToolTip.showText(event.globalPos(), _tip(token), self, box)
                    return True
            QToolTip.hideText()
            event.ignore()
            return True
        return super().event(event)

    def _fit(self) -> None:
        if self._laid_out_width != self.width():
            self._boxes = self.lay_out(self.width())
            self._laid_out_width = self.width()

    def lay_out(self, width: int) -> list[QRect]:
        """Where each chip is at a width; a line begins where one is full and after a break."""
        metrics = QFontMetrics(self.font())
        high = metrics.height() + SPACE_XS + UNDERLINE
        boxes, x, y = [], 0, 0
        for token in self._tokens:
            wide = metrics.horizontalAdvance(visible(token.text) or "∅") + 2 * SPACE_XS
            wide = min(wide, max(width, 1))
            if x and x + wide > width:
                x, y = 0, y + high + SPACE_XS
            boxes.append(QRect(x, y, wide, high))
            x += wide + 3
            if token.text.endswith("\n"):
                x, y = 0, y + high + SPACE_XS
        return boxes

    def _text(self, token: PreviewToken, width: int) -> str:
        text = visible(token.text) or "∅"
        mode = Qt.TextElideMode.ElideMiddle
        return self.fontMetrics().elidedText(text, mode, width - SPACE_XS)

    def _restyle(self) -> None:
        self.setFont(fixed_font())
        self._laid_out_width = -1
        self.updateGeometry()
        self.update()


def _tip(token: PreviewToken) -> str:
    loss = "learned" if token.has_loss else "not learned"
    return f"“{visible(token.text)}”, token {token.token_id}, {loss}"
