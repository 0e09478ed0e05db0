"""Merged cells: the value of the first stands in every row that it spans."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from engine.data.spreadsheets.archive import DAMAGE, Archive
from engine.data.spreadsheets.book import SheetRow
from engine.data.spreadsheets.xlsx_rows import column_number
from engine.data.tallies import Count

_MOST_MERGES = 200_000
_MOST_COLUMNS = 200
_CHUNK_BYTES = 2**20
_OVERLAP_BYTES = 300
_NAME = b"mergeCell "
_MERGE = re.compile(rb"<(?:[\w.-]+:)?mergeCell [^<>]{0,200}?\bref=[\"']([A-Z]+)(\d+):[A-Z]+(\d+)")


@dataclass(frozen=True, slots=True)
class Merge:
    """A column in which the rows from `first` to `last` are merged."""

    first: int
    last: int
    column: int


def find_merges(archive: Archive, name: str) -> list[Merge]:
    """The merged cells of an Excel sheet, which stand behind its rows; only those of several rows.

    They are searched for in the bytes, which takes a tenth of the time of reading the cells.
    """
    merges: dict[Merge, None] = {}
    before = b""
    try:
        with archive.open(name) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                text = before + chunk
                before = text[-_OVERLAP_BYTES:]
                if _NAME not in text:
                    continue
                for letters, first, last in _MERGE.findall(text):
                    rows = int(first[:9]), int(last[:9])
                    column = column_number(letters.decode())
                    if rows[0] < rows[1] and column < _MOST_COLUMNS and len(merges) < _MOST_MERGES:
                        merges[Merge(*rows, column)] = None
    except DAMAGE:
        pass  # reported when the rows are read
    return list(merges)


class Merges:
    """Fills the cells of rows that come one after another.

    Args:
        merges: all that the sheet has.
        count: where the rows with filled cells are counted.
    """

    def __init__(self, merges: Iterable[Merge], count: Count) -> None:
        self._coming = deque(sorted(merges, key=lambda merge: merge.first))
        self._active: dict[int, tuple[int, str]] = {}
        self._count = count

    def add(self, merge: Merge) -> None:
        """One more, not before the row that is filled next."""
        self._coming.append(merge)

    def filled(self, row: SheetRow) -> SheetRow:
        """The row with what merged cells above leave to it; a row without text is not asked for."""
        for column, (last, value) in list(self._active.items()):
            if row.number > last:
                del self._active[column]
            elif column not in row.cells:
                row.cells[column] = value
                self._count.add(row.number)
        while self._coming and self._coming[0].first <= row.number:
            merge = self._coming.popleft()
            if merge.column in row.cells and merge.first == row.number:
                self._active[merge.column] = merge.last, row.cells[merge.column]
        return row
