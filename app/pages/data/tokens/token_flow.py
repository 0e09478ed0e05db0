"""Tokens in flowing lines; those that are learned are coloured and underlined."""

from __future__ import annotations

from collections.abc import Sequence

from app.pages.data.words import visible
from app.qt.plain_text import markup
from app.theme import Theme, fixed_font
from app.widgets.text_view import TextView
from engine.contract.reading.reading import PreviewToken


class TokenFlow(TextView):
    """Shows tokens on coloured grounds; each says in its tool tip what it is."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("Tokens as the model sees them")
        self._theme = theme
        self.tokens: tuple[PreviewToken, ...] = ()
        self._texts: list[str] = []
        theme.changed.connect(self._draw)
        self._draw()

    def set_tokens(self, tokens: Sequence[PreviewToken]) -> None:
        """Show other tokens."""
        self.tokens, self._texts = tuple(tokens), [visible(token.text) for token in tokens]
        pairs = list(zip(self.tokens, self._texts, strict=True))
        read = " ".join(text for token, text in pairs if not token.has_loss)
        learned = " ".join(text for token, text in pairs if token.has_loss)
        self.setAccessibleDescription(f"Without loss: {read}. With loss: {learned}.")
        self._draw()

    def _draw(self) -> None:
        self.setFont(fixed_font())
        self.viewport().setAutoFillBackground(False)
        spans = "".join(map(self._span, self.tokens, self._texts))
        self.setHtml(f'<p style="line-height: 150%">{spans}</p>')

    def _span(self, token: PreviewToken, shown: str) -> str:
        colors, text = self._theme.colors, markup(shown)
        if token.has_loss:
            ink, ground, line = colors.trainable, colors.trainable_fill, "underline"
        else:
            ink, ground, line = colors.frozen, colors.frozen_fill, "none"
        style = f"background: {ground.name()}; color: {ink.name()}; text-decoration: {line}"
        what = "learned" if token.has_loss else "not learned"
        tip = f"“{text}”, token {token.token_id}, {what}"
        end = "<br>" if token.text.endswith("\n") else " "
        return f'<span style="{style}" title="{tip}">&nbsp;{text or "∅"}&nbsp;</span>{end}'
