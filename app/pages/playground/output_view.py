"""An output whose tokens can be pointed at: each with its probability and the alternatives."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import ceil, exp

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QToolTip

from app.qt.plain_text import visible
from app.theme import Theme
from app.widgets.text_view import TextView
from engine.contract.protocol.playground import StreamedToken

LEAST_LINES, MOST_LINES = 2, 16
UNSURE = 0.3
"""A token that was less probable is underlined."""
MOST_MARKED = 150
"""Marks in one text; more would make scrolling slow."""


class OutputView(TextView):
    """Text that grows by whole tokens; Left and Right go from token to token.

    Signals:
        token_changed: index of the token that is pointed at, or -1.
    """

    token_changed = Signal(int)

    def __init__(self, name: str, theme: Theme) -> None:
        super().__init__(name)
        self._theme = theme
        self.tokens: list[StreamedToken] = []
        self._ends: list[int] = []
        self.current = -1
        self._is_ended = False
        self.setMouseTracking(True)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().documentLayout().documentSizeChanged.connect(self.updateGeometry)
        theme.changed.connect(self._mark)

    def show_text(self, text: str) -> None:
        """Show a text without tokens."""
        self.tokens, self._ends, self.current = [], [], -1
        self.setPlainText(visible(text))
        self._mark()

    def show_markup(self, html: str) -> None:
        """Show a piece of our own HTML, which has no tokens."""
        self.show_text("")
        self.setHtml(html)

    def show_tokens(self, tokens: Sequence[StreamedToken]) -> None:
        """Show the tokens; those that are shown already stay, and only the rest is added."""
        same = len(self.tokens) <= len(tokens) and all(
            old is new for old, new in zip(self.tokens, tokens, strict=False)
        )
        if not same:
            self.show_text("")
        pieces, start = [], self._ends[-1] if self._ends else 0
        has_begun = start > 0
        for token in tokens[len(self.tokens) :]:
            piece = visible(token.text)
            pieces.append(piece if has_begun else piece.lstrip())
            has_begun = has_begun or bool(pieces[-1])
        self._ends += [start + end for end in accumulate(map(_units, pieces))]
        self.tokens += tokens[len(self.tokens) :]
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText("".join(pieces))

    def finish(self) -> None:
        """Mark what was unsure: no more tokens come."""
        self._is_ended = True
        self._mark()

    def describe(self, index: int) -> str:
        """A token with its probability and the likeliest others."""
        if not 0 <= index < len(self.tokens):
            return ""
        token = self.tokens[index]
        if token.log_probability is None:
            return _quoted(token.text)
        parts = [f"{_quoted(token.text)} {_percent(exp(token.log_probability))}"]
        others = [each for each in token.alternatives if each.text != token.text]
        if others:
            listed = ", ".join(
                f"{_quoted(each.text)} {_percent(each.probability)}" for each in others
            )
            parts.append(f"instead: {listed}")
        return "; ".join(parts)

    def token_at(self, position: int) -> int:
        """Index of the token that holds a position of the document, or -1."""
        index = bisect_right(self._ends, position)
        return index if index < len(self._ends) else -1

    def sizeHint(self) -> QSize:
        """As high as the text, within bounds."""
        margin = 2 * ceil(self.document().documentMargin()) + 2 * self.frameWidth()
        line = self.fontMetrics().lineSpacing()
        height = ceil(self.document().size().height()) + 2 * self.frameWidth()
        height = max(height, LEAST_LINES * line + margin)
        return QSize(super().sizeHint().width(), min(height, MOST_LINES * line + margin))

    def minimumSizeHint(self) -> QSize:
        """The same height: the area around the cards scrolls."""
        return QSize(self.fontMetrics().averageCharWidth() * 16, self.sizeHint().height())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say what is under the pointer."""
        super().mouseMoveEvent(event)
        point = event.position().toPoint()
        index = self.token_at(self.cursorForPosition(point).position())
        if (
            not self.cursorRect(self.cursorForPosition(point))
            .adjusted(-20, 0, 20, 0)
            .contains(point)
        ):
            index = -1
        self.point_at(index)
        if index >= 0:
            QToolTip.showText(event.globalPosition().toPoint(), self.describe(index), self)
        else:
            QToolTip.hideText()

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing."""
        super().leaveEvent(event)
        if not self.hasFocus():
            self.point_at(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the token before or behind."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if (
            step is None
            or not self.tokens
            or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        ):
            super().keyPressEvent(event)
            return
        self.point_at(min(max(self.current + step, 0), len(self.tokens) - 1))
        event.accept()

    def point_at(self, index: int) -> None:
        """Mark a token, or none."""
        if index != self.current:
            self.current = index
            self._mark()
            self.token_changed.emit(index)

    def _mark(self) -> None:
        """Underline what was unsure, and put a ground behind the current token."""
        colors, marks = self._theme.colors, []
        if self._is_ended:
            unsure = QTextCharFormat()
            unsure.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
            unsure.setUnderlineColor(colors.warning)
            marks = [
                self._selection(index, unsure)
                for index, token in enumerate(self.tokens)
                if token.log_probability is not None and exp(token.log_probability) < UNSURE
            ][:MOST_MARKED]
        if 0 <= self.current < len(self._ends):
            current = QTextCharFormat()
            current.setBackground(colors.accent_fill)
            current.setForeground(colors.text)
            marks.append(self._selection(self.current, current))
        self.setExtraSelections(marks)

    def _selection(self, index: int, style: QTextCharFormat) -> TextView.ExtraSelection:
        selection = TextView.ExtraSelection()
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._ends[index - 1] if index else 0)
        cursor.setPosition(self._ends[index], QTextCursor.MoveMode.KeepAnchor)
        selection.cursor, selection.format = cursor, style
        return selection


def _units(text: str) -> int:
    """Length as a document counts: in UTF-16."""
    return len(text) + sum(character > "\uffff" for character in text)


def _percent(probability: float) -> str:
    return f"{probability:.0%}" if probability >= 0.01 else f"{probability:.2%}"


def _quoted(text: str) -> str:
    """A token as people can read it: spaces as dots, line breaks as arrows."""
    return f"“{visible(text).replace(' ', '·').replace(chr(10), '↵')}”"
