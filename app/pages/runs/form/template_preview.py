"""Rows in a template, as tokens in flowing lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtGui import QColor

from app.qt.plain_text import markup, visible
from app.theme import Theme, fixed_font
from app.widgets.text_view import TextView
from engine.contract.protocol.data import TemplateRow, TemplateToken

LINES = 11
SHOWN_BEFORE, SHOWN_AFTER = 8, 5
"""Tokens shown of a longer stretch of text."""


class TemplatePreviewView(TextView):
    """Shows each token on its ground; trained vectors and the blank stand out.

    Attributes:
        rows: what is shown.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__("Rows in the template, as the backbone reads them")
        self._theme = theme
        self.rows: tuple[TemplateRow, ...] = ()
        self.set_lines(LINES)
        theme.changed.connect(self._draw)
        self._draw()

    def show_rows(self, rows: Sequence[TemplateRow]) -> None:
        """Show other rows."""
        self.rows = tuple(rows)
        spoken = (" ".join(map(_words, row.tokens)) for row in self.rows)
        self.setAccessibleDescription(". ".join(spoken))
        self._draw()

    def _draw(self) -> None:
        self.setFont(fixed_font())
        self.viewport().setAutoFillBackground(False)
        self.setHtml("".join(map(self._row, self.rows)))

    def _row(self, row: TemplateRow) -> str:
        tokens = "".join(self._stretch(tokens) for tokens in _stretches(row.tokens))
        cut = f" <i>{row.cut_tokens:,} tokens cut</i>" if row.cut_tokens else ""
        return f'<p style="line-height: 150%; margin: 0 0 6px 0">{tokens}{cut}</p>'

    def _stretch(self, tokens: Sequence[TemplateToken]) -> str:
        hidden = len(tokens) - SHOWN_BEFORE - SHOWN_AFTER
        if hidden <= 1:
            return "".join(map(self._token, tokens))
        first, last = tokens[:SHOWN_BEFORE], tokens[-SHOWN_AFTER:]
        between = f"<i>… {hidden:,} more …</i> "
        return "".join(map(self._token, first)) + between + "".join(map(self._token, last))

    def _token(self, token: TemplateToken) -> str:
        colors = self._theme.colors
        ink, ground = colors.frozen, colors.frozen_fill
        if token.soft or token.is_blank:
            ink, ground = colors.trainable, colors.trainable_fill
        weight = "bold" if token.is_blank else "normal"
        style = f"background: {_name(ground)}; color: {_name(ink)}; font-weight: {weight}"
        end = "<br>" if token.text.endswith("\n") else " "
        return f'<span style="{style}">&nbsp;{markup(_words(token)) or "∅"}&nbsp;</span>{end}'


def _stretches(tokens: Sequence[TemplateToken]) -> list[list[TemplateToken]]:
    """Plain tokens, and what stands between them, in turn."""
    groups = groupby(tokens, key=lambda token: token.soft or token.is_blank)
    return [list(group) for _, group in groups]


def _words(token: TemplateToken) -> str:
    if token.is_blank:
        return "blank"
    return "vector" if token.soft else visible(token.text).replace("\n", "⏎")


def _name(color: QColor) -> str:
    return color.name()
