"""Column names: is the first row one of names, and what are the columns called."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.contract.reading import Finding, FindingKind
from engine.data.column_names import KNOWN_NAMES, UNNAMED

_NUMBER = re.compile(r"\s*[-+]?\d[\d.,\s]*%?\s*")
_MEANING = re.compile(r"[^\[\],]+\[.*\]", re.DOTALL)
MOST_COLUMNS = 2000
"""More are a delimiter that is none."""
_LONGEST_NAME = 60  # characters
_MOST_WORDS = 6
_WIDER_SHARE = 0.9


@dataclass(frozen=True)
class Header:
    """The columns of a file.

    Attributes:
        present: whether the first row holds the names.
        columns: unique names, none empty.
        findings: what was done about empty, missing and repeated names.
    """

    present: bool
    columns: tuple[str, ...]
    findings: tuple[Finding, ...] = ()


def read_header(rows: list[tuple[str, ...]], *, present: bool | None, line: int) -> Header:
    """Name the columns.

    Args:
        rows: the first rows of the file, at least one.
        present: whether the first row holds names, or None to find out.
        line: where the first row stands, for the findings.
    """
    if present is None:
        present = looks_like_names(rows)
    if not present:
        width = _commonest([len(row) for row in rows])
        return Header(False, tuple(f"column {number}" for number in range(1, width + 1)))
    names = [name.strip() for name in rows[0]]
    findings = []
    if _has_more_cells(rows, len(names) + 1):
        at_end = all(not row[-1] for row in rows[1:] if len(row) == len(names) + 1)
        names.insert(len(names) if at_end else 0, "")
    nameless = [index for index, name in enumerate(names) if not name]
    for index in nameless:
        names[index] = f"column {index + 1}"
    if nameless:
        places = ", ".join(str(index + 1) for index in nameless)
        message = f"{_columns(len(nameless))} without a name (place {places}): called by the place."
        findings.append(Finding(FindingKind.UNNAMED_COLUMN, message, len(nameless), (line,)))
    unique, renamed = _make_unique(names)
    if renamed:
        pairs = ", ".join(f"{old!r} is now {new!r}" for old, new in renamed)
        message = f"Column names occur twice: {pairs}."
        findings.append(Finding(FindingKind.DUPLICATE_HEADER, message, len(renamed), (line,)))
    return Header(True, tuple(unique), tuple(findings))


def looks_like_names(rows: list[tuple[str, ...]]) -> bool:
    """Whether the first row holds column names rather than data."""
    first, rest = rows[0], rows[1:]
    cells = [cell.strip() for cell in first]
    # A name does not come again as a value of its own column.
    again = [cell in _column(rest, index) for index, cell in enumerate(cells)]
    if any(
        (cell.lower() in KNOWN_NAMES or UNNAMED.fullmatch(cell)) and not repeated
        for cell, repeated in zip(cells, again, strict=True)
    ):
        return True
    named = [cell for cell in cells if cell]
    if not named or len(named) < len(cells) / 2:
        return False
    for cell in named:
        if len(cell) > _LONGEST_NAME or len(cell.split()) > _MOST_WORDS:
            return False
        if _NUMBER.fullmatch(cell) or _MEANING.fullmatch(cell):
            return False
    return not any(repeated for cell, repeated in zip(cells, again, strict=True) if cell)


def _column(rows: list[tuple[str, ...]], index: int) -> set[str]:
    return {row[index].strip() for row in rows if index < len(row)}


def _has_more_cells(rows: list[tuple[str, ...]], width: int) -> bool:
    """Whether nearly all rows have `width` cells: R's row names, or a delimiter at the end."""
    rest = rows[1:]
    wider = sum(len(row) == width for row in rest)
    return bool(rest) and wider >= _WIDER_SHARE * len(rest)


def _make_unique(names: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    given = set(names)
    unique: dict[str, str] = {}  # new name -> old name
    for name in names:
        new, number = name, 1
        while new in unique or (number > 1 and new in given):
            number += 1
            new = f"{name} ({number})"
        unique[new] = name
    return list(unique), [(old, new) for new, old in unique.items() if new != old]


def _commonest(values: list[int]) -> int:
    return max(set(values), key=lambda value: (values.count(value), value))


def _columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"
