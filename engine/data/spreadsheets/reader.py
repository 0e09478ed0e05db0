"""The reader for spreadsheets: one sheet of a workbook as a table."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import RejectedRow
from engine.contract.reading.reading import Finding, FindingKind, ReadOptions
from engine.data.first_row import are_same_names, count_titles, judge_first_row
from engine.data.headers import Header, read_header
from engine.data.opening import ZIP, first_line
from engine.data.reader_errors import check_column_count, expands_too_much, no_text
from engine.data.records import BadRow, EmptyRow, Item, ReadRow, RepeatedHeader
from engine.data.spreadsheets.archive import DAMAGE, Archive, explain_damage
from engine.data.spreadsheets.book import Book, Notes, Sheet, SheetRow
from engine.data.spreadsheets.findings import about_book, about_cells, about_titles, choices
from engine.data.spreadsheets.ods import OdsBook, is_ods
from engine.data.spreadsheets.xlsx import XlsxBook
from engine.data.tallies import counted

_MARKS = (b"xl/workbook.xml", b"xl/worksheets/", b"opendocument.spreadsheet")
_HEAD_ROWS = 500
_MOST_GAP_ROWS = 1000
"""Empty rows that are counted between two others."""
_MOST_TEXT_RATIO = 200
_NEVER_TOO_LARGE = 100 * 2**20
"""A sheet can repeat a text any number of times, at the cost of a few bytes each: more characters
than this, and than `_MOST_TEXT_RATIO` times the bytes of the file, were made to fill a disk."""
_ROW_CHARACTERS, _CELL_CHARACTERS = 64, 8
"""What a row and a cell count for beside their text."""


class SpreadsheetReader:
    """Reads a sheet of an Excel or OpenDocument file (see `engine.data.readers.Reader`).

    The first sheet with text that is not hidden is read unless the options name another.

    Args:
        path: of the file.
        options: the sheet by its name or its number, whether it begins with column names, and
            the rows above them that are not read.
        sample_bytes: read only about the share of rows that this part of the file holds.
    """

    unit = "row"

    def __init__(
        self, path: Path, options: ReadOptions, *, sample_bytes: int | None = None
    ) -> None:
        self._path = path
        archive = Archive(path)
        self.size_bytes = self.sampled_bytes = archive.size_bytes
        if sample_bytes is not None:
            self.sampled_bytes = min(sample_bytes, self.size_bytes)
        try:
            with explain_damage(path):
                self._book = _open_book(archive)
        except BaseException:
            archive.close()
            raise
        self.format = "xlsx" if isinstance(self._book, XlsxBook) else "ods"
        self._notes = Notes()
        try:
            with explain_damage(path):
                self.sheets = tuple(sheet.name for sheet in self._book.sheets)
                sheet, self._rows, self._head = self._choose(options.sheet)
                header = self._find_header(options)
        except BaseException:
            self._book.close()
            raise
        self.columns = header.columns
        self._names = self._cells(self._head[0]) if header.present else ()
        self._first_findings = (
            *about_book(self._book, sheet),
            *self._titles,
            *header.findings,
        )
        self.options = ReadOptions(
            header=header.present, skip_lines=self._skipped, sheet=sheet.name
        )
        self.description = f"{self._book.title}, sheet {sheet.name!r}"

    @staticmethod
    def reads(path: Path, head: bytes, *, fits: bool) -> bool:
        """By what an archive holds; by its ending only where it is damaged."""
        if not head.startswith(ZIP):
            return False
        try:
            with closing(Archive(path)) as archive:
                return "xl/workbook.xml" in archive or is_ods(archive)
        except UserError:  # so that it is said what is damaged
            return fits or any(mark in head for mark in _MARKS)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """About the workbook and its cells, as far as `rows` has been read."""
        return (*self._first_findings, *about_cells(self._notes))

    def rows(self) -> Iterator[Item]:
        """All rows in the sheet's order; to be called once."""
        number = self._head[0].number - 1
        rows = itertools.chain(self._head, self._rows)
        if self.options.header:
            number = next(rows).number
        try:
            for row in rows:
                for empty in range(number + 1, min(row.number, number + 1 + _MOST_GAP_ROWS)):
                    yield EmptyRow(empty)
                number = row.number
                yield self._item(row)
                if self._is_cut() and self._book.share() * self.size_bytes > self.sampled_bytes:
                    return
        except DAMAGE as error:
            reason = f"the file is damaged here, what follows cannot be read: {first_line(error)}"
            yield BadRow(FindingKind.BROKEN, RejectedRow(number + 1, reason, ""))

    def position_bytes(self) -> int:
        """How far `rows` is, by the share of the sheet that has been read."""
        return round(self._book.share() * self.size_bytes)

    def close(self) -> None:
        """Close the file."""
        self._book.close()

    def _is_cut(self) -> bool:
        return self.sampled_bytes < self.size_bytes

    def _choose(self, wanted: str | None) -> tuple[Sheet, Iterator[SheetRow], list[SheetRow]]:
        """The sheet to read, with its first rows and those after them."""
        if wanted is not None:
            sheets = [self._named(wanted)]
        else:
            sheets = [sheet for sheet in self._book.sheets if not sheet.is_hidden]
            sheets = sheets or list(self._book.sheets)
        for sheet in sheets:
            rows = self._counted(self._book.rows(sheet, self._notes))
            head = list(itertools.islice(rows, _HEAD_ROWS))
            if head:
                return sheet, rows, head
            self._notes = Notes()
        if wanted is not None:
            raise UserError(
                "sheet-empty",
                "The sheet {sheet!r} of {file} is empty: {choices}.",
                sheet=sheets[0].name,
                file=self._path.name,
                choices=choices(self._book),
            )
        raise no_text(self._path.name)

    def _named(self, wanted: str) -> Sheet:
        sheets = self._book.sheets
        named = [sheet for sheet in sheets if sheet.name.lower() == wanted.lower()]
        if named:
            return named[0]
        if wanted.isdecimal() and 1 <= int(wanted[:9]) <= len(sheets):
            return sheets[int(wanted) - 1]
        raise UserError(
            "no-such-sheet",
            "{file} has no sheet {sheet!r}: {choices}.",
            file=self._path.name,
            sheet=wanted,
            choices=choices(self._book),
        )

    def _find_header(self, options: ReadOptions) -> Header:
        """The columns; what stands above them is dropped from the head."""
        self._skipped = options.skip_lines or 0
        self._titles: tuple[Finding, ...] = ()
        self._head = [row for row in self._head if row.number > self._skipped]
        if not self._head:
            raise no_text(self._path.name, self._skipped)
        rows = self._table()
        titles = count_titles(rows) if options.skip_lines is None else 0
        names = options.header is None and judge_first_row(rows[titles:]).names
        if titles and (options.header or names):
            self._titles = (about_titles(self._head[:titles]),)
            self._head = self._head[titles:]
            self._skipped = self._head[0].number - 1
            rows = self._table()
        return read_header(rows, present=options.header, line=self._head[0].number)

    def _table(self) -> list[tuple[str, ...]]:
        """The first rows, from the first to the last of the columns in which they have text."""
        self._first = min(min(row.cells) for row in self._head)
        last = max(max(row.cells) for row in self._head)
        self._width = last + 1 - self._first
        check_column_count(self._path.name, self._width)
        return [self._cells(row) for row in self._head]

    def _cells(self, row: SheetRow) -> tuple[str, ...]:
        get = row.cells.get
        return tuple(get(column, "") for column in range(self._first, self._first + self._width))

    def _counted(self, rows: Iterator[SheetRow]) -> Iterator[SheetRow]:
        """The rows, as long as they are not more text than such a file should hold."""
        most = max(_NEVER_TOO_LARGE, _MOST_TEXT_RATIO * self.size_bytes)
        characters = 0
        for row in rows:
            characters += sum(map(len, row.cells.values()))
            characters += _ROW_CHARACTERS + _CELL_CHARACTERS * len(row.cells)
            if characters > most:
                raise expands_too_much(self._path.name, self.size_bytes, most)
            yield row

    def _item(self, row: SheetRow) -> Item:
        outside = sum(not 0 <= column - self._first < self._width for column in row.cells)
        if outside:
            reason = (
                f"{counted(outside, 'cell')} outside the {counted(self._width, 'column')} of the "
                "table"
            )
            text = "\t".join(row.cells[column] for column in sorted(row.cells))
            return BadRow(FindingKind.RAGGED, RejectedRow(row.number, reason, text))
        cells = self._cells(row)
        if self._names and are_same_names(cells, self._names):
            return RepeatedHeader(row.number)
        return ReadRow(row.number, cells)


def _open_book(archive: Archive) -> Book:
    return OdsBook(archive) if is_ods(archive) else XlsxBook(archive)
