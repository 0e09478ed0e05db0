"""Rows of a dataset by number, a page at a time, with the latest pages kept."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore, Row

PAGE_ROWS = 128
KEPT_PAGES = 16
CELL_CHARACTERS = 2001
"""So much of a cell is kept: the text of a table's cell, its tool tip, and that there is more."""
READ_CHARACTERS = 2**20
"""After so many, the rest of a page is read only when it is looked at."""


class RowPages:
    """Reads whole pages and keeps the few used last, so that memory does not grow."""

    def __init__(
        self, store: DatasetStore, *, page_rows: int = PAGE_ROWS, kept: int = KEPT_PAGES
    ) -> None:
        self._store = store
        self._page_rows = page_rows
        self._kept = kept
        self._pages: OrderedDict[int, list[Row]] = OrderedDict()

    def row(self, number: int) -> Row:
        """The row with this number (from 1).

        Its cells are cut at `CELL_CHARACTERS`.

        Raises:
            UserError: there is no such row, or the file cannot be read any more.
        """
        page, place = divmod(number - 1, self._page_rows)
        if page in self._pages:
            self._pages.move_to_end(page)
        rows = self._pages.setdefault(page, [])
        while place >= len(rows):
            more = self._read(number - place + len(rows), self._page_rows - len(rows))
            if not more:
                raise UserError(
                    "row-missing",
                    "{path} is damaged. It has no row {row}. Import its source file again.",
                    path=self._store.path,
                    row=number,
                )
            rows += more
        if len(self._pages) > self._kept:
            self._pages.popitem(last=False)
        return rows[place]

    def _read(self, start: int, count: int) -> list[Row]:
        rows: list[Row] = []
        size = 0
        for row in self._store.rows(start, count):
            rows.append(replace(row, cells=tuple(cell[:CELL_CHARACTERS] for cell in row.cells)))
            size += sum(map(len, row.cells))
            if size > READ_CHARACTERS:
                break
        return rows


def row_of_line(store: DatasetStore, line: int) -> int | None:
    """Number of the row that holds this line of the file, or None before the first row.

    Rows stand in the order of the file, so some twenty looks find one among a million.

    Raises:
        UserError: the file cannot be read.
    """
    low, high = 1, store.meta.row_count
    found = None
    while low <= high:
        middle = (low + high) // 2
        row = next(store.rows(middle, 1), None)
        if row is not None and row.line <= line:
            found, low = middle, middle + 1
        else:
            high = middle - 1
    return found
