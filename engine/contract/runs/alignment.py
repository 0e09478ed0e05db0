"""Which row of one outputs file is the same example as which row of another."""

from __future__ import annotations

import enum
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


class RowColumns(Protocol):
    """Outputs of a file as columns."""

    @property
    def ids(self) -> Sequence[str]:
        """Example ids."""

    @property
    def inputs(self) -> Sequence[str]:
        """Input texts."""


class How(enum.Enum):
    """What two rows must share to be the same example; tried in this order."""

    ID = "by example id"
    INPUT = "by input text"
    ORDER = "by order only"
    NONE = "not at all"


@dataclass(frozen=True)
class Alignment:
    """Where the examples of a base file stand in another one.

    Attributes:
        places: for each base row, the index of the row in the other file, or None.
    """

    how: How
    places: tuple[int | None, ...]

    @property
    def common(self) -> int:
        """Number of base rows that the other file has."""
        return sum(index is not None for index in self.places)


def has_own_ids(rows: RowColumns) -> bool:
    """Whether example ids were given: a file without them gets its line numbers as ids."""
    return any(not ident.isdecimal() for ident in rows.ids)


def align(base: RowColumns, other: RowColumns) -> Alignment:
    """Find the rows of `other` for those of `base`.

    By example id if any is shared, else by input text if any is shared, else by order if
    both have equally many rows. An id or input that occurs several times is matched in the
    order of its occurrences, each row once. A file's rows are those of itself.
    """
    if base is other:
        return Alignment(How.ID, tuple(range(len(base.ids))))
    if has_own_ids(base) and has_own_ids(other):
        matched = _match(base.ids, other.ids)
        if matched.common:
            return Alignment(How.ID, matched.places)
    matched = _match(
        [_plain(text) for text in base.inputs], [_plain(text) for text in other.inputs]
    )
    if matched.common:
        return Alignment(How.INPUT, matched.places)
    count = len(base.ids)
    if count == len(other.ids):
        return Alignment(How.ORDER, tuple(range(count)))
    return Alignment(How.NONE, (None,) * count)


def aligned_rows(alignments: Sequence[Alignment]) -> Iterator[tuple[int, ...]]:
    """Each base row that all files have: its index in each of them."""
    for row in zip(*(alignment.places for alignment in alignments), strict=True):
        common = tuple(index for index in row if index is not None)
        if len(common) == len(row):
            yield common


def _plain(text: str) -> str:
    """Inputs are the same if only spaces and line breaks differ."""
    return " ".join(text.split())


def _match(base: Sequence[str], other: Sequence[str]) -> Alignment:
    waiting: defaultdict[str, deque[int]] = defaultdict(deque)
    for index, name in enumerate(other):
        if name:
            waiting[name].append(index)
    places = tuple(waiting[name].popleft() if waiting.get(name) else None for name in base)
    return Alignment(How.NONE, places)
