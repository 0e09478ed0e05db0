"""What the readers of the spreadsheet formats have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from engine.contract.errors import UserError
from engine.data.headers import MOST_COLUMNS
from engine.data.tallies import Count

MOST_SHEETS = 1000
MOST_ROWS = 2**20
"""As many as Excel and LibreOffice have."""
FAR_COLUMN = MOST_COLUMNS
"""Cells beyond it (0-based) count as standing there, which is too far for a table."""

ERRORS = frozenset(["#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"])


def check_sheet_count(file: str, count: int) -> None:
    """Raise `UserError` where a file has more sheets than a person would read."""
    if count > MOST_SHEETS:
        raise UserError(
            "too-many-sheets",
            "{file} has more than {limit:,} sheets. Copy the one to read to a separate file.",
            file=file,
            limit=MOST_SHEETS,
        )


def check_row_number(number: int) -> None:
    """Raise `UserError` for a row below the last that spreadsheet programs have."""
    if number > MOST_ROWS:
        raise UserError(
            "too-many-sheet-rows",
            "The sheet has a row {number:,}. Spreadsheets have at most {limit:,} rows, so the "
            "file is damaged or malicious.",
            number=number,
            limit=MOST_ROWS,
        )


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row with text in it: its number as the program shows it, and its cells by column.

    Attributes:
        cells: text by column, 0-based; empty ones are left out.
    """

    number: int
    cells: dict[int, str]


@dataclass
class Notes:
    """What is counted while the rows of a sheet are read.

    Attributes:
        errors: cells whose formula ends in an error such as #REF!.
        uncomputed: cells with a formula and no value.
        merged: cells that were filled because they are merged with the one above.
    """

    errors: Count = field(default_factory=Count)
    uncomputed: Count = field(default_factory=Count)
    merged: Count = field(default_factory=Count)


@dataclass(frozen=True)
class Sheet:
    """A sheet of cells; charts, dialogs and macros are none.

    Attributes:
        key: what the reader finds it by.
        is_hidden: whether the program leaves it out of its tabs.
    """

    name: str
    key: str
    is_hidden: bool = False


class Book(Protocol):
    """An open spreadsheet.

    Attributes:
        title: of the format, such as "Excel".
        sheets: in the order of their tabs.
        has_macros: whether it brings programs, which are never run.
    """

    title: str
    sheets: tuple[Sheet, ...]
    has_macros: bool

    def rows(self, sheet: Sheet, notes: Notes) -> Iterator[SheetRow]:
        """The rows with text, in order.

        Raises:
            UserError: something in it is too large.
            DAMAGE: it is cut or changed from here on.
        """

    def share(self) -> float:
        """How much of the latest sheet has been read, 0 to 1."""

    def close(self) -> None:
        """Close the file."""
