"""What the columns of a table are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from engine.contract.reading import Finding, FindingKind

MOST_COLUMNS = 2000
"""More are a delimiter that is none."""
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


def read_header(rows: list[tuple[str, ...]], *, present: bool, line: int) -> Header:
    """Name the columns.

    Args:
        rows: the first rows of the file, at least one.
        present: whether the first row holds names.
        line: where the first row stands, for the findings.
    """
    if not present:
        width = commonest(map(len, rows))
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


def commonest(values: Iterable[int]) -> int:
    """The value that occurs most; of two, the larger."""
    return max(Counter(values).items(), key=lambda item: (item[1], item[0]))[0]


def _columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"
