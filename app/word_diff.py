"""Word differences of two texts, exact and fast enough for long ones.

The longest common subsequence is found with bit vectors (Hyyrö 2004, "Bit-parallel LCS-length
computation revisited"): one big-integer step a word, so that two texts of a thousand words
take some milliseconds.
"""

from __future__ import annotations

import enum
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.qt.plain_text import markup
from app.theme import Colors

_WORD = re.compile(r"\w+(?:['’.,:/-]\w+)*|[^\w\s]")


class WordState(enum.Enum):
    """What a piece of text is to the other text."""

    SAME = "same"
    INSERTED = "inserted"
    """Here, and not in the text compared with."""
    MISSING = "missing"
    """In the text compared with, and not here."""


@dataclass(frozen=True)
class Piece:
    """A run of words.

    Attributes:
        here: the text as it stands here, spaces after it included; "" if MISSING.
        there: the same in the text compared with; "" if INSERTED.
    """

    change: WordState
    here: str
    there: str


_NOTHING = Piece(WordState.SAME, "", "")


def words(text: str) -> list[str]:
    """Words and punctuation marks, without spaces."""
    return _WORD.findall(text)


def word_diff(here: str, there: str) -> tuple[Piece, ...]:
    """Differences of `here` from `there`, word by word; joined, the pieces give both texts.

    Spaces belong to the word before them and never make a difference. A shared punctuation
    mark alone between two changes is counted into them, since islands of one comma make a
    text harder to read.
    """
    lead_here, ours = _split(here)
    lead_there, theirs = _split(there)
    pairs = _common([word.rstrip() for word in ours], [word.rstrip() for word in theirs])
    end = (len(ours), len(theirs))
    pieces = [Piece(WordState.SAME, lead_here, lead_there)]
    i = j = 0
    for match_i, match_j in [*_without_islands(pairs, ours, end), end]:
        if match_j > j:
            pieces.append(Piece(WordState.MISSING, "", "".join(theirs[j:match_j])))
        if match_i > i:
            pieces.append(Piece(WordState.INSERTED, "".join(ours[i:match_i]), ""))
        if match_i < len(ours):
            last = pieces.pop() if pieces[-1].change is WordState.SAME else _NOTHING
            same = (last.here + ours[match_i], last.there + theirs[match_j])
            pieces.append(Piece(WordState.SAME, *same))
        i, j = match_i + 1, match_j + 1
    return tuple(pieces if pieces[0] != _NOTHING else pieces[1:])


def nearest(text: str, references: Sequence[str]) -> int:
    """Index of the reference most like `text`, or -1 without references.

    Most like: the highest F1 over single words and pairs of neighbouring words, case ignored;
    of equals, the first.
    """
    mine = _grams(text)
    best, best_score = -1, -1.0
    for index, reference in enumerate(references):
        theirs = _grams(reference)
        total = mine.total() + theirs.total()
        score = 2 * (mine & theirs).total() / total if total else 1.0
        if score > best_score:
            best, best_score = index, score
    return best


def _grams(text: str) -> Counter[tuple[str, ...]]:
    lower = words(text.casefold())
    grams: Counter[tuple[str, ...]] = Counter((word,) for word in lower)
    grams.update(itertools.pairwise(lower))
    return grams


def _split(text: str) -> tuple[str, list[str]]:
    """Spaces at the start, and words each with all that stands before the next one."""
    starts = [match.start() for match in _WORD.finditer(text)]
    if not starts:
        return text, []
    ends = [*starts[1:], len(text)]
    return text[: starts[0]], [text[a:b] for a, b in zip(starts, ends, strict=True)]


def _common(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Index pairs of a longest common subsequence, rising."""
    positions: dict[str, int] = {}
    for i, word in enumerate(a):
        positions[word] = positions.get(word, 0) | 1 << i
    full = (1 << len(a)) - 1
    row = full
    rows = [row]  # bit i of rows[j] is 0 where LCS(a[:i+1], b[:j]) exceeds LCS(a[:i], b[:j])
    for word in b:
        met = row & positions.get(word, 0)
        row = ((row + met) | (row - met)) & full
        rows.append(row)
    pairs = []
    i, j = len(a), len(b)
    while i and j:
        if a[i - 1] == b[j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif rows[j] >> (i - 1) & 1:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


def _without_islands(
    pairs: Sequence[tuple[int, int]], ours: Sequence[str], end: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    """The pairs but those of punctuation alone, with a change before and after it."""
    known = {*pairs, (-1, -1), end}
    for i, j in pairs:
        is_sign = not any(letter.isalnum() for letter in ours[i])
        if not is_sign or (i - 1, j - 1) in known or (i + 1, j + 1) in known:
            yield i, j


STYLES = {
    WordState.INSERTED: "color:{accent};background-color:{accent_fill};text-decoration:underline",
    WordState.MISSING: "color:{bad};background-color:{bad_fill};text-decoration:line-through",
}


def diff_html(
    pieces: Sequence[Piece], colors: Colors, styles: Mapping[WordState, str] = STYLES
) -> str:
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
            parts.append(_marked(text, _style(styles[piece.change], colors)))
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
