"""Whether the first row of a table holds the names of its columns, or is a row like the rest.

Each column votes: its first cell speaks for names where it differs from the cells below it (a word
above numbers, a question above answers), and for data where it is like them.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.data.column_names import KNOWN_NAMES, UNNAMED

Row = tuple[str, ...]

_SAMPLE_ROWS = 200
_MOST_TITLES = 20
_COMPARED_CHARACTERS = 1000
_MOST = 0.8
_SURE_NAMES, _LEAST_NAMES, _SURE_DATA = 1.0, -1.0, -2.5
_CLEAR = 0.5  # votes of the losing side, as a share of the winning one's, that raise no doubt

_NUMBER = re.compile(r"[-+]?\d[\d.,\s]*%?")
_YEAR = re.compile(r"(1[5-9]|20|21)\d\d")
_MEANING = re.compile(r"[^\[\],]+\[.*\]", re.DOTALL)
_SENTENCE_END = re.compile(r"[.!?…。！？।؟][\"'”’»)\]]*\Z")
_LETTERS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+")
_MARKS = ("|", " : ", "{", "<", "://", "@", "=")
"""What stands in links, addresses, and tables written as text."""


@dataclass(frozen=True)
class Verdict:
    """What a first row holds.

    Attributes:
        names: column names rather than data.
        sure: nothing of weight speaks against it.
    """

    names: bool
    sure: bool


def judge_first_row(rows: Sequence[Row]) -> Verdict:
    """Names unless the first row looks like the rest.

    Args:
        rows: the first rows, at least one.
    """
    first = [_shortened(cell) for cell in rows[0]]
    # The names may come again where files were joined; a single cell is more likely a text.
    rest = [
        row
        for row in rows[1 : 1 + _SAMPLE_ROWS]
        if len(first) == 1 or not are_same_names(row, rows[0])
    ]
    columns = [
        [cell for row in rest if index < len(row) and (cell := _shortened(row[index]))]
        for index in range(len(first))
    ]
    count = _count_up(first, rest)
    votes = [
        _vote(cell, values, counts=count)
        for cell, values in zip(first, columns, strict=True)
        if cell
    ]
    if count:
        votes.append(1.5)
    filled = [cell for cell in first if cell]
    if 2 * len(filled) < len(first):
        votes.append(-1.0)
    if len(set(filled)) < len(filled):
        votes.append(-0.5)
    for_names = sum(vote for vote in votes if vote > 0)
    against = -sum(vote for vote in votes if vote < 0)
    total = for_names - against
    if total > _LEAST_NAMES:
        return Verdict(True, total >= _SURE_NAMES and against <= _CLEAR * for_names)
    return Verdict(False, total <= _SURE_DATA and for_names <= _CLEAR * against)


def count_titles(rows: Sequence[Row]) -> int:
    """How many rows stand above the row of names: titles, notes, groups of columns.

    A title has one cell, or one and empty ones beside it; other rows above the names are
    recognised by gaps that the names do not have.
    """
    filled = sorted(sum(map(bool, map(str.strip, row))) for row in rows)
    width = Counter(map(len, rows)).most_common(1)[0][0]
    if filled[len(rows) // 2] < 2:
        return 0
    most = min(_MOST_TITLES, len(rows) - 1)
    titles = sum(1 for _ in itertools.takewhile(lambda row: _is_title(row, width), rows[:most]))
    for index in range(titles, most):
        row = rows[index]
        if len(row) < width or not all(map(str.strip, row)):
            continue
        verdict = judge_first_row(rows[index:])
        if index > titles:
            return index if verdict.names and verdict.sure else titles
        # A title with a comma in it may fill a row too; then the next ones are known names.
        if not any(map(is_known_name, row)) and _are_known_names(rows[index + 1]):
            return index + 1
        return titles
    return titles


def _are_known_names(row: Row) -> bool:
    return 2 * sum(map(is_known_name, row)) > len(row)


def _is_title(row: Row, width: int) -> bool:
    first, *others = map(str.strip, row)
    alone = bool(first) and not any(others) and not is_known_name(first)
    return alone or len(row) < width - 1


def are_same_names(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether second rows of names are the same, written with other spaces and quotes perhaps.

    Files that were joined may each begin with a byte order mark.
    """
    return len(first) == len(second) and all(map(_same_name, first, second))


def _same_name(first: str, second: str) -> bool:
    return first == second or first.strip('\ufeff" ') == second.strip('\ufeff" ')


def is_known_name(cell: str) -> bool:
    """Whether columns of data sets are often called so."""
    name = cell.strip("# ").lower()
    return name in KNOWN_NAMES or UNNAMED.fullmatch(name) is not None


def _vote(cell: str, values: list[str], *, counts: bool) -> float:
    """For names where positive, against them where negative."""
    if _MEANING.fullmatch(cell):
        return -3.0 if not values or _mostly(values, _MEANING.fullmatch) else -0.5
    vote = 0.0
    if is_known_name(cell):
        vote += 1.0 if cell in values else 3.0
    if not values:
        return vote - 1.5 if _is_sentence(cell) else vote
    if _NUMBER.fullmatch(cell):
        if counts:
            return vote
        return vote + (-2.0 if _mostly(values, _NUMBER.fullmatch) else 1.0)
    if _mostly(values, _NUMBER.fullmatch) or _mostly(values, _MEANING.fullmatch):
        return vote + 2.0
    vote += _recurrence(cell, values) + _form(cell, values)
    if _mostly(values, _is_sentence):
        alike = _is_sentence(cell) and (cell[-1] != "?" or _mostly(values, _is_question, 0.5))
        vote += -2.0 if alike else 1.0
    elif _is_question(cell) and not _mostly(values, _is_question, 0.5):
        vote += 1.5
    return vote + _length(cell, values)


def _recurrence(cell: str, values: list[str]) -> float:
    """Data come again among other values; a yes-column may hold its own name or nothing."""
    distinct = set(values)
    if cell in distinct:
        return -1.5 if len(distinct) > 1 else 1.0
    return 0.5 if len(distinct) == 1 and len(values) > 2 else 0.0


def _form(cell: str, values: list[str]) -> float:
    """Digits, marks, capitals and underscores, as the rest has them or not."""
    vote = 0.0
    if _mostly(values, _DIGITS.search):
        if not _DIGITS.search(cell):
            vote += 1.0
        elif _mostly(values, lambda value: _shape(value) == _shape(cell)):
            vote -= 1.5
    for mark in _MARKS:
        if _mostly([mark in value for value in values], bool):
            return vote + (-2.0 if mark in cell else 1.0)
    if cell[0].islower() and _mostly(values, lambda value: value[0].isupper()):
        vote += 0.75
    if "_" in cell and " " not in cell and not _mostly(values, lambda value: "_" in value, 0.2):
        vote += 1.0
    return vote


def _length(cell: str, values: list[str]) -> float:
    lengths = [len(value) for value in values]
    shortest, longest, length = min(lengths), max(lengths), len(cell)
    if length <= shortest / 2 and shortest - length > 5:
        return 1.5
    if length >= 2 * longest and length - longest > 7:
        return 1.5
    words = sum(len(value.split()) for value in values) / len(values)
    mean = sum(lengths) / len(lengths)
    alike = len(cell.split()) > 3 and words > 3 and 0.5 < length / mean < 2
    return -1.0 if alike else 0.0


def _shortened(cell: str) -> str:
    """The cell without spaces around it; its beginning and end, where it is a long text."""
    cell = cell.strip()
    if len(cell) <= 2 * _COMPARED_CHARACTERS:
        return cell
    return cell[:_COMPARED_CHARACTERS] + cell[-_COMPARED_CHARACTERS:]


def _count_up(first: Sequence[str], rest: Sequence[Row]) -> bool:
    """Whether the numbers in the first row are years, or 1, 2, 3, and the rest is not like it."""
    if _are_years(first):
        return not _mostly(rest, _are_years, 0.2)
    return _are_steps(first) and not _mostly(rest, _are_steps, 0.2)


def _are_years(cells: Sequence[str]) -> bool:
    """Whether all numbers are years, each after the one before it."""
    numbers = [cell.strip() for cell in cells if _NUMBER.fullmatch(cell.strip())]
    return bool(numbers) and all(map(_YEAR.fullmatch, numbers)) and numbers == sorted(set(numbers))


def _are_steps(cells: Sequence[str]) -> bool:
    """Whether there are three numbers or more, all as far apart."""
    texts = [cell for cell in map(str.strip, cells) if cell.isascii() and cell.isdigit()]
    numbers = [int(text[:18]) for text in texts]
    steps = {second - first for first, second in itertools.pairwise(numbers)}
    return len(numbers) > 2 and len(steps) == 1 and min(steps) > 0


def _shape(text: str) -> str:
    return _DIGITS.sub("9", _LETTERS.sub("a", text))


def _is_sentence(text: str) -> bool:
    return len(text) > 9 and _SENTENCE_END.search(text) is not None


def _is_question(text: str) -> bool:
    return text.endswith(("?", "？", "؟"))


def _mostly(values: Sequence[object], fits: Callable[..., object], share: float = _MOST) -> bool:
    return sum(bool(fits(value)) for value in values) >= share * max(1, len(values))
