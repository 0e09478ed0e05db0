"""Which words of an output changed since the evaluation before."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from app.plain_text import markup
from app.theme import Colors


class Change(enum.Enum):
    """What became of a word."""

    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class Part:
    """Words in a row with the same fate."""

    change: Change
    text: str


def changes(before: str, after: str) -> tuple[Part, ...]:
    """`after` in parts, with what it lost of `before` where it stood.

    The parts that were not removed, joined, are `after` itself.
    """
    old, new = _words(before), _words(after)
    matcher = SequenceMatcher(None, _keys(old), _keys(new), autojunk=False)
    parts: list[Part] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            parts.append(Part(Change.KEPT, "".join(new[k:m])))
            continue
        if i < j:
            parts.append(Part(Change.REMOVED, "".join(old[i:j])))
        if k < m:
            parts.append(Part(Change.ADDED, "".join(new[k:m])))
    return tuple(parts)


def as_html(parts: tuple[Part, ...], colours: Colors) -> str:
    """New words bold and underlined on a ground, lost ones struck through and muted."""
    styles = {
        Change.KEPT: "",
        Change.ADDED: f"font-weight:600; text-decoration:underline; "
        f"background-color:{colours.highlight.name()};",
        Change.REMOVED: f"text-decoration:line-through; color:{colours.muted.name()};",
    }
    return "".join(_span(part, styles[part.change]) for part in parts)


def _span(part: Part, style: str) -> str:
    """The ground ends with the last word; the space after it is plain."""
    text = part.text.rstrip()
    space = part.text[len(text) :] or (" " if part.change is Change.REMOVED else "")
    return f'<span style="{style}">{markup(text)}</span>{markup(space)}'


def _words(text: str) -> list[str]:
    """Words with the space after them; punctuation apart, so that a comma changes no word."""
    return re.findall(r"\s*(?:\w+(?:['’.,-]\w+)*|[^\w\s])\s*", text)


def _keys(words: list[str]) -> list[str]:
    return [word.strip() for word in words]
