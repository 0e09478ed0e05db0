"""Names from a file, of columns above all, as they may be shown on any screen."""

from __future__ import annotations

import re
import unicodedata

MOST_CHARACTERS = 200
"""Longest name that is shown whole."""

# Control characters (escape sequences among them), marks without a width (which can turn the
# direction of a line) and half characters.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"
"""Marks without a width that belong to the spelling of Persian or of emoji."""
_BREAKS = re.compile(r"[ \t]*[\t\n\v\f\r\x85\u2028\u2029]+[ \t]*")


def safe_name(name: str) -> str:
    r"""The name on one line, with every character that steers a screen written out, as `\x1b`.

    Names that a person can type come out as they are, without the spaces around them.
    """
    if name.isascii() and name.isprintable():
        return name.strip()
    line = _BREAKS.sub(" ", name).strip()
    return "".join(letter if _is_safe(letter) else _written(letter) for letter in line)


def shown_name(name: str) -> str:
    """The name as `safe_name` writes it, cut where it is very long: for one line of output."""
    safe = safe_name(name)
    return safe if len(safe) <= MOST_CHARACTERS else safe[: MOST_CHARACTERS - 1] + "…"


def _is_safe(letter: str) -> bool:
    return letter in _JOINERS or unicodedata.category(letter) not in _UNSAFE


def _written(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")
