"""The reader for JSON: an object a line, lists, objects that hold them, tables by columns."""

from __future__ import annotations

import codecs
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import RejectedRow
from engine.contract.reading.formats import format_info
from engine.contract.reading.reading import Finding, FindingKind, ReadOptions
from engine.data.encodings import find_bad_byte, show_bad_bytes
from engine.data.headers import read_header
from engine.data.item_rows import ItemRows
from engine.data.json_layout import Form, JsonLayout, find_layout
from engine.data.json_rows import NotAnItemError, item_cells, parse_item, parse_value, text_of
from engine.data.json_tables import columns_unreadable, table_rows
from engine.data.json_values import JsonWalker, Value, line_values
from engine.data.records import BadRow, EmptyRow, Item
from engine.data.text_file import TextFile

_HEAD_ITEMS = 1000
_HEADER_ROWS = 50
_HEAD_CHARACTERS = 2 * 2**20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OPENING = re.compile(r'\s*(\[\s*)?(\{\s*"|\{\s*\}|\[\s*["\[\d-])')
_OBJECTS = re.compile(r'\[\s*\{\s*("|\})')
_HEAD_BYTES = 60_000
_AFTER = re.compile(r"\s*\n\s*[\[{]|\s*\Z")


class JsonReader:
    """Reads JSON (see `engine.data.readers.Reader`).

    Nested objects become columns with dots in their names; a list of texts stays a list in its
    cell. Known data sets become rows as their forms ask. The columns are those of the first
    items, in a sample and in the import.

    Args:
        path: of the file.
        options: the encoding and the language, where the user has settled them.
        sample_bytes: read no more than this; a table by columns is always read whole.
    """

    def __init__(
        self, path: Path, options: ReadOptions, *, sample_bytes: int | None = None
    ) -> None:
        self._file = TextFile(path, options.encoding, sample_bytes=sample_bytes)
        name = path.name
        with self._file.opening():
            self._layout = self._find_layout()
            self._header = self._layout.header
            self._header_is_item = False
            if not self._header and self._layout.form is not Form.COLUMNS:
                self._find_header()
            self._made = ItemRows(
                self._head_items(), name, options.language, label=self._layout.label
            )
        self.unit = "row" if self._layout.form is Form.COLUMNS else "line"
        self.columns = self._made.columns
        self.size_bytes = self._file.size_bytes
        self.sampled_bytes = self._file.sampled_bytes
        if self._layout.form is Form.COLUMNS:
            self.sampled_bytes = self.size_bytes
        self.options = ReadOptions(encoding=self._file.encoding, language=self._made.language)
        in_lines = self._layout.form is Form.LINES
        self.format = self._made.format or ("jsonl" if in_lines else "json")
        words = self._made.title or ("JSON lines" if in_lines else "JSON")
        self.description = f"{words}, {self._file.encoding.upper()}"

    @staticmethod
    def reads(path: Path, head: bytes, *, fits: bool) -> bool:
        """By its ending, else by what it begins with."""
        return fits or _begins_as_json(head)

    @property
    def languages(self) -> tuple[str, ...]:
        """Of the texts, where they are marked."""
        return self._made.languages

    @property
    def findings(self) -> tuple[Finding, ...]:
        """About keys and languages, in what has been read."""
        return self._made.findings()

    def rows(self) -> Iterator[Item]:
        """All rows in the file's order, broken and empty ones too; to be called once."""
        if self._layout.form is Form.COLUMNS:
            with self._file.head() as text:
                for number, (key, row) in enumerate(self._table(text), start=1):
                    yield from self._made.rows_of(number, row, key)
            return
        with self._file.part() as text:
            for value in self._examples(text, cut=self._file.is_cut):
                yield from self._items_of(value)

    def position_bytes(self) -> int:
        """How far `rows` is, as far as the file is concerned."""
        return self._file.position_bytes()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _items_of(self, value: Value) -> Iterator[Item]:
        if value.problem:
            yield self._reject(value, value.problem)
        elif not value.text:
            yield EmptyRow(value.line)
        elif (bad := find_bad_byte(value.text)) is not None:
            position, byte = bad
            reason = f"byte {byte}, character {position}, is not {self._file.encoding}"
            yield self._reject(value, reason, FindingKind.UNDECODABLE)
        else:
            try:
                item = self._item(value)
            except NotAnItemError as error:
                yield self._reject(value, str(error))
                return
            yield from self._made.rows_of(value.line, item, value.key, text=lambda: value.text)

    @staticmethod
    def _reject(value: Value, reason: str, kind: FindingKind = FindingKind.BROKEN) -> BadRow:
        return BadRow(kind, RejectedRow(value.line, reason, show_bad_bytes(value.text)))

    def _item(self, value: Value) -> dict[str, Any]:
        return parse_item(value.text, self._header)

    def _find_layout(self) -> JsonLayout:
        with self._file.head() as text:
            head = text.read(_HEAD_CHARACTERS).removeprefix("\ufeff")
            whole = not text.read(1)
        in_lines = self._file.path.suffix.lower() in format_info("jsonl").endings
        return find_layout(head, whole=whole, in_lines=in_lines, name=self._file.path.name)

    def _examples(self, text: TextIO, *, cut: bool) -> Iterator[Value]:
        """The items as text, without the names of the columns where the first one holds these."""
        values = self._values(text, cut=cut)
        if self._header_is_item:
            next((value for value in values if value.text), None)
        return values

    def _values(self, text: TextIO, *, cut: bool) -> Iterator[Value]:
        """All items as text."""
        layout, name = self._layout, self._file.path.name
        if layout.form is Form.LINES:
            yield from line_values(text, name=name, cut=cut)
            return
        walker = JsonWalker(text, name=name, cut=cut)
        if layout.form is not Form.ITEMS:
            yield from self._entries(walker, layout.path)
        elif walker.next_letter() == "[":
            yield from walker.items()
            yield from walker.rest()
        else:
            yield from walker.values()

    def _entries(self, walker: JsonWalker, path: tuple[str, ...]) -> Iterator[Value]:
        """Items that stand below the keys of an object."""
        layout = self._layout
        if walker.next_letter() != "{":
            return
        for entry in walker.entries():
            if entry.problem:
                yield entry
            elif path and entry.key == path[0]:
                yield from self._entries(walker, path[1:])
            elif path:
                walker.skip()
            elif layout.form is Form.ENTRIES:
                value = walker.value(entry.key)
                if value is not None:
                    yield value
            elif entry.key in layout.keys and walker.next_letter() == "[":
                yield from walker.items(entry.key)
            else:
                walker.skip()
        if path == layout.path:
            yield from walker.rest()

    def _table(self, text: TextIO) -> Iterator[tuple[str, dict[str, Any]]]:
        """The rows of a table by columns, each with the key that its table stands under."""
        layout, name = self._layout, self._file.path.name
        value = next(JsonWalker(text, name=name, cut=False).values())
        try:
            if value.problem:
                raise NotAnItemError(value.problem)
            table = parse_value(value.text)
        except NotAnItemError as error:
            raise columns_unreadable(name, str(error)) from error
        for key in layout.path:
            table = table[key]
        if not layout.keys:
            yield from (("", row) for row in table_rows(table, name))
        for key in layout.keys:
            yield from ((key, row) for row in table_rows(table[key], name))

    def _head_items(self) -> list[dict[str, Any]]:
        """The first items that can be read."""
        if self._layout.form is Form.COLUMNS:
            with self._file.head() as text:
                rows = [row for _, row in itertools.islice(self._table(text), _HEAD_ITEMS)]
            if not rows:
                raise self._no_items("")
            return rows
        rows, problem, characters = [], "", 0
        with self._file.head() as text:
            for value in itertools.islice(self._examples(text, cut=False), _HEAD_ITEMS):
                characters += len(value.text)
                if value.text and find_bad_byte(value.text) is None:
                    try:
                        item = self._item(value)
                        item_cells(item)  # half characters would show here
                        rows.append(item)
                    except NotAnItemError as error:
                        problem = problem or f"line {value.line}: {value.problem or error}"
                if characters > _HEAD_CHARACTERS and rows:
                    break
        if not rows:
            raise self._no_items(problem)
        return rows

    def _find_header(self) -> None:
        """Where the items are lists: the names of their columns, in the first one or given."""
        rows: list[tuple[str, ...]] = []
        line = 0
        with self._file.head() as text:
            for value in itertools.islice(self._values(text, cut=True), _HEADER_ROWS):
                if not value.text:
                    continue
                try:
                    values = parse_value(value.text) if value.text.startswith("[") else None
                except NotAnItemError:
                    continue
                if not isinstance(values, list) or not values:
                    break
                line = line or value.line
                rows.append(tuple(map(text_of, values)))
        if not rows:
            return
        header = read_header(rows, present=None, line=line)
        self._header = header.columns
        self._header_is_item = header.present

    def _no_items(self, problem: str) -> UserError:
        return UserError(
            "no-json-objects",
            "{file} has no JSON objects that can be read ({reason}). Write one object per line, "
            "or a list of objects, with a value for each column.",
            file=self._file.path.name,
            reason=problem or "there are none",
        )


def _begins_as_json(head: bytes) -> bool:
    """Whether a text begins with a whole value, or with one that goes on behind these bytes."""
    encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")
    text = head.decode(encoding, "replace").lstrip()
    if not _OPENING.match(text):
        return False
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        if _OBJECTS.match(text):
            return True
        # An object that goes on behind the head; what breaks before is another format.
        ended = error.pos >= len(text) - 1 or error.msg.startswith("Unterminated")
        return len(head) >= _HEAD_BYTES and ended
    except RecursionError:
        return True
    # Where more stands in the line it is a table, of which the first cell is JSON.
    return _AFTER.match(text, end) is not None
