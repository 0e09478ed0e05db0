"""Which words of an output changed since the evaluation before."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from app.qt.plain_text import markup
from app.theme import Colors


class TextChange(enum.Enum):
    """What became of a word."""

    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class TextPart:
    """Words in a row with the same fate."""

    change: TextChange
    text: str


def changes(before: str, after: str) -> tuple[TextPart, ...]:
    """`after` in parts, with what it lost of `before` where it stood.

    The parts that were not removed, joined, are `after` itself.
    """
    old, new = _words(before), _words(after)
    matcher = SequenceMatcher(None, _keys(old), _keys(new), autojunk=False)
    parts: list[TextPart] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            parts.append(TextPart(TextChange.KEPT, "".join(new[k:m])))
            continue
        if i < j:
            parts.append(TextPart(TextChange.REMOVED, "".join(old[i:j])))
        if k < m:
            parts.append(TextPart(TextChange.ADDED, "".join(new[k:m])))
    return tuple(parts)


def as_html(parts: tuple[TextPart, ...], colors: Colors) -> str:
    """New words bold and underlined on a ground, lost ones struck through and muted."""
    styles = {
        TextChange.KEPT: "",
        TextChange.ADDED: f"font-weight:600; text-decoration:underline; "
        f"background-color:{colors.highlight.name()};",
        TextChange.REMOVED: f"text-decoration:line-through; color:{colors.muted.name()};",
    }
    return "".join(_span(part, styles[part.change]) for part in parts)


def _span(part: TextPart, style: str) -> str:
    """The ground ends with the last word; the space after it is plain."""
    text = part.text.rstrip()
    space = part.text[len(text) :] or (" " if part.change is TextChange.REMOVED else "")
    return f'<span style="{style}">{markup(text)}</span>{markup(space)}'


def _words(text: str) -> list[str]:
    """Words with the space after them; punctuation apart, so that a comma changes no word."""
    return re.findall(r"\s*(?:\w+(?:['’.,-]\w+)*|[^\w\s])\s*", text)


def _keys(words: list[str]) -> list[str]:
    return [word.strip() for word in words]
