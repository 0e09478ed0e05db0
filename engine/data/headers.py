"""What the columns of a table are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from engine.contract.reading.reading import Finding, FindingKind
from engine.data.first_row import Row, judge_first_row
from engine.data.names import safe_name

MOST_COLUMNS = 2000
"""More are a delimiter that is none."""
_WIDER_SHARE = 0.9
_SHOWN_CELLS = 4
_SHOWN_CHARACTERS = 30


@dataclass(frozen=True)
class Header:
    """The columns of a file.

    Attributes:
        present: whether the first row holds the names.
        columns: unique names, none empty.
        findings: what was done about empty, missing and repeated names, and any doubt whether
            the first row holds them.
    """

    present: bool
    columns: tuple[str, ...]
    findings: tuple[Finding, ...] = ()


def read_header(rows: list[Row], *, present: bool | None, line: int) -> Header:
    """Name the columns.

    Args:
        rows: the first rows of the file, at least one.
        present: whether the first row holds names, or None to find out.
        line: where the first row stands, for the findings.
    """
    findings: list[Finding] = []
    if present is None:
        verdict = judge_first_row(rows)
        present = verdict.names
        if not (verdict.names and verdict.sure):
            findings.append(_explain_guess(rows[0], line, present=present))
    if not present:
        numbers = range(1, commonest(map(len, rows)) + 1)
        return Header(False, tuple(f"column {number}" for number in numbers), tuple(findings))
    names = [safe_name(name) for name in rows[0]]
    if _has_more_cells(rows, len(names) + 1):
        at_end = all(not row[-1] for row in rows[1:] if len(row) == len(names) + 1)
        names.insert(len(names) if at_end else 0, "")
    nameless = [index for index, name in enumerate(names) if not name]
    for index in nameless:
        names[index] = f"column {index + 1}"
    if nameless:
        positions = ", ".join(str(index + 1) for index in nameless)
        message = f"{_columns(len(nameless))} without a name, called by position: {positions}."
        findings.append(Finding(FindingKind.UNNAMED_COLUMN, message, len(nameless), (line,)))
    unique, renamed = _make_unique(names)
    if renamed:
        pairs = ", ".join(f"{old!r} is now {new!r}" for old, new in renamed)
        message = f"Column names occur twice: {pairs}."
        findings.append(Finding(FindingKind.DUPLICATE_HEADER, message, len(renamed), (line,)))
    return Header(True, tuple(unique), tuple(findings))


def _has_more_cells(rows: list[Row], width: int) -> bool:
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


def commonest(values: Iterable[int]) -> int:
    """The value that occurs most; of two, the larger."""
    return max(Counter(values).items(), key=lambda item: (item[1], item[0]))[0]


def _explain_guess(row: Row, line: int, *, present: bool) -> Finding:
    more = ", …" if len(row) > _SHOWN_CELLS else ""
    cells = ", ".join(map(shown_cell, row[:_SHOWN_CELLS])) + more
    if present:
        message = (
            f"The first row ({cells}) was read as column names, although it could be data: "
            "if it is, say that there are no names (--no-header)."
        )
    else:
        message = (
            f"The first row ({cells}) was read as data: if it holds the column names, say so "
            "(--header)."
        )
    return Finding(FindingKind.HEADER_GUESS, message, 1, (line,))


def shown_cell(text: str) -> str:
    """The text for a sentence, in quotes, on one line and not long."""
    text = " ".join(text.split())
    return repr(text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…")


def _columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"
