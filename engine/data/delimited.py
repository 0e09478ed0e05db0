"""The reader for delimited text: CSV, TSV and their kin."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from engine.contract.errors import UserError
from engine.contract.reading import Finding, FindingKind, ReadOptions
from engine.data.dialects import DELIMITERS, MAX_CELL_CHARACTERS, guess_dialect
from engine.data.encodings import find_bad_byte, show_bad_bytes
from engine.data.headers import MOST_COLUMNS, Header, read_header
from engine.data.records import BadRow, EmptyRow, Item, ReadRow, RecordReader
from engine.data.text_file import TextFile

_HEAD_LINES = 2000
_HEAD_CHARACTERS = 2 * 2**20
_HEAD_ROWS = 500


class DelimitedReader:
    """Reads a delimited file (see `engine.data.readers.Reader`).

    Encoding, dialect and columns are found from the same parts of the file in a first look
    and in the import, so that the two agree.

    Args:
        path: of the file.
        options: what the user has settled; the rest is found out.
        look_bytes: read no more than this.
    """

    format = "csv"
    place = "line"

    def __init__(self, path: Path, options: ReadOptions, *, look_bytes: int | None = None) -> None:
        self._file = TextFile(path, options.encoding, content="rows", look_bytes=look_bytes)
        with self._file.opening():
            lines = self._head_lines()
            self._dialect = guess_dialect(lines, options)
            header = self._find_header(lines, options.header)
        self.size_bytes = self._file.size_bytes
        self.looked_at_bytes = self._file.looked_at_bytes
        self.columns = header.columns
        self.findings = header.findings
        encoding = self._file.encoding
        self.options = ReadOptions(
            encoding, self._dialect.delimiter, self._dialect.quote, header.present
        )
        delimiter = DELIMITERS.get(self._dialect.delimiter, repr(self._dialect.delimiter))
        self.description = f"CSV, {encoding.upper()}, {delimiter}"

    def rows(self) -> Iterator[Item]:
        """All rows in the file's order, broken and empty ones too; to be called once."""
        with self._file.part() as text:
            yield from self._records(self._lines(text, cut=self._file.is_cut))

    def position_bytes(self) -> int:
        """How far `rows` is, as far as the file is concerned."""
        return self._file.position_bytes()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _records(self, lines: Iterator[str]) -> Iterator[Item]:
        """The rows of these lines, without the one that holds the column names."""
        records = RecordReader(
            lines, self._dialect, encoding=self._file.encoding, cut=self._file.is_cut
        )
        items = iter(records)
        if self.options.header:
            for item in items:
                if not isinstance(item, EmptyRow):
                    break
                yield item
        records.width = len(self.columns)
        yield from items

    def _head_lines(self) -> list[str]:
        lines: list[str] = []
        characters = 0
        with self._file.head() as text:
            for line in itertools.islice(self._lines(text, cut=False), _HEAD_LINES):
                lines.append(line)
                characters += len(line)
                if characters > _HEAD_CHARACTERS:
                    break
        return lines

    def _lines(self, text: TextIO, *, cut: bool) -> Iterator[str]:
        """Lines with their ends; without the last where the text is `cut` within it."""
        number = 1
        line = text.readline(MAX_CELL_CHARACTERS).removeprefix("\ufeff")
        while line:
            if len(line) == MAX_CELL_CHARACTERS:
                raise UserError(
                    f"Line {number} of {self._file.path.name} is longer than "
                    f"{MAX_CELL_CHARACTERS:,} characters: it is no table with a row a line."
                )
            following = text.readline(MAX_CELL_CHARACTERS)
            if cut and not following and number > 1:
                return
            yield line
            line = following
            number += 1

    def _find_header(self, lines: list[str], present: bool | None) -> Header:
        readable = [show_bad_bytes(line) for line in lines]
        records = RecordReader(
            iter(readable), self._dialect, encoding=self._file.encoding, cut=True
        )
        items = [
            item for item in itertools.islice(records, _HEAD_ROWS) if not isinstance(item, EmptyRow)
        ]
        rows = [item.cells for item in items if isinstance(item, ReadRow)]
        if not rows or (isinstance(items[0], BadRow) and present is not False):
            raise UserError(self._explain_no_header(lines, items))
        width = max(map(len, rows))
        if width > MOST_COLUMNS:
            raise UserError(
                f"A row of {self._file.path.name} has {width:,} columns, more than "
                f"{MOST_COLUMNS:,}: choose another delimiter than {self._dialect.delimiter!r}."
            )
        line = items[0].row.line if isinstance(items[0], BadRow) else items[0].line
        header = read_header(rows, present=present, line=line)
        if not header.present or find_bad_byte(lines[line - 1]) is None:
            return header
        message = f"The column names hold bytes that are not {self._file.encoding}."
        finding = Finding(FindingKind.UNDECODABLE, message, 1, (line,))
        return Header(True, header.columns, (*header.findings, finding))

    def _explain_no_header(self, lines: list[str], items: list[BadRow | ReadRow]) -> str:
        if not any(line.strip("\r\n \t" + self._dialect.delimiter) for line in lines):
            return f"{self._file.path.name} holds no text: choose a file with rows."
        bad = next((item.row for item in items if isinstance(item, BadRow)), None)
        line = 1 if bad is None else bad.line
        reason = "a quote that is opened there is never closed" if bad is None else bad.reason
        return (
            f"Line {line} of {self._file.path.name} should hold the column names, but {reason}: "
            "correct it, or read the file without quotes."
        )
