"""The reader for JSON: an object a line, or a list of objects; DART's nested files too."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from engine.contract.dataset_store import RejectedRow
from engine.contract.errors import UserError
from engine.contract.reading import Finding, FindingKind, ReadOptions
from engine.data.encodings import find_bad_byte, show_bad_bytes
from engine.data.json_rows import (
    DART_COLUMNS,
    NotAnItemError,
    dart_rows,
    find_columns,
    is_dart,
    item_rows,
    parse_item,
)
from engine.data.json_values import ListValues, Value, line_values, wraps_a_list
from engine.data.records import BadRow, EmptyRow, Item, ReadRow
from engine.data.text_file import TextFile
from engine.data.unknown_keys import UnknownKeys

LINE_ENDINGS = (".jsonl", ".ndjson")
ENDINGS = (".json", *LINE_ENDINGS)
_TABLE_ENDINGS = (".csv", ".tsv", ".tab")
_HEAD_ITEMS = 1000
_HEAD_CHARACTERS = 2 * 2**20


def holds_json(path: Path, head: bytes) -> bool:
    """Whether a file is read as JSON: by its ending, else by a first line that is an object."""
    suffix = path.suffix.lower()
    if suffix in ENDINGS:
        return True
    return suffix not in _TABLE_ENDINGS and _is_object(head.partition(b"\n")[0])


class JsonReader:
    """Reads JSON lines or a list of JSON objects (see `engine.data.readers.Reader`).

    Nested objects become columns with dots in their names. A list of texts under the name of a
    target becomes a row for each text, with the same input; of other lists of texts one text
    is made. The columns are those of the first items, in a first look and in the import.

    Args:
        path: of the file.
        options: the encoding, where the user has settled it.
        look_bytes: read no more than this.
    """

    place = "line"

    def __init__(self, path: Path, options: ReadOptions, *, look_bytes: int | None = None) -> None:
        self._file = TextFile(path, options.encoding, content="items", look_bytes=look_bytes)
        with self._file.opening():
            self._in_lines = self._is_in_lines()
            items = self._head_items()
            self._dart = is_dart(items[0])
            self.columns, self._references = self._find_columns(items)
        self.size_bytes = self._file.size_bytes
        self.looked_at_bytes = self._file.looked_at_bytes
        self._unknown = UnknownKeys(self.columns)
        self.options = ReadOptions(encoding=self._file.encoding)
        self.format = "dart" if self._dart else "jsonl" if self._in_lines else "json"
        words = {"dart": "DART", "jsonl": "JSON lines", "json": "JSON"}
        self.description = f"{words[self.format]}, {self._file.encoding.upper()}"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Keys that are no columns, in what has been read."""
        return self._unknown.findings()

    def rows(self) -> Iterator[Item]:
        """All rows in the file's order, broken and empty ones too; to be called once."""
        with self._file.part() as text:
            for value in self._values(text, cut=self._file.is_cut):
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
            yield from self._rows_of(value)

    def _rows_of(self, value: Value) -> Iterator[Item]:
        try:
            item = parse_item(value.text)
            rows = dart_rows(item) if self._dart else item_rows(item, self._references)
        except NotAnItemError as error:
            yield self._reject(value, str(error))
            return
        for row in rows:
            self._unknown.look(row, value.line)
            cells = tuple(row.get(column, "") for column in self.columns)
            yield ReadRow(value.line, cells) if any(cells) else EmptyRow(value.line)

    @staticmethod
    def _reject(value: Value, reason: str, kind: FindingKind = FindingKind.BROKEN) -> BadRow:
        return BadRow(kind, RejectedRow(value.line, reason, show_bad_bytes(value.text)))

    def _find_columns(self, items: list[dict[str, Any]]) -> tuple[tuple[str, ...], str | None]:
        return (DART_COLUMNS, None) if self._dart else find_columns(items, self._file.path.name)

    def _is_in_lines(self) -> bool:
        if self._file.path.suffix.lower() in LINE_ENDINGS:
            return True
        with self._file.head() as text:
            line = text.readline(_HEAD_CHARACTERS).removeprefix("\ufeff")
            following = text.readline(_HEAD_CHARACTERS)
        if following.strip():
            return _is_object(line)
        return _is_object(line) and not wraps_a_list(line)

    def _values(self, text: TextIO, *, cut: bool) -> Iterator[Value]:
        split = line_values if self._in_lines else ListValues
        return iter(split(text, name=self._file.path.name, cut=cut))

    def _head_items(self) -> list[dict[str, Any]]:
        """The first items that can be read."""
        found: list[dict[str, Any]] = []
        problem = ""
        characters = 0
        with self._file.head() as text:
            for value in itertools.islice(self._values(text, cut=False), _HEAD_ITEMS):
                characters += len(value.text)
                if value.text and find_bad_byte(value.text) is None:
                    try:
                        item = parse_item(value.text)
                        item_rows(item, None)  # half characters would show here
                        found.append(item)
                    except NotAnItemError as error:
                        problem = problem or f"line {value.line}: {value.problem or error}"
                if characters > _HEAD_CHARACTERS and found:
                    break
        if not found:
            why = f" ({problem})" if problem else ""
            raise UserError(
                f"{self._file.path.name} holds no JSON object that can be read{why}: it needs one "
                "object a line, or a list of objects, with a value for each column."
            )
        return found


def _is_object(line: str | bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
