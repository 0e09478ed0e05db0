"""Which of a file's columns holds the word and which the tag."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from engine.data.tag_schemes import TAG

_BLANKS = re.compile(r"[ \t]+")
_NUMBER = re.compile(r"\d+([-.]\d+)?")
_PART_OF_WORD = re.compile(r"\d+[-.]\d+")
"""CoNLL-U's number of several words written as one, and of a word that is not written."""
_CONLL_U = 10
_UPOS = 3
_MOST = 0.9
_MOST_COLUMNS = 50
_DOCUMENT = "-DOCSTART-"


@dataclass(frozen=True)
class ConllColumns:
    """How lines are divided into columns.

    Attributes:
        by_tab: else by blanks.
        width: columns of a line.
        word, tag: which columns hold them, from 0.
        further: further columns that say something.
        numbered: whether the first column counts the words of a sentence.
        has_entities: whether the tags are those of entities, such as B-PER.
    """

    by_tab: bool
    width: int
    word: int
    tag: int
    further: tuple[int, ...]
    numbered: bool
    has_entities: bool

    @property
    def others(self) -> tuple[str, ...]:
        """Names of the further columns."""
        return tuple(f"column {index + 1}" for index in self.further)

    @property
    def delimiter_name(self) -> str:
        """What is between columns."""
        return "tab" if self.by_tab else "space"

    def cells(self, line: str) -> list[str]:
        """The columns of a line."""
        return _cells(line, by_tab=self.by_tab)

    def is_beside(self, line: str) -> bool:
        """Whether a line is a comment, the beginning of a document, or no word of its own."""
        cells = self.cells(line)
        if cells[0] == _DOCUMENT:
            return True
        if line.startswith("#"):
            fits = len(cells) == self.width
            return not fits or (self.has_entities and TAG.fullmatch(cells[self.tag]) is None)
        return self.numbered and _PART_OF_WORD.fullmatch(cells[0]) is not None


def columns_of(lines: Iterable[str]) -> ConllColumns | None:
    """The columns of these lines, or None where they have not as many each.

    Args:
        lines: the first ones of a file.
    """
    full = [
        line
        for line in lines
        if line.strip(" \t\r\n") and not line.startswith(("# ", _DOCUMENT)) and line != "#"
    ]
    if not full:
        return None
    by_tab = sum("\t" in line for line in full) >= _MOST * len(full)
    rows = [_cells(line, by_tab=by_tab) for line in full]
    width, count = Counter(map(len, rows)).most_common(1)[0]
    if not 2 <= width <= _MOST_COLUMNS or count < _MOST * len(rows):
        return None
    columns = list(zip(*(row for row in rows if len(row) == width), strict=True))
    numbered = width > 2 and "1" in columns[0] and _share(_NUMBER, columns[0]) >= _MOST
    word = 1 if numbered else 0
    tagged = [index for index in range(word + 1, width) if _are_tags(columns[index])]
    last = _UPOS if numbered and width == _CONLL_U else width - 1
    tag = tagged[-1] if tagged else last
    further = tuple(
        index for index in range(word + 1, width) if index != tag and len(set(columns[index])) > 1
    )
    return ConllColumns(by_tab, width, word, tag, further, numbered, bool(tagged))


def _are_tags(column: Iterable[str]) -> bool:
    """Whether nearly all are tags of entities, and some begin or continue one."""
    column = tuple(column)
    return any(cell != "O" for cell in column) and _share(TAG, column) >= _MOST


def _share(form: re.Pattern[str], column: tuple[str, ...]) -> float:
    return sum(form.fullmatch(cell) is not None for cell in column) / len(column)


def _cells(line: str, *, by_tab: bool) -> list[str]:
    line = line.strip("\r\n")
    if by_tab:
        return [cell.strip(" ") for cell in line.split("\t")]
    return _BLANKS.split(line.strip(" \t"))
