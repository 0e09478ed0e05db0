"""The reader for parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.contract.dataset_store import RejectedRow
from engine.contract.errors import UserError
from engine.contract.reading import Finding, FindingKind, ReadOptions
from engine.data.headers import MOST_COLUMNS
from engine.data.json_rows import find_columns
from engine.data.object_rows import ObjectRows, as_item
from engine.data.opening import explain_read_errors, first_line, open_source
from engine.data.records import BadRow, Item
from engine.data.tallies import counted

MAGIC = b"PAR1"
_BATCH_ROWS = 250
"""Rows that are in memory at once, beside what the library reads ahead in a row group."""
_LEAST_ROWS = 100


class ParquetReader:
    """Reads a parquet file (see `engine.data.readers.Reader`); its "lines" are its rows.

    Nested values become columns and rows as those of JSON do.

    Args:
        path: of the file.
        options: not used; the file says how it is to be read.
        look_bytes: read only the rows that this part of the file holds by share.
    """

    format = "parquet"
    place = "row"

    def __init__(self, path: Path, options: ReadOptions, *, look_bytes: int | None = None) -> None:
        self._path = path
        with explain_read_errors(path):
            self.size_bytes = path.stat().st_size
        if not self.size_bytes:
            raise UserError(f"{path.name} is empty (0 bytes): choose a file with rows.")
        self._stream = open_source(path)
        try:
            self._file = self._open()
            self._check_columns(self._file.schema_arrow.names)
            self._row_count = int(self._file.metadata.num_rows)
            self._rows_wanted = self._row_count
            self.looked_at_bytes = self.size_bytes
            if look_bytes is not None and look_bytes < self.size_bytes:
                share = look_bytes / self.size_bytes
                self._rows_wanted = min(
                    self._row_count, max(_LEAST_ROWS, round(share * self._row_count))
                )
                share = self._rows_wanted / max(1, self._row_count)
                self.looked_at_bytes = round(share * self.size_bytes)
            self.columns, references = self._find_columns()
        except BaseException:
            self._stream.close()
            raise
        self._made = ObjectRows(self.columns, references)
        self._number = 0
        self.options = ReadOptions()
        self.description = f"parquet, {counted(self._row_count, 'row')}"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Keys that are no columns, in what has been read."""
        return self._made.unknown.findings()

    def rows(self) -> Iterator[Item]:
        """All rows in the file's order; to be called once.

        A row group that is damaged costs the rest of itself: reading goes on with the next.
        """
        start = 0
        for group in range(self._file.num_row_groups):
            size = int(self._file.metadata.row_group(group).num_rows)
            try:
                for row in self._objects(group):
                    self._number += 1
                    yield from self._made.rows_of(self._number, row)
                    if self._number >= self._rows_wanted:
                        return
            except _damage() as error:
                lost = counted(start + size - self._number, "row")
                reason = f"the file is damaged here, {lost} cannot be read: {first_line(error)}"
                yield BadRow(FindingKind.BROKEN, RejectedRow(self._number + 1, reason, ""))
            start += size
            self._number = start

    def position_bytes(self) -> int:
        """How far `rows` is, by the share of rows."""
        return self.size_bytes * self._number // max(1, self._row_count)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._stream.close()

    def _open(self) -> Any:
        from pyarrow.parquet import ParquetFile

        try:
            file = ParquetFile(self._stream)
            file.schema_arrow  # noqa: B018 - damage may show only now
            return file
        except _damage() as error:
            raise UserError(
                f"{self._path.name} is no whole parquet file ({first_line(error)}): it may have "
                "been cut on its way, so fetch it again."
            ) from error

    def _check_columns(self, names: list[str]) -> None:
        if len(names) > MOST_COLUMNS:
            raise UserError(
                f"{self._path.name} has {len(names):,} columns, more than {MOST_COLUMNS:,}: it is "
                "no table of texts."
            )
        again = next((name for name in names if names.count(name) > 1), None)
        if again is not None:
            raise UserError(
                f"{self._path.name} has several columns {again!r}: give each a name of its own."
            )

    def _find_columns(self) -> tuple[tuple[str, ...], str | None]:
        """The columns of the first rows, or of the schema where there are none."""
        items = []
        if not self._row_count:
            return tuple(self._file.schema_arrow.names), None
        try:
            for row in self._objects(0):
                items.append(as_item(row))
                if len(items) >= _BATCH_ROWS:
                    break
        except _damage():
            pass  # bytes that are no text, damage: told when the rows are read
        if not items:
            return tuple(self._file.schema_arrow.names), None
        return find_columns(items, self._path.name)

    def _objects(self, group: int) -> Iterator[dict[str, Any]]:
        for batch in self._file.iter_batches(batch_size=_BATCH_ROWS, row_groups=[group]):
            yield from batch.to_pylist()


def _damage() -> tuple[type[Exception], ...]:
    """What the library raises where bytes are not as they should be."""
    from pyarrow import ArrowException

    return (ArrowException, OSError, ValueError, OverflowError, MemoryError)
