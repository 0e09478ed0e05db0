"""Keys of items that are no columns, since the first items do not have them."""

from __future__ import annotations

from collections.abc import Iterable

from engine.contract.reading.reading import Finding, FindingKind
from engine.data.json_rows import Cells
from engine.data.tallies import Count, counted

_NAMED_KEYS = 5
_SHOWN = 100
"""Characters of a key that are shown."""


class UnknownKeys:
    """Counts items with keys that are no columns."""

    def __init__(self, columns: Iterable[str]) -> None:
        self._columns = frozenset(columns)
        self._keys: dict[str, None] = {}
        self._items = Count()

    def add(self, row: Cells, line: int) -> None:
        """Count the keys of a row that hold text and are no column."""
        unknown = [key for key, cell in row.items() if cell and key not in self._columns]
        if unknown:
            self._items.add(line)
            if len(self._keys) <= _NAMED_KEYS:
                self._keys.update(dict.fromkeys(unknown[: _NAMED_KEYS + 1]))

    def findings(self) -> tuple[Finding, ...]:
        """One finding, where there were any."""
        if not self._items.count:
            return ()
        names = ", ".join(repr(key[:_SHOWN]) for key in list(self._keys)[:_NAMED_KEYS])
        more = " …" if len(self._keys) > _NAMED_KEYS else ""
        message = (
            f"{counted(self._items.count, 'item')} with keys that the first items do not have "
            f"({names}{more}): imported without them."
        )
        return (self._items.finding(FindingKind.UNKNOWN_KEY, message),)
