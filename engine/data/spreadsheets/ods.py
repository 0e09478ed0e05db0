"""OpenDocument spreadsheets (ODF 1.3, part 3): .ods."""

from __future__ import annotations

from collections.abc import Iterator
from zipfile import BadZipFile

from engine.data.reader_errors import password_protected
from engine.data.spreadsheets.archive import DAMAGE, Archive, explain_damage
from engine.data.spreadsheets.book import Notes, Sheet, SheetRow, check_sheet_count
from engine.data.spreadsheets.merging import Merges
from engine.data.spreadsheets.ods_rows import STYLE, TABLE, OdsRowParser
from engine.data.spreadsheets.xml_part import LOCAL, Attributes, XmlPart

_MIME = b"application/vnd.oasis.opendocument.spreadsheet"
_CONTENT = "content.xml"
_MANIFEST = "META-INF/manifest.xml"


def is_ods(archive: Archive) -> bool:
    """Whether the file says that it is such a spreadsheet."""
    if "mimetype" not in archive:
        return False
    with explain_damage(archive.path), archive.open("mimetype") as stream:
        return stream.read(len(_MIME)) == _MIME


class OdsBook:
    """Reads a spreadsheet (see `engine.data.spreadsheets.book.Book`).

    Args:
        archive: the file, which is closed with this.
    """

    title = "OpenDocument"

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._part: XmlPart | None = None
        self._refuse_encrypted()
        if _CONTENT not in archive:
            raise BadZipFile(f"{_CONTENT} is missing")
        self._size = max(1, archive.size_of(_CONTENT))
        self.sheets = self._find_sheets()
        self.has_macros = any(name.startswith("basic/") for name in archive.names())

    def rows(self, sheet: Sheet, notes: Notes) -> Iterator[SheetRow]:
        """The rows with text, in order."""
        merges = Merges((), notes.merged)
        parser = OdsRowParser(int(sheet.key), notes, merges)
        self._part = part = XmlPart(parser.start, parser.end, name=self._archive.path.name)
        parser.part = part
        with self._archive.open(_CONTENT) as stream:
            for _ in part.chunks(stream):
                for row, times in parser.take():
                    for number in range(row.number, row.number + times):
                        yield merges.filled(SheetRow(number, dict(row.cells)))
                if parser.is_done:
                    return

    def share(self) -> float:
        """How much of the file has been read, 0 to 1; sheets before this one count."""
        return 0.0 if self._part is None else min(1.0, self._part.read_bytes / self._size)

    def close(self) -> None:
        """Close the file."""
        self._archive.close()

    def _refuse_encrypted(self) -> None:
        if _MANIFEST not in self._archive:
            return
        encrypted: list[str] = []

        def start(name: str, _values: Attributes) -> None:
            tag = LOCAL[name]
            if tag == "encryption-data":
                encrypted.append(tag)

        part = XmlPart(start, lambda _tag: None, name=self._archive.path.name)
        with self._archive.open(_MANIFEST) as stream:
            for _ in part.chunks(stream):
                if encrypted:
                    raise password_protected(self._archive.path.name)

    def _find_sheets(self) -> tuple[Sheet, ...]:
        sheets: list[Sheet] = []
        hidden: set[str] = set()
        style, depth = "", 0

        def start(name: str, values: Attributes) -> None:
            nonlocal style, depth
            tag = LOCAL[name]
            if tag == "table":
                depth += 1
                if depth == 1:
                    name = values.get(f"{TABLE} name") or f"sheet {len(sheets) + 1}"
                    is_hidden = values.get(f"{TABLE} style-name") in hidden
                    sheets.append(Sheet(name, str(len(sheets)), is_hidden))
            elif tag == "style":
                style = values.get(f"{STYLE} name", "")
            elif tag == "table-properties" and values.get(f"{TABLE} display") == "false":
                hidden.add(style)

        def end(name: str) -> None:
            nonlocal depth
            tag = LOCAL[name]
            if tag == "table":
                depth -= 1

        part = XmlPart(start, end, name=self._archive.path.name)
        try:
            with self._archive.open(_CONTENT) as stream:
                for _ in part.chunks(stream):
                    check_sheet_count(self._archive.path.name, len(sheets))
        except DAMAGE:  # reported when the rows are read; the sheets before it are whole
            if not sheets:
                raise
        return tuple(sheets)
