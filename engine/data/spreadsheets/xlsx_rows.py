"""The cells of an Excel sheet, one row after another."""

from __future__ import annotations

from collections.abc import Sequence

from engine.data.spreadsheets.book import FAR_COLUMN, Notes, SheetRow, check_row_number
from engine.data.spreadsheets.cell_text import BOOLEANS, CellText, general
from engine.data.spreadsheets.shared_strings import SharedStrings, unescaped
from engine.data.spreadsheets.xml_part import LOCAL, Attributes, XmlPart


class XlsxRowParser:
    """Makes rows of the elements of a sheet's XML.

    Args:
        strings: the workbook's shared strings.
        formats: what makes the text of a number, by the style of a cell.
        notes: where errors and missing values are counted.

    Attributes:
        part: the XML that is read; to be set before it is.
    """

    part: XmlPart

    def __init__(self, strings: SharedStrings, formats: Sequence[CellText], notes: Notes) -> None:
        self._strings, self._formats, self._notes = strings, formats, notes
        self._rows: list[SheetRow] = []
        self._number = 0
        self._cells: dict[int, str] = {}
        self._column = -1
        self._kind, self._style = "n", "0"
        self._has_formula = self._is_phonetic = False
        self._columns: dict[str, int] = {}

    def take(self) -> list[SheetRow]:
        """The rows that have ended since the last call."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, name: str, values: Attributes) -> None:
        """An element begins."""
        tag = LOCAL[name]
        if tag == "c":
            self._kind = values.get("t", "n")
            self._style = values.get("s", "0")
            self._has_formula = self._is_phonetic = False
            reference = values.get("r")
            self._column = self._column + 1 if reference is None else self._column_of(reference)
        elif tag == "v" or (tag == "t" and not self._is_phonetic):
            self.part.collect(True)
        elif tag == "f":
            self._has_formula = True
        elif tag == "rPh":
            self._is_phonetic = True
        elif tag == "row":
            self._start_row(values.get("r"))

    def end(self, name: str) -> None:
        """An element ends."""
        tag = LOCAL[name]
        if tag == "v" or tag == "t":
            self.part.collect(False)
        elif tag == "c":
            text = self._text(self.part.take())
            if text:
                self._cells[self._column] = text
        elif tag == "rPh":
            self._is_phonetic = False
        elif tag == "row" and self._cells:
            self._rows.append(SheetRow(self._number, self._cells))
            self._cells = {}

    def _start_row(self, attribute: str | None) -> None:
        number = self._number + 1
        if attribute is not None and attribute.isdecimal():
            number = max(number, int(attribute[:9]))
        check_row_number(number)
        self._number = number
        self._column = -1

    def _column_of(self, reference: str) -> int:
        """The column of a cell such as "AB12", 0-based."""
        letters = reference.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            column = column_number(letters)
            if len(self._columns) < FAR_COLUMN:
                self._columns[letters] = column
        return column

    def _text(self, raw: str) -> str:
        """The text that a person sees."""
        kind = self._kind
        if kind == "s" and raw:
            return self._strings[int(raw)]
        if not raw:
            if self._has_formula and kind not in ("str", "inlineStr"):
                self._notes.uncomputed.add(self._number)
            return ""
        if kind == "n":
            style = int(self._style)
            return (self._formats[style] if style < len(self._formats) else general)(raw)
        if kind == "b":
            return BOOLEANS.get(raw, raw)
        if kind == "e":
            self._notes.errors.add(self._number)
            return raw
        if kind == "d":
            return raw.replace("T", " ").removesuffix(" 00:00:00")
        return unescaped(raw)


def column_number(letters: str) -> int:
    """The number of a column, 0-based, from its letters; far ones all stand at the limit."""
    number = 0
    for letter in letters.upper()[:6]:
        if not "A" <= letter <= "Z":
            return FAR_COLUMN
        number = number * 26 + ord(letter) - ord("A") + 1
    return min(max(number - 1, 0), FAR_COLUMN)
