"""How much of a parquet file may come out of it: a few hundred bytes can hold gigabytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

from engine.data.parquet_footer import DELTA_BYTE_ARRAY, Chunk, RowGroup, page_bytes
from engine.data.reader_errors import expands_too_much

LEAST_BYTES = 64 * 2**20
"""What any file may unpack to, and what rows in memory together may hold."""
_MOST_TIMES = 200
"""How many times its size a larger file may unpack to; texts are packed to a tenth or so."""
_ROW_BYTES = 32
"""What a row counts for beside its cells."""
_BATCH_ROWS = 250
_BATCH_BYTES = 64 * 2**20
"""What rows that are unpacked together may take where each is as long as it may be."""


class Budget:
    """Counts what has been unpacked.

    Args:
        name: of the file.
        size_bytes: of the file.
    """

    def __init__(self, name: str, size_bytes: int) -> None:
        self._name, self._size = name, size_bytes
        self._most = max(LEAST_BYTES, _MOST_TIMES * size_bytes)
        self._spent = 0

    def check(self, unpacked: int) -> None:
        """Raise `UserError` where this much is more than the file may unpack to."""
        if unpacked > self._most:
            raise expands_too_much(self._name, self._size, self._most)

    def spend(self, row: dict[str, Any]) -> None:
        """Count a row; raise `UserError` where it is too much.

        Args:
            row: as the library gives it.
        """
        self._spent += _ROW_BYTES + sum(map(_size, row.values()))
        self.check(self._spent)

    def check_group(self, group: RowGroup) -> None:
        """Raise `UserError` where a row group says that it unpacks to too much."""
        self.check(sum(chunk.unpacked_bytes for chunk in group.chunks))
        for chunk in group.chunks:
            if chunk.values > group.rows:  # of lists
                self.check(chunk.values * 4)


def longest_value(chunk: Chunk, stream: BinaryIO) -> int:
    """The most bytes that a value of a column may have beyond what its page holds for it.

    A value that stands once in the dictionary may come in every row; so may one that is written
    as its difference from the value before.

    Args:
        stream: of the file; its position is restored.
    """
    if DELTA_BYTE_ARRAY in chunk.encodings:
        return chunk.unpacked_bytes
    if chunk.dictionary_offset is None:
        return 0
    size = page_bytes(stream, chunk.dictionary_offset)
    return chunk.unpacked_bytes if size is None else size


def batch_rows(group: RowGroup, stream: BinaryIO) -> int:
    """How many rows of a group may be unpacked together."""
    longest = max((longest_value(chunk, stream) for chunk in group.chunks), default=0)
    return max(1, min(_BATCH_ROWS, _BATCH_BYTES // max(1, longest)))


def repeating_lists(groups: Sequence[RowGroup], stream: BinaryIO) -> list[str]:
    """Columns of lists whose values are repeated so often that they are read as repetitions."""
    names = []
    for group in groups:
        for chunk in group.chunks:
            longest = longest_value(chunk, stream)
            if (
                chunk.values > group.rows
                and chunk.values * longest > _BATCH_BYTES
                and chunk.unpacked_bytes < 8 * longest
            ):
                names.append(chunk.path)
    return names


def most_bytes(array: Any) -> int:
    """The most that the Python values of an array can take, of repeated ones each counted."""
    import pyarrow.compute as pc
    import pyarrow.types as kinds

    if kinds.is_dictionary(array.type):
        values = array.dictionary
        longest = pc.max(pc.binary_length(values)).as_py() if len(values) else 0
        return len(array) * int(longest or 0)
    if kinds.is_struct(array.type):
        return sum(most_bytes(array.field(n)) for n in range(array.type.num_fields))
    if hasattr(array, "flatten") and kinds.is_nested(array.type):
        return most_bytes(array.flatten())
    return int(array.nbytes)


def _size(value: Any) -> int:
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, list):
        return _ROW_BYTES + sum(map(_size, value))
    return 8
