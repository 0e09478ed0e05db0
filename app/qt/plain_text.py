"""Texts of files as the window shows them: never as markup, a mnemonic or a change of direction.

Qt takes a text that looks like HTML for HTML, and loads the pictures that it names. So the style
makes every label plain (`app.style`), pages of our own markup load nothing
(`app.widgets.text_view`), and what goes into them, into menus or onto buttons comes from here.
"""

from __future__ import annotations

import html
import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff]"
)
"""Control characters, overrides of the writing direction, halves of characters."""

REPLACEMENT = "\ufffd"


def visible(text: str) -> str:
    """The text with a sign for each character that would act instead of being seen."""
    return _HIDDEN.sub(_sign, text.replace("\r\n", "\n")) if _HIDDEN.search(text) else text


def caption(text: str) -> str:
    """The text on a button, in a menu or on a tab: on one line, its & no mnemonic."""
    return " ".join(visible(text).split()).replace("&", "&&")


def markup(text: str) -> str:
    """The text as a piece of HTML, its line breaks kept."""
    return html.escape(visible(text)).replace("\n", "<br>")


def _sign(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code == 0x7F:
        return "\u2421"
    return chr(0x2400 + code) if code < 0x20 else REPLACEMENT
