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
_UNSPACED_LETTER = (
    "[\u0e00-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
    "\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Of scripts that put no blank between a word and the next, or its particle: Thai, Lao, Tibetan,
Burmese, Korean, Khmer, Japanese, Chinese."""

_UNSPACED = re.compile(_UNSPACED_LETTER)
_LETTER = rf"(?!{_UNSPACED_LETTER})[^\W_]"
_WORD = re.compile(
    r"(?:(?<![\w)\]])-(?=\d))?"  # the sign of a number, not a hyphen
    rf"(?:{_LETTER})+(?:(?<=\d)[.,:](?=\d)(?:{_LETTER})+)*"  # 3.5, 18:30, 12.05.2026 are whole
    r"(?:[+#]+(?!\w))?"  # C++, C#, A+
    rf"|(?:(?={_UNSPACED_LETTER})[^\W_])+"
)
_SENTENCE_ENDS = frozenset(".!?:")


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
        """Values that the output mentions."""
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
    """Words in lower case with single spaces: no accents, no separators in numbers.

    Punctuation goes, except where it changes what is said: inside a number (3.5, 18:30), the
    sign of a number, and + or # at the end of a word (C++).
    """
    return " ".join(word.casefold() for word in _WORD.findall(_fold(_GROUPED.sub("", text))))


def unsupported(output: str, fields: Sequence[tuple[str, str]], source: str) -> tuple[str, ...]:
    """Numbers and capitalised words of the output that the input does not have.

    Words at the start of a sentence are left out, since their capital says nothing. What is
    listed may still be right: it is only not in the input.
    """
    given = normalise(" ".join([source, *(f"{key} {value}" for key, value in fields)]))
    known = f" {' '.join(map(_parts, given.split()))} "
    folded, offsets = _fold_with_offsets(output)
    numbers: dict[str, None] = {}
    names: dict[str, None] = {}
    for match in _WORD.finditer(folded):
        word = match.group()
        if any(f" {_parts(form)} " in known for form in (word.casefold(), word.replace(".", ":"))):
            continue
        piece = output[offsets[match.start()] : offsets[match.end()]]
        if any(map(str.isdigit, word)):
            numbers[piece] = None
        elif len(word) > 1 and word[0].isupper() and not _starts_sentence(folded, match.start()):
            names[piece] = None
    return (*numbers, *names)


def _fold(text: str) -> str:
    """The text without accents, in compatible characters, each kind of minus as a hyphen."""
    text = unicodedata.normalize("NFKD", text).replace("−", "-")
    return "".join(c for c in text if not unicodedata.combining(c))


def _fold_with_offsets(text: str) -> tuple[str, list[int]]:
    """As `normalise` reads it, and where in `text` each character stands, the end included."""
    grouping = {match.start() for match in _GROUPED.finditer(text)}
    folded: list[str] = []
    offsets: list[int] = []
    for index, character in enumerate(text):
        plain = "" if index in grouping else _fold(character)
        folded.append(plain)
        offsets += [index] * len(plain)
    return "".join(folded), [*offsets, len(text)]


def _parts(word: str) -> str:
    """A word without its signs, the parts of a time or a score of a match apart."""
    return word.strip("-+#").replace(":", " ")


def _starts_sentence(text: str, start: int) -> bool:
    index = start
    while index and not (text[index - 1].isalnum() or text[index - 1] == "_"):
        index -= 1
        if text[index] in _SENTENCE_ENDS:
            return True
    return index == 0


def _said(value: str, output: str, plain: str) -> Said:
    value = value.strip()
    reduced = normalise(value)
    if not reduced or reduced in _UNSAYABLE or value.casefold() in _UNSAYABLE:
        return Said.UNCHECKED
    if len(reduced.split()) > MAX_WORDS:
        return Said.UNCHECKED
    # Decomposed letters of Korean are no longer those that are searched for here.
    joined = bool(_UNSPACED.match(value[0])), bool(_UNSPACED.match(value[-1]))
    start, end = ("" if is_joined else " " for is_joined in joined)
    if f"{start}{reduced}{end}" in plain:
        before = "" if joined[0] else rf"(?:(?<!\w)|(?<={_UNSPACED_LETTER}))"
        after = "" if joined[1] else rf"(?:(?!\w)|(?={_UNSPACED_LETTER}))"
        literal = re.search(f"{before}{re.escape(value)}{after}", output)
        return Said.EXACT if literal else Said.NORMALISED
    for sign in " .":  # "2:1" may be said as "2-1", and 18:30 as 18.30
        other = reduced.replace(":", sign)
        if other != reduced and f" {other} " in plain.replace(":", sign):
            return Said.NORMALISED
    return Said.MISSING
