"""The reader for JSON: an object a line, or a list of objects; DART's nested files too."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from engine.contract.dataset_store import RejectedRow
from engine.contract.errors import UserError
from engine.contract.reading import Finding, FindingKind, ReadOptions
from engine.data.encodings import (
    check_encoding,
    find_bad_byte,
    guess_encoding,
    open_text,
    show_bad_bytes,
)
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
from engine.data.opening import explain_read_errors, open_source, refuse_binary
from engine.data.records import BadRow, EmptyRow, Item, ReadRow
from engine.data.unknown_keys import UnknownKeys

LINE_ENDINGS = (".jsonl", ".ndjson")
ENDINGS = (".json", *LINE_ENDINGS)
_TABLE_ENDINGS = (".csv", ".tsv", ".tab")
_HEAD_ITEMS = 1000
_HEAD_CHARACTERS = 2 * 2**20
_BINARY_CHECK_BYTES = 64 * 2**10


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
        self._path = path
        self._file = self._stream = open_source(path)
        try:
            with explain_read_errors(path):
                self.size_bytes = self._file.seek(0, io.SEEK_END)
                if not self.size_bytes:
                    raise UserError(f"{path.name} is empty (0 bytes): choose a file with items.")
                self._encoding = self._find_encoding(options.encoding)
                self._in_lines = self._is_in_lines()
                self.looked_at_bytes = min(look_bytes or self.size_bytes, self.size_bytes)
                items = self._head_items()
                self._stream = self._part(self.looked_at_bytes)
                self._dart = is_dart(items[0])
                self.columns, self._references = self._find_columns(items)
        except BaseException:
            self._file.close()
            raise
        self._unknown = UnknownKeys(self.columns)
        self.options = ReadOptions(encoding=self._encoding)
        self.format = "dart" if self._dart else "jsonl" if self._in_lines else "json"
        words = {"dart": "DART", "jsonl": "JSON lines", "json": "JSON"}
        self.description = f"{words[self.format]}, {self._encoding.upper()}"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Keys that are no columns, in what has been read."""
        return self._unknown.findings()

    def rows(self) -> Iterator[Item]:
        """All rows in the file's order, broken and empty ones too; to be called once."""
        cut = self.looked_at_bytes < self.size_bytes
        for value in self._values(self._stream, cut=cut):
            if value.problem:
                yield self._reject(value, value.problem)
            elif not value.text:
                yield EmptyRow(value.line)
            elif (bad := find_bad_byte(value.text)) is not None:
                position, byte = bad
                reason = f"byte {byte}, character {position}, is not {self._encoding}"
                yield self._reject(value, reason, FindingKind.UNDECODABLE)
            else:
                yield from self._rows_of(value)

    def position_bytes(self) -> int:
        """How far `rows` is, as far as the file is concerned."""
        return self._stream.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

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
        return (DART_COLUMNS, None) if self._dart else find_columns(items, self._path.name)

    def _find_encoding(self, settled: str | None) -> str:
        if settled is not None:
            check_encoding(settled)
            return settled
        encoding = guess_encoding(self._file, self.size_bytes)
        if not encoding.startswith(("utf-16", "utf-32")):
            self._file.seek(0)
            refuse_binary(self._path, self._file.read(_BINARY_CHECK_BYTES))
        return encoding

    def _is_in_lines(self) -> bool:
        if self._path.suffix.lower() in LINE_ENDINGS:
            return True
        self._file.seek(0)
        text = open_text(self._file, self._encoding)
        try:
            line = text.readline(_HEAD_CHARACTERS).removeprefix("\ufeff")
            following = text.readline(_HEAD_CHARACTERS)
        finally:
            text.detach()  # else the text would close the file
        if following.strip():
            return _is_object(line)
        return _is_object(line) and not wraps_a_list(line)

    def _part(self, size: int) -> BinaryIO:
        self._file.seek(0)
        return self._file if size == self.size_bytes else io.BytesIO(self._file.read(size))

    def _values(self, stream: BinaryIO, *, cut: bool) -> Iterator[Value]:
        text = open_text(stream, self._encoding)
        split = line_values if self._in_lines else ListValues
        try:
            with explain_read_errors(self._path):
                yield from split(text, name=self._path.name, cut=cut)
        finally:
            if not stream.closed:
                text.detach()  # else the text would close it

    def _head_items(self) -> list[dict[str, Any]]:
        """The first items that can be read."""
        self._file.seek(0)
        found: list[dict[str, Any]] = []
        problem = ""
        characters = 0
        for value in itertools.islice(self._values(self._file, cut=False), _HEAD_ITEMS):
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
                f"{self._path.name} holds no JSON object that can be read{why}: it needs one "
                "object a line, or a list of objects, with a value for each column."
            )
        return found


def _is_object(line: str | bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
