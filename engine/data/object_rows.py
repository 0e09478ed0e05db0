"""Rows of formats whose items come as Python objects: parquet, and data sets of the hub."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from engine.contract.dataset_store import RejectedRow
from engine.contract.reading import FindingKind
from engine.data.encodings import show_bad_bytes
from engine.data.json_rows import Cells, NotAnItemError, item_rows
from engine.data.json_values import SHOWN_CHARACTERS
from engine.data.records import BadRow, EmptyRow, Item, ReadRow
from engine.data.unknown_keys import UnknownKeys


def as_item(row: dict[str, Any]) -> dict[str, Any]:
    """A row with every number, date … as text, as `engine.data.json_rows` takes it.

    Raises:
        NotAnItemError: a cell holds bytes that are no text.
    """
    return {key: _plain(key, value) for key, value in row.items()}


class ObjectRows:
    """Makes rows of items, in the order of the columns.

    Args:
        columns: names.
        references: the column of which a list becomes a row for each text, or None.
    """

    def __init__(self, columns: Sequence[str], references: str | None) -> None:
        self._columns, self._references = columns, references
        self.unknown = UnknownKeys(columns)

    def rows_of(
        self, number: int, row: dict[str, Any], extra: Cells | None = None
    ) -> Iterator[Item]:
        """The rows of one item.

        Args:
            number: of the item, 1-based.
            row: the item.
            extra: further cells for each of its rows.
        """
        try:
            rows = item_rows(as_item(row), self._references)
        except NotAnItemError as error:
            text = show_bad_bytes(json.dumps(row, ensure_ascii=False, default=_shown))
            rejected = RejectedRow(number, str(error), text[:SHOWN_CHARACTERS])
            yield BadRow(FindingKind.BROKEN, rejected)
            return
        for cells in rows:
            self.unknown.look(cells, number)
            cells.update(extra or {})
            found = tuple(cells.get(column, "") for column in self._columns)
            own = any(cell for key, cell in cells.items() if key not in (extra or {}))
            yield ReadRow(number, found) if own else EmptyRow(number)


def _plain(key: str, value: Any) -> Any:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, dict):
        return {str(name): _plain(key, inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(key, inner) for inner in value]
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise NotAnItemError(f"{key!r} holds bytes that are no text") from error
    return str(value)


def _shown(value: Any) -> str:
    return f"{len(value):,} bytes" if isinstance(value, bytes) else str(value)
