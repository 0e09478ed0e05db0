"""Marked texts as HTML: what is inserted is underlined, what is missing is struck out."""

from __future__ import annotations

from collections.abc import Sequence

from app.pages.compare.example.word_diff import Piece, WordState
from app.qt.plain_text import markup
from app.theme import Colors

STYLES = {
    WordState.INSERTED: "color:{accent};background-color:{accent_fill};text-decoration:underline",
    WordState.MISSING: "color:{bad};background-color:{bad_fill};text-decoration:line-through",
}


def diff_html(pieces: Sequence[Piece], colors: Colors) -> str:
    """Differences: never by colour alone."""
    parts: list[str] = []
    before = Piece(WordState.SAME, " ", " ")
    for piece in pieces:
        text = piece.there if piece.change is WordState.MISSING else piece.here
        if _needs_gap(before, piece, text):
            parts.append(" ")
        if piece.change is WordState.SAME:
            parts.append(markup(text))
        else:
            parts.append(_marked(text, _style(STYLES[piece.change], colors)))
        before = piece
    return "".join(parts)


def _needs_gap(before: Piece, piece: Piece, text: str) -> bool:
    """Missing words stand between words that had no room for them."""
    if WordState.MISSING not in (before.change, piece.change) or not text[:1].isalnum():
        return False
    last = before.there if before.change is WordState.MISSING else before.here
    return not last[-1:].isspace()


def matches_html(pieces: Sequence[Piece], colors: Colors) -> str:
    """What both texts share is highlighted, the rest of this text is faint."""
    shared = _style("background-color:{highlight}", colors)
    rest = _style("color:{muted};font-style:italic", colors)
    parts = [
        _marked(piece.here, shared if piece.change is WordState.SAME else rest)
        for piece in pieces
        if piece.here
    ]
    return "".join(parts)


def _marked(text: str, style: str) -> str:
    """The words in the style, the spaces after them without it."""
    words = text.rstrip()
    spaces = text[len(words) :]
    if not words:
        return markup(text)
    return f'<span style="{style}">{markup(words)}</span>{markup(spaces)}'


def _style(template: str, colors: Colors) -> str:
    names = ("accent", "accent_fill", "bad", "bad_fill", "highlight", "muted")
    return template.format(**{name: getattr(colors, name).name() for name in names})
