"""Excel's workbooks (ECMA-376, "Office Open XML"): .xlsx and .xlsm."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from zipfile import BadZipFile

from engine.data.spreadsheets.archive import Archive
from engine.data.spreadsheets.book import Notes, Sheet, SheetRow, check_sheet_count
from engine.data.spreadsheets.cell_text import CellText, general, number_format
from engine.data.spreadsheets.merging import Merges, find_merges
from engine.data.spreadsheets.shared_strings import SharedStrings
from engine.data.spreadsheets.xlsx_rows import XlsxRowParser
from engine.data.spreadsheets.xml_part import LOCAL, Attributes, XmlPart


class XlsxBook:
    """Reads a workbook (see `engine.data.spreadsheets.book.Book`).

    Args:
        archive: the file, which is closed with this.
    """

    title = "Excel"

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._part: XmlPart | None = None
        self._size = 1
        main = self._main_part()
        self._targets = self._relations(main)
        self._from_1904 = False
        self.sheets = self._find_sheets(main)
        self.has_macros = any(name.endswith("vbaproject.bin") for name in archive.names())
        self._formats = self._read_formats()
        self._strings = SharedStrings(archive, self._target("sharedStrings"))

    def rows(self, sheet: Sheet, notes: Notes) -> Iterator[SheetRow]:
        """The rows with text, in order."""
        merges = Merges(find_merges(self._archive, sheet.key), notes.merged)
        parser = XlsxRowParser(self._strings, self._formats, notes)
        self._size = max(1, self._archive.size_of(sheet.key))
        self._part = part = XmlPart(parser.start, parser.end, name=self._archive.path.name)
        parser.part = part
        with self._archive.open(sheet.key) as stream:
            for _ in part.chunks(stream):
                for row in parser.take():
                    yield merges.filled(row)

    def share(self) -> float:
        """How much of the latest sheet has been read, 0 to 1."""
        return 0.0 if self._part is None else min(1.0, self._part.read_bytes / self._size)

    def close(self) -> None:
        """Close the file."""
        self._strings.close()
        self._archive.close()

    def _main_part(self) -> str:
        for _, values in self._elements("_rels/.rels", "Relationship"):
            if values.get("Type", "").endswith("/officeDocument"):
                return values.get("Target", "").lstrip("/")
        return "xl/workbook.xml"

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Kind and target of each relation of a part."""
        folder, name = posixpath.split(part)
        relations = {}
        for _, values in self._elements(f"{folder}/_rels/{name}.rels", "Relationship"):
            target = posixpath.normpath(posixpath.join("/", folder, values.get("Target", "")))
            kind = values.get("Type", "").rpartition("/")[2]
            relations[values.get("Id", "")] = (kind, target.lstrip("/"))
        return relations

    def _target(self, kind: str) -> str | None:
        targets = [target for target_kind, target in self._targets.values() if target_kind == kind]
        return targets[0] if targets and targets[0] in self._archive else None

    def _find_sheets(self, main: str) -> tuple[Sheet, ...]:
        sheets: list[Sheet] = []
        for tag, values in self._elements(main, "sheet", "workbookPr", needed=True):
            if tag == "workbookPr":
                self._from_1904 = values.get("date1904", "") in ("1", "true")
                continue
            # Its namespace is another one in files of the strict kind.
            relation = next((text for name, text in values.items() if name.endswith(" id")), "")
            kind, target = self._targets.get(relation, ("", ""))
            if kind == "worksheet" and target in self._archive:
                hidden = values.get("state", "visible") != "visible"
                sheets.append(Sheet(values.get("name", ""), target, hidden))
            check_sheet_count(self._archive.path.name, len(sheets))
        return tuple(sheets)

    def _read_formats(self) -> list[CellText]:
        """What makes text of a number, for each style of a cell."""
        name = self._target("styles")
        if name is None:
            return []
        codes: dict[str, str] = {}
        formats: list[CellText] = []
        made: dict[str, CellText] = {"0": general}
        inside: list[str] = []

        def start(name: str, values: Attributes) -> None:
            tag = LOCAL[name]
            parent = inside[-1] if inside else ""
            inside.append(tag)
            if tag == "numFmt" and parent == "numFmts":
                codes[values.get("numFmtId", "")] = values.get("formatCode", "")
            elif tag == "xf" and parent == "cellXfs":
                identity = values.get("numFmtId", "0")
                if identity not in made:
                    number = int(identity) if identity.isdecimal() and len(identity) < 9 else 0
                    code = codes.get(identity)
                    made[identity] = number_format(number, code, from_1904=self._from_1904)
                formats.append(made[identity])

        part = XmlPart(start, lambda _tag: inside.pop(), name=self._archive.path.name)
        with self._archive.open(name) as stream:
            for _ in part.chunks(stream):
                pass
        return formats

    def _elements(
        self, name: str, *tags: str, needed: bool = False
    ) -> Iterator[tuple[str, Attributes]]:
        """Elements of a part that have one of these names."""
        if name not in self._archive:
            if needed:
                raise BadZipFile(f"{name} is missing")
            return
        elements: list[tuple[str, Attributes]] = []

        def start(name: str, values: Attributes) -> None:
            tag = LOCAL[name]
            if tag in tags:
                elements.append((tag, values))

        part = XmlPart(start, lambda _tag: None, name=self._archive.path.name)
        with self._archive.open(name) as stream:
            for _ in part.chunks(stream):
                yield from elements
                elements.clear()
        yield from elements
