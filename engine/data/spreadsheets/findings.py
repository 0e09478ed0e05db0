"""What is said about a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator

from engine.contract.reading.reading import Finding, FindingKind
from engine.data.headers import shown_cell
from engine.data.spreadsheets.book import Book, Notes, Sheet, SheetRow
from engine.data.tallies import counted

_LISTED_SHEETS = 10
_LISTED = 4


def choices(book: Book) -> str:
    """The sheets to choose from, for a sentence."""
    names = ", ".join(repr(sheet.name) for sheet in book.sheets[:_LISTED_SHEETS])
    more = len(book.sheets) - _LISTED_SHEETS
    return f"choose one of {names}" + (f" and {more} more" if more > 0 else "")


def about_book(book: Book, read: Sheet) -> Iterator[Finding]:
    """Other sheets than the one that is read, and macros."""
    count = len(book.sheets)
    if count > 1:
        message = f"{count} sheets: {read.name!r} is read; {choices(book)}."
        yield Finding(FindingKind.SHEETS, message, count)
    if book.has_macros:
        message = "The file holds macros: they are never run."
        yield Finding(FindingKind.MACROS, message, 1)


def about_titles(rows: list[SheetRow]) -> Finding:
    """What stands above the table."""
    texts = [shown_cell(next(iter(row.cells.values()))) for row in rows[:_LISTED]]
    message = f"{counted(len(rows), 'row')} above the table: not read ({', '.join(texts)})."
    lines = tuple(row.number for row in rows)
    return Finding(FindingKind.LEADING_LINES, message, len(rows), lines)


def about_cells(notes: Notes) -> Iterator[Finding]:
    """Cells that are not plain values."""
    if notes.errors.count:
        message = (
            f"{counted(notes.errors.count, 'cell')} with an error of the spreadsheet, such as "
            "#REF!: read as that text."
        )
        yield notes.errors.finding(FindingKind.CELL_ERRORS, message)
    if notes.uncomputed.count:
        message = (
            f"{counted(notes.uncomputed.count, 'formula')} without a value: read as empty; open "
            "the file in a spreadsheet program and save it, so that they are computed."
        )
        yield notes.uncomputed.finding(FindingKind.CELL_ERRORS, message)
    if notes.merged.count:
        message = (
            f"{counted(notes.merged.count, 'cell')} merged with the one above: its text stands in "
            "each row."
        )
        yield notes.merged.finding(FindingKind.MERGED_CELLS, message)
