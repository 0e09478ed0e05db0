"""An Excel workbook of one sheet, written as a stream (ECMA-376, "Office Open XML").

Only what a table needs: text, numbers, and a first row that stays in view.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Sequence
from html import escape

from engine.contract.errors import UserError

MOST_ROWS, MOST_COLUMNS = 2**20, 2**14
MOST_CELL_CHARACTERS = 32_767
"""Counted in UTF-16, as Excel does; with more, it calls the file damaged."""
_MOST_SHEET_BYTES = 2**31 - 1
"""Beyond it the zip file would need a form that Excel refuses."""

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SHEET = "xl/worksheets/sheet1.xml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_TYPES}">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/{_SHEET}" ContentType="{_KIND}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    "<bookViews><workbookView/></bookViews>"
    '<sheets><sheet name="Table" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
_START = (
    f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    "</sheetView></sheetViews><sheetData>"
)
_END = "</sheetData></worksheet>"
# What XML cannot hold, and what would be read as such an escape.
_ESCAPED = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


class WorkbookWriter:
    """Writes lines of cells; empty ones are left out.

    Args:
        stream: open for writing, and for going back.

    Raises:
        UserError: more rows, columns or bytes, or a longer text, than Excel reads.
    """

    def __init__(self, stream: io.BufferedWriter) -> None:
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED)
        for name, text in _PARTS.items():
            self._zip.writestr(_entry(name), _XML + text)
        self._sheet = self._zip.open(_entry(_SHEET), "w")
        self._sheet.write((_XML + _START).encode())
        self._row = self._bytes = 0

    def add(self, line: Sequence[str | int | float | None]) -> None:
        """Write a line."""
        self._row += 1
        if self._row > MOST_ROWS or len(line) > MOST_COLUMNS:
            raise _too_large()
        cells = "".join(
            self._cell(f"{_letters(column)}{self._row}", value)
            for column, value in enumerate(line)
            if value is not None and value != ""
        )
        data = f'<row r="{self._row}">{cells}</row>'.encode()
        self._bytes += len(data)
        if self._bytes > _MOST_SHEET_BYTES - 2**16:
            raise _too_large()
        self._sheet.write(data)

    def __enter__(self) -> WorkbookWriter:
        return self

    def __exit__(self, *_error: object) -> None:
        self._sheet.write(_END.encode())
        self._sheet.close()
        self._zip.close()

    def _cell(self, cell: str, value: str | int | float) -> str:
        if isinstance(value, bool):
            return f'<c r="{cell}" t="b"><v>{int(value)}</v></c>'
        if not isinstance(value, str):
            if math.isfinite(value):
                return f'<c r="{cell}"><v>{value}</v></c>'
            value = str(value)
        characters = len(value) + sum(letter > "\uffff" for letter in value)
        if characters > MOST_CELL_CHARACTERS:
            raise UserError(
                "cell-too-long",
                "The cell {cell} has {characters:,} characters, and a workbook's at most "
                "{limit:,}. Save the table as CSV.",
                cell=cell,
                characters=characters,
                limit=MOST_CELL_CHARACTERS,
            )
        text = escape(_ESCAPED.sub(lambda match: f"_x{ord(match[0]):04X}_", value), quote=False)
        return f'<c r="{cell}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _entry(name: str) -> zipfile.ZipInfo:
    """A file in the zip file, of no date: the same table is the same workbook, byte for byte."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _too_large() -> UserError:
    return UserError(
        "too-large-for-a-workbook",
        "A workbook has at most {rows:,} rows, {columns:,} columns and 2 GiB, and the table has "
        "more. Save it as CSV.",
        rows=MOST_ROWS,
        columns=MOST_COLUMNS,
    )


def _letters(column: int) -> str:
    """The letters of a column, 0-based: A, Z, AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
