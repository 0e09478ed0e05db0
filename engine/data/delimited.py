"""The reader for delimited text: CSV, TSV and their kin."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from engine.contract.reading.reading import ReadOptions
from engine.contract.tables.saving import is_own_table, without_guard
from engine.data.dialects import DELIMITERS, check_options
from engine.data.layout import find_layout
from engine.data.records import EmptyRow, Item, ReadRow, RecordReader
from engine.data.text_file import TextFile
from engine.data.text_lines import lines_of

_HEAD_LINES = 2000
_HEAD_CHARACTERS = 2 * 2**20


class DelimitedReader:
    """Reads a delimited file (see `engine.data.readers.Reader`).

    Encoding, dialect and columns are guessed from the same parts of the file in a sample
    and in the import, so that the two agree.

    Args:
        path: of the file.
        options: what the user has settled; the rest is found out.
        sample_bytes: read no more than this.
    """

    format = "csv"
    unit = "line"

    def __init__(
        self, path: Path, options: ReadOptions, *, sample_bytes: int | None = None
    ) -> None:
        self._file = TextFile(path, options.encoding, sample_bytes=sample_bytes)
        with self._file.opening():
            check_options(options)
            lines = self._head_lines(options.skip_lines or 0)
            encoding = self._file.encoding
            layout = find_layout(lines, options, name=path.name, encoding=encoding)
        self._dialect, self._names = layout.dialect, layout.names
        self.size_bytes = self._file.size_bytes
        self.sampled_bytes = self._file.sampled_bytes
        self.columns = layout.header.columns
        self.findings = (*self._file.findings, *layout.findings)
        self.options = ReadOptions(
            encoding,
            self._dialect.delimiter,
            self._dialect.quote,
            layout.header.present,
            skip_lines=layout.skip_lines,
            escape=self._dialect.escape,
        )
        delimiter = DELIMITERS.get(self._dialect.delimiter, repr(self._dialect.delimiter))
        self.description = f"CSV, {encoding.upper()}, {delimiter}"

    @staticmethod
    def reads(path: Path, head: bytes, *, fits: bool) -> bool:
        """Any text."""
        return True

    def rows(self) -> Iterator[Item]:
        """All rows in the file's order, broken and empty ones too; to be called once."""
        with self._file.part() as text:
            items = self._records(lines_of(text, name=self._file.path.name, cut=self._file.is_cut))
            yield from map(_unguarded, items) if is_own_table(self.columns) else items

    def position_bytes(self) -> int:
        """How far `rows` is, as far as the file is concerned."""
        return self._file.position_bytes()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _records(self, lines: Iterator[str]) -> Iterator[Item]:
        """The rows of these lines, without the one that holds the column names."""
        skip = self.options.skip_lines or 0
        records = RecordReader(
            itertools.islice(lines, skip, None),
            self._dialect,
            encoding=self._file.encoding,
            cut=self._file.is_cut,
            first_line=skip + 1,
        )
        items = iter(records)
        if self.options.header:
            for item in items:
                if not isinstance(item, EmptyRow):
                    break
                yield item
        records.width = len(self.columns)
        records.names = self._names
        yield from items

    def _head_lines(self, skip: int) -> list[str]:
        lines: list[str] = []
        characters = 0
        with self._file.head() as text:
            for line in itertools.islice(
                lines_of(text, name=self._file.path.name, cut=False), skip, skip + _HEAD_LINES
            ):
                lines.append(line)
                characters += len(line)
                if characters > _HEAD_CHARACTERS:
                    break
        return lines


def _unguarded(item: Item) -> Item:
    """The row of a table that this program wrote, as its texts were."""
    if isinstance(item, ReadRow):
        return ReadRow(item.line, tuple(map(without_guard, item.cells)))
    return item
