"""Rows of a dataset by number, a page at a time, with the latest pages kept."""

from __future__ import annotations

from collections import OrderedDict

from engine.contract.dataset_store import DatasetStore, Row
from engine.contract.errors import UserError

PAGE_ROWS = 128
KEPT_PAGES = 16


class RowPages:
    """Reads whole pages and keeps the few used last, so that memory does not grow."""

    def __init__(
        self, store: DatasetStore, *, page_rows: int = PAGE_ROWS, kept: int = KEPT_PAGES
    ) -> None:
        self._store = store
        self._page_rows = page_rows
        self._kept = kept
        self._pages: OrderedDict[int, tuple[Row, ...]] = OrderedDict()

    def row(self, number: int) -> Row:
        """The row with this number (from 1).

        Raises:
            UserError: there is no such row, or the file cannot be read any more.
        """
        page, place = divmod(number - 1, self._page_rows)
        if page in self._pages:
            self._pages.move_to_end(page)
        else:
            self._pages[page] = self._read(page)
            if len(self._pages) > self._kept:
                self._pages.popitem(last=False)
        rows = self._pages[page]
        if not 0 <= place < len(rows):
            raise UserError(
                f"{self._store.path} holds no row {number}: it is damaged; import its source "
                "file again."
            )
        return rows[place]

    def _read(self, page: int) -> tuple[Row, ...]:
        try:
            return tuple(self._store.rows(page * self._page_rows + 1, self._page_rows))
        except ValueError as error:
            raise UserError(
                f"{self._store.path} holds cells that cannot be read ({error}): import its "
                "source file again."
            ) from error


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
