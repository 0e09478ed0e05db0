"""What a parquet file says of its columns, read without pyarrow.

Pyarrow ends the process where this part of a file contradicts itself: its accessors of a column's
metadata let C++ exceptions through. So it is read here (Parquet's format, parquet.thrift, in
Thrift's compact protocol), and pyarrow reads the columns themselves, where it raises as it should.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, BinaryIO

MAGIC = b"PAR1"
DELTA_BYTE_ARRAY = 7
"""An encoding: each value as its difference from the one before."""
_MOST_DEPTH = 16
"""Of values within values; the format has a dozen."""
_MOST_BYTES = 32 * 2**20
"""Of the description; that of a thousand columns in a thousand row groups is longer."""
_HEADER_BYTES = 32


class _Kind(IntEnum):
    STOP = 0
    TRUE = 1
    FALSE = 2
    BYTE = 3
    I16 = 4
    I32 = 5
    I64 = 6
    DOUBLE = 7
    BINARY = 8
    LIST = 9
    SET = 10
    MAP = 11
    STRUCT = 12


@dataclass(frozen=True)
class Chunk:
    """A column within a row group, as the file says.

    Attributes:
        path: names from the outermost on, joined by points.
        encodings: their numbers in the format.
        values: how many, those of lists counted one by one.
        unpacked_bytes: of its pages.
        dictionary_offset: where its dictionary begins in the file; None without.
    """

    path: str
    encodings: frozenset[int]
    values: int
    unpacked_bytes: int
    dictionary_offset: int | None


@dataclass(frozen=True)
class RowGroup:
    """A row group, as the file says."""

    rows: int
    chunks: tuple[Chunk, ...]


def read_groups(stream: BinaryIO) -> list[RowGroup]:
    """The row groups of a parquet file; the stream's position is restored.

    Raises:
        ValueError: the part of the file that describes them is damaged, or encrypted.
    """
    before = stream.tell()
    try:
        end = stream.seek(0, 2) - 8
        stream.seek(max(0, end))
        tail = stream.read(8)
        size = int.from_bytes(tail[:4], "little")
        if tail[4:] != MAGIC or size > end:
            raise ValueError("it does not end as a parquet file does")
        if size > _MOST_BYTES:
            raise ValueError("the description of its columns is too long")
        stream.seek(end - size)
        content = stream.read(size)
    finally:
        stream.seek(before)
    try:
        return [_group(group) for group in _Compact(content).struct()[4]]
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError("the description of its columns is damaged") from error


def page_bytes(stream: BinaryIO, offset: int) -> int | None:
    """What the page at an offset unpacks to; None where its header does not say it as it should.

    The stream's position is restored.
    """
    before = stream.tell()
    try:
        stream.seek(offset)
        header = _Compact(stream.read(_HEADER_BYTES))
        for _type_then_size in range(2):
            if header.byte() != 16 + _Kind.I32:  # the next field
                return None
            size = header.integer()
        return size if size >= 0 else None
    except (IndexError, ValueError):
        return None
    finally:
        stream.seek(before)


def _group(group: Mapping[int, Any]) -> RowGroup:
    return RowGroup(_count(group[3]), tuple(_chunk(chunk[3]) for chunk in group[1]))


def _chunk(column: Mapping[int, Any]) -> Chunk:
    offset = column.get(11)
    return Chunk(
        path=".".join(name.decode() for name in column[3]),
        encodings=frozenset(column[2]),
        values=_count(column[5]),
        unpacked_bytes=_count(column[6]),
        dictionary_offset=None if offset is None else _count(offset),
    )


def _count(value: int) -> int:
    if not 0 <= value < 2**63:
        raise ValueError("the description of its columns has a negative number")
    return value


class _Compact:
    """Reads Thrift's compact protocol; errors of any kind where it ends too early."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Fields by their numbers."""
        fields: dict[int, Any] = {}
        number = 0
        while (header := self.byte()) & 15 != _Kind.STOP:
            number = number + (header >> 4) if header >> 4 else self.integer()
            fields[number] = self._value(_Kind(header & 15), depth)
        return fields

    def _value(self, kind: _Kind, depth: int) -> Any:
        if depth > _MOST_DEPTH:
            raise ValueError("it is nested too deeply")
        match kind:
            case _Kind.TRUE | _Kind.FALSE:
                return kind is _Kind.TRUE
            case _Kind.BYTE:
                return self.byte()
            case _Kind.I16 | _Kind.I32 | _Kind.I64:
                return self.integer()
            case _Kind.DOUBLE:
                return self._bytes(8)
            case _Kind.BINARY:
                return self._bytes(self._varint())
            case _Kind.LIST | _Kind.SET:
                header = self.byte()
                size = header >> 4 if header >> 4 < 15 else self._varint()
                return [self._item(header & 15, depth) for _ in self._items(size)]
            case _Kind.MAP:
                size = self._varint()
                kinds = self.byte() if size else 0
                return [
                    (self._item(kinds >> 4, depth), self._item(kinds & 15, depth))
                    for _ in self._items(size)
                ]
            case _Kind.STRUCT:
                return self.struct(depth + 1)
        raise ValueError("a value is of no kind")

    def _item(self, kind: int, depth: int) -> Any:
        """Of a list or map, where a truth value takes a byte."""
        if kind in (_Kind.TRUE, _Kind.FALSE):
            return self.byte() == _Kind.TRUE
        return self._value(_Kind(kind), depth + 1)

    def _items(self, size: int) -> range:
        if size > len(self._content) - self._at:  # each takes a byte at least
            raise ValueError("a list is longer than the file")
        return range(size)

    def byte(self) -> int:
        self._at += 1
        return self._content[self._at - 1]

    def _bytes(self, size: int) -> bytes:
        if size > len(self._content) - self._at:
            raise ValueError("a text is longer than the file")
        self._at += size
        return self._content[self._at - size : self._at]

    def _varint(self) -> int:
        value = 0
        for shift in itertools.count(0, 7):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            if shift > 63:
                break
        raise ValueError("a number is too long")

    def integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
