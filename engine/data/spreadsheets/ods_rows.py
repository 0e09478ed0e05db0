"""The cells of an OpenDocument sheet, one row after another."""

from __future__ import annotations

import re

from engine.data.spreadsheets.book import (
    ERRORS,
    FAR_COLUMN,
    MOST_ROWS,
    Notes,
    SheetRow,
    check_row_number,
)
from engine.data.spreadsheets.cell_text import BOOLEANS, general
from engine.data.spreadsheets.merging import Merge, Merges
from engine.data.spreadsheets.xml_part import LOCAL, Attributes, XmlPart

_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, TABLE, TEXT, STYLE = (f"{_ODF}{part}:1.0" for part in ("office", "table", "text", "style"))
_VALUE_TYPE, _VALUE = f"{OFFICE} value-type", f"{OFFICE} value"
_CELL_STYLE = f"{TABLE} style-name"
_ROWS_REPEATED = f"{TABLE} number-rows-repeated"
_COLUMNS_REPEATED = f"{TABLE} number-columns-repeated"
_ROWS_SPANNED = f"{TABLE} number-rows-spanned"
_CELLS = ("table-cell", "covered-table-cell")
_ASIDE = frozenset(("annotation", "frame", "shapes", "custom-shape", "control", "object"))
"""What may stand in a cell without being its text: comments and drawings."""
_DURATION = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")
_NUMBERS = ("float", "percentage", "currency")


class OdsRowParser:
    """Makes rows of the elements of content.xml.

    Args:
        wanted: which table, counted from 0.
        notes: where errors are counted.
        merges: what merged cells are added to.

    Attributes:
        part: the XML that is read; to be set before it is.
        is_done: whether the table has ended.
    """

    part: XmlPart

    def __init__(self, wanted: int, notes: Notes, merges: Merges) -> None:
        self._wanted, self._notes, self._merges = wanted, notes, merges
        self.is_done = False
        self._table = -1
        self._depth = 0  # of tables: a cell may hold another one
        self._aside = 0  # depth inside of what is not the text of the cell
        self._rows: list[tuple[SheetRow, int]] = []
        self._number = 0
        self._times = 1
        self._cells: dict[int, str] = {}
        self._column = 0
        self._cell: Attributes = {}
        self._paragraphs = 0
        self._in_paragraph = False

    def take(self) -> list[tuple[SheetRow, int]]:
        """The rows that have ended since the last call, with how often each stands there."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, name: str, values: Attributes) -> None:
        """An element begins."""
        tag = LOCAL[name]
        if tag == "table":
            self._depth += 1
            self._table += self._depth == 1
            return
        if self.is_done or self._table != self._wanted or self._depth != 1:
            return
        if self._aside or tag in _ASIDE:
            self._aside += 1
            self.part.collect(False)
        elif tag in _CELLS:
            self._cell = values
            self._paragraphs = 0
        elif tag == "p":
            if self._paragraphs:
                self.part.add("\n")
            self._paragraphs += 1
            self._in_paragraph = True
            self.part.collect(True)
        elif tag == "s":
            self.part.add(" " * _count(values, f"{TEXT} c", FAR_COLUMN))
        elif tag == "tab":
            self.part.add("\t")
        elif tag == "line-break":
            self.part.add("\n")
        elif tag == "table-row":
            self._times = _count(values, _ROWS_REPEATED, MOST_ROWS + 1)
            self._number += 1
            self._column = 0

    def end(self, name: str) -> None:
        """An element ends."""
        tag = LOCAL[name]
        if tag == "table":
            self._depth -= 1
            self.is_done |= self._depth == 0 and self._table == self._wanted
            return
        if self.is_done or self._table != self._wanted or self._depth != 1:
            return
        if self._aside:
            self._aside -= 1
            self.part.collect(self._in_paragraph and not self._aside)
        elif tag == "p":
            self._in_paragraph = False
            self.part.collect(False)
        elif tag in _CELLS:
            self._end_cell()
        elif tag == "table-row":
            self._end_row()

    def _end_cell(self) -> None:
        values, shown = self._cell, self.part.take()
        text = self._text(values, shown)
        repeat = _count(values, _COLUMNS_REPEATED, FAR_COLUMN + 1)
        if text:
            for column in range(self._column, min(self._column + repeat, FAR_COLUMN + 1)):
                self._cells[column] = text
            spanned = _count(values, _ROWS_SPANNED, MOST_ROWS)
            if spanned > 1:
                self._merges.add(Merge(self._number, self._number + spanned - 1, self._column))
        self._column = min(self._column + repeat, FAR_COLUMN + 1)

    def _end_row(self) -> None:
        if self._cells:
            check_row_number(self._number + self._times - 1)
            self._rows.append((SheetRow(self._number, self._cells), self._times))
            self._cells = {}
        self._number += self._times - 1

    def _text(self, values: Attributes, shown: str) -> str:
        """The text that a person sees, dates as ISO 8601 has them."""
        kind = values.get(_VALUE_TYPE)
        if shown in ERRORS or shown.startswith("Err:"):
            self._notes.errors.add(self._number)
        if kind is None or kind == "string":
            return shown or values.get(f"{OFFICE} string-value") or ""
        if kind == "boolean":
            return BOOLEANS.get(values.get(f"{OFFICE} boolean-value") or "", shown)
        if kind == "date":
            return (values.get(f"{OFFICE} date-value") or shown).replace("T", " ").partition(".")[0]
        if kind == "time":
            parts = _DURATION.fullmatch(values.get(f"{OFFICE} time-value") or "")
            return ":".join(parts.groups()) if parts else shown
        number = values.get(_VALUE) or ""
        if kind in _NUMBERS and (not shown or _is_written_plainly(values, shown)):
            return general(number) or shown
        return shown


def _count(values: Attributes, name: str, most: int) -> int:
    """A number of repetitions, 1 where there is none."""
    text = values.get(name)
    return max(1, min(int(text[:9]), most)) if text is not None and text.isdecimal() else 1


def _is_written_plainly(values: Attributes, shown: str) -> bool:
    """Whether the number has no format of its own and is shown with a needless ".0"."""
    return shown.endswith(".0") and values.get(_CELL_STYLE) is None
