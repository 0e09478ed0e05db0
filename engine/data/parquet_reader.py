"""The reader for parquet files."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import RejectedRow
from engine.contract.reading.reading import Finding, FindingKind, ReadOptions
from engine.data.class_labels import ClassLabels
from engine.data.item_rows import ItemRows, as_item
from engine.data.opening import explain_read_errors, first_line, open_source
from engine.data.parquet_bounds import LEAST_BYTES, Budget, batch_rows, most_bytes, repeating_lists
from engine.data.parquet_footer import MAGIC, RowGroup, read_groups
from engine.data.reader_errors import check_column_count, check_not_empty
from engine.data.records import BadRow, Item
from engine.data.tallies import counted

_HEAD_ROWS = 250
"""Rows from which the columns are guessed."""
_BYTES_ROWS = 20
"""Rows that show whether a column of bytes is text: pictures may be large."""
_LEAST_ROWS = 100


class ParquetReader:
    """Reads a parquet file (see `engine.data.readers.Reader`); its "lines" are its rows.

    Nested values become columns and rows as those of JSON do; columns of pictures and other
    bytes are left out. No more is unpacked than a file of its size may hold.

    Args:
        path: of the file.
        options: the language, where the user has settled it; the file says the rest.
        sample_bytes: read only the rows that this part of the file holds by share.
    """

    format = "parquet"
    unit = "row"

    def __init__(
        self, path: Path, options: ReadOptions, *, sample_bytes: int | None = None
    ) -> None:
        self._path = path
        with explain_read_errors(path):
            self.size_bytes = path.stat().st_size
        check_not_empty(path, self.size_bytes)
        self._stream = open_source(path)
        try:
            self._groups, self._file = self._open()
            self._check_columns(self._file.schema_arrow.names)
            self._labels = ClassLabels.of_schema(self._file.schema_arrow.metadata)
            self._budget = Budget(path.name, self.size_bytes)
            self._row_count = int(self._file.metadata.num_rows)
            self._rows_wanted = self._row_count
            self.sampled_bytes = self.size_bytes
            if sample_bytes is not None and sample_bytes < self.size_bytes:
                share = sample_bytes / self.size_bytes
                self._rows_wanted = min(
                    self._row_count, max(_LEAST_ROWS, round(share * self._row_count))
                )
                share = self._rows_wanted / max(1, self._row_count)
                self.sampled_bytes = round(share * self.size_bytes)
            self._left_out: list[Finding] = []
            self._names = self._readable()
            self._made = ItemRows(self._head_items(), path.name, options.language)
        except BaseException:
            self._stream.close()
            raise
        self.columns = self._made.columns
        self.form = self._made.format
        self._number = 0
        self.options = ReadOptions(language=self._made.language)
        self.description = f"parquet, {counted(self._row_count, 'row')}"

    @staticmethod
    def reads(path: Path, head: bytes, *, fits: bool) -> bool:
        """By its ending, else by its first bytes."""
        return fits or head.startswith(MAGIC)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """About columns, keys and languages, in what has been read."""
        return (*self._left_out, *self._made.findings())

    @property
    def languages(self) -> tuple[str, ...]:
        """Of the texts, where they are marked."""
        return self._made.languages

    def rows(self) -> Iterator[Item]:
        """All rows in the file's order; to be called once.

        A row group that is damaged costs the rest of itself: reading goes on with the next.
        """
        start = 0
        for number, group in enumerate(self._groups):
            size = group.rows
            try:
                for row in self._objects(number, self._names):
                    self._number += 1
                    self._budget.spend(row)
                    item = self._made.as_item(self._number, row)
                    yield from self._made.rows_of(self._number, item)
                    if self._number >= self._rows_wanted:
                        return
            except damage_errors() as error:
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

    def _open(self) -> tuple[list[RowGroup], Any]:
        from pyarrow.parquet import ParquetFile

        try:
            file = ParquetFile(self._stream)
            file.schema_arrow  # noqa: B018 - damage may show only now
            groups = read_groups(self._stream)
            repeating = repeating_lists(groups, self._stream)
            if not repeating:
                return groups, file
            # A text that comes a thousand times is then in memory once.
            return groups, ParquetFile(self._stream, read_dictionary=repeating)
        except damage_errors() as error:
            raise UserError(
                "damaged-parquet",
                "{file} is damaged or incomplete ({reason}). Download or copy it again.",
                file=self._path.name,
                reason=first_line(error),
            ) from error

    def _check_columns(self, names: list[str]) -> None:
        check_column_count(self._path.name, len(names))
        again = next((name for name in names if names.count(name) > 1), None)
        if again is not None:
            raise UserError(
                "duplicate-column",
                "{file} has several columns {column!r}. Give each its own name.",
                file=self._path.name,
                column=again,
            )

    def _readable(self) -> list[str]:
        """Columns without those of bytes that are no text, such as images, which are reported."""
        schema = self._file.schema_arrow
        names = list(schema.names)
        for name in [field.name for field in schema if _holds_bytes(field.type)]:
            head = itertools.islice(self._objects(0, [name], rows=_BYTES_ROWS), _BYTES_ROWS)
            try:
                lost = [as_item(row)[1] for row in head if row[name]]
            except damage_errors():
                continue  # reported when the rows are read
            if 2 * sum(lost) > len(lost):
                names.remove(name)
                message = f"Column {name!r} holds bytes that are no text, such as images: left out."
                self._left_out.append(Finding(FindingKind.NOT_TEXT, message, 1))
        if not names:
            raise UserError(
                "no-text-column",
                "{file} has no column of text. Choose another file.",
                file=self._path.name,
            )
        return names

    def _head_items(self) -> list[dict[str, Any]]:
        """The first rows, or an empty one with the columns of the schema."""
        items: list[dict[str, Any]] = []
        head = Budget(self._path.name, self.size_bytes)
        try:
            for row in itertools.islice(self._objects(0, self._names), _HEAD_ROWS):
                head.spend(row)
                items.append(as_item(row)[0])
        except damage_errors():
            pass  # reported when the rows are read
        return items or [dict.fromkeys(self._names)]

    def _objects(
        self, number: int, names: list[str], *, rows: int | None = None
    ) -> Iterator[dict[str, Any]]:
        if number >= len(self._groups):
            return
        group = self._groups[number]
        self._budget.check_group(group)
        size = batch_rows(group, self._stream)
        size = min(size, rows or size)
        for batch in self._file.iter_batches(batch_size=size, row_groups=[number], columns=names):
            if sum(map(most_bytes, batch.columns)) <= LEAST_BYTES:
                yield from map(self._labels.named, batch.to_pylist())
                continue
            for number in range(len(batch)):  # one after another, as each may be very long
                row = batch.slice(number, 1)
                self._budget.check(sum(map(most_bytes, row.columns)))
                yield from map(self._labels.named, row.to_pylist())


def _holds_bytes(kind: Any) -> bool:
    """Whether a type is bytes, or has them in it."""
    import pyarrow.types as kinds

    if kinds.is_dictionary(kind):
        return _holds_bytes(kind.value_type)
    if kinds.is_nested(kind):
        return any(_holds_bytes(kind.field(n).type) for n in range(kind.num_fields))
    return bool(
        kinds.is_binary(kind) or kinds.is_large_binary(kind) or kinds.is_fixed_size_binary(kind)
    )


def damage_errors() -> tuple[type[Exception], ...]:
    """What the library raises where bytes are not as they should be."""
    from pyarrow import ArrowException

    return (ArrowException, OSError, ValueError, OverflowError, MemoryError)
