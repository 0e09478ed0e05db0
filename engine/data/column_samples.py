"""The first values of a dataset's columns, by which the guess of their roles goes."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

SAMPLE_ROWS = 2000
"""Rows that the guess reads."""


@dataclass(frozen=True)
class ColumnSample:
    """A column's name in lower case and the non-empty ones of its first values."""

    index: int
    name: str
    values: list[str]

    @property
    def mean_length(self) -> float:
        """In characters."""
        return sum(map(len, self.values)) / len(self.values) if self.values else 0.0

    @functools.cached_property
    def mean_words(self) -> float:
        """Words of a value."""
        words = sum(len(value.split()) for value in self.values)
        return words / len(self.values) if self.values else 0.0

    @functools.cached_property
    def distinct(self) -> int:
        """Different values."""
        return len(set(self.values))


def samples_of(names: Sequence[str], rows: Sequence[tuple[str, ...]]) -> list[ColumnSample]:
    """The sample of each column."""
    rows = rows[:SAMPLE_ROWS]
    return [
        ColumnSample(index, name.lower(), [row[index] for row in rows if row[index].strip()])
        for index, name in enumerate(names)
    ]
