"""Which values of an input table an output says: a literal check, and no more than that.

A paraphrase ("family-friendly" for familyFriendly[yes]) is not seen; so values that cannot
be said literally (yes, no, long texts) are left out of the count instead of being guessed.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

MAX_WORDS = 12
"""Longer values are texts, such as an article: nobody repeats them word by word."""

_UNSAYABLE = {"yes", "no", "true", "false", "none", "n/a", "-", "–"}
_GROUPED = re.compile(r"(?<=\d)[,\u00a0\u202f'’](?=\d{3}\b)")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NAME = re.compile(r"[A-ZÀ-ÖØ-Þ]\w+")
_SENTENCE_END = re.compile(r"[.!?:…]\W*$|^\W*$")


class Said(enum.Enum):
    """How a value stands in an output."""

    EXACT = "as written"
    NORMALISED = "but for case, accents or punctuation"
    MISSING = "not literally"
    UNCHECKED = "cannot be checked literally"


@dataclass(frozen=True)
class Coverage:
    """What an output says of its input.

    Attributes:
        said: for each field, in order.
    """

    said: tuple[Said, ...]

    @property
    def count(self) -> int:
        """Values found."""
        return sum(item in (Said.EXACT, Said.NORMALISED) for item in self.said)

    @property
    def total(self) -> int:
        """Values that could be checked."""
        return sum(item is not Said.UNCHECKED for item in self.said)


def coverage(fields: Sequence[tuple[str, str]], output: str) -> Coverage:
    """Look for each field's value in the output."""
    plain = f" {normalise(output)} "
    return Coverage(tuple(_said(value, output, plain) for _key, value in fields))


def normalise(text: str) -> str:
    """Lower case, no accents, no separators in numbers, single spaces for punctuation."""
    text = _GROUPED.sub("", text)
    text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c))
    return " ".join(re.sub(r"(?<!\d)[.,]|[.,](?!\d)|[^\w\s.,]|_", " ", text).split())


def unsupported(output: str, fields: Sequence[tuple[str, str]], source: str) -> tuple[str, ...]:
    """Numbers and capitalised words of the output that the input does not have.

    Words at the start of a sentence are left out, since their capital says nothing. What is
    listed may still be right: it is only not in the input.
    """
    given = " ".join([source, *(f"{key} {value}" for key, value in fields)])
    known = set(re.findall(r"\w+(?:[.,:]\d+)*", normalise(given)))
    found: dict[str, None] = {}
    for match in _NUMBER.finditer(_GROUPED.sub("", output)):
        if normalise(match.group()) not in known:
            found[match.group()] = None
    for match in _NAME.finditer(output):
        starts_sentence = _SENTENCE_END.search(output[: match.start()]) is not None
        if not starts_sentence and normalise(match.group()) not in known:
            found[match.group()] = None
    return tuple(found)


def _said(value: str, output: str, plain: str) -> Said:
    value = value.strip()
    reduced = normalise(value)
    if not reduced or reduced in _UNSAYABLE or value.casefold() in _UNSAYABLE:
        return Said.UNCHECKED
    if len(reduced.split()) > MAX_WORDS:
        return Said.UNCHECKED
    if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", output):
        return Said.EXACT
    return Said.NORMALISED if f" {reduced} " in plain else Said.MISSING
