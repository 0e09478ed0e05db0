"""What a GGUF file says of its model, read within bounds; and single tensors of it.

The `gguf` package's own reader believes every count that a file states, and can be made to loop
for years by one of 24 bytes, so the header is read here: no more than `HEADER_BYTES` of it, and
only what is asked for. The tensors themselves are made into numbers by the package.

Format: "GGUF", u32 version, u64 tensors, u64 entries; the entries (name, type, value), the tensors
(name, u32 dimensions, u64 sizes, u32 type, u64 offset), then their bytes at the next multiple of
the alignment (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engine.backbones.regular import LFS_POINTER, check_regular, damaged_file, lfs_pointer
from engine.contract.errors import UserError

HEADER_BYTES = 256_000_000
"""Limit of what stands before the tensors; the largest vocabularies take some 30 MB."""
MAX_ENTRIES = 100_000
MAX_STRINGS = 4_000_000
MAX_TENSOR_BYTES = 2_000_000_000
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q",
            12: "d"}  # fmt: skip

Scalar = int | float | str | bool


@dataclass(frozen=True)
class GgufTensor:
    """A tensor of the file: sizes from the fastest, ggml type, and where its bytes begin."""

    sizes: tuple[int, ...]
    kind: int
    start: int


@dataclass(frozen=True)
class GgufFile:
    """A GGUF file's header.

    Attributes:
        values: entries that hold one value; of arrays, their lengths are in `lengths`.
    """

    path: Path
    values: dict[str, Scalar]
    lengths: dict[str, int]
    tensors: dict[str, GgufTensor]

    @property
    def architecture(self) -> str:
        """Such as "llama"."""
        return str(self.values.get("general.architecture", ""))

    def number(self, name: str) -> int | None:
        """An entry of the architecture, such as "block_count"."""
        value = self.values.get(f"{self.architecture}.{name}")
        return value if isinstance(value, int) else None

    def matrix(self, name: str) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        """A matrix as float32 [rows, columns], whatever it is quantised to.

        Raises:
            UserError: the file has none of this name, of a type that is not known, or is cut off.
        """
        from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants

        tensor = self.tensors.get(name)
        if tensor is None or len(tensor.sizes) != 2:
            raise damaged_file(self.path, f"it holds no matrix {name}")
        columns, rows = tensor.sizes
        try:
            kind = GGMLQuantizationType(tensor.kind)
            block, block_bytes = GGML_QUANT_SIZES[kind]
            if columns % block:
                raise ValueError(f"{name} has rows of {columns} numbers in blocks of {block}")
            size = rows * columns // block * block_bytes
            if not 0 < size <= MAX_TENSOR_BYTES or 4 * rows * columns > 2 * MAX_TENSOR_BYTES:
                raise ValueError(f"{name} would have {size:,} bytes")
            with open(self.path, "rb") as stream:
                stream.seek(tensor.start)
                data = stream.read(size)
            if len(data) != size:
                raise ValueError(f"it ends within {name}")
            raw = np.frombuffer(data, np.uint8).reshape(rows, -1)
            return np.asarray(quants.dequantize(raw, kind), np.float32).reshape(rows, columns)
        except (ValueError, KeyError, NotImplementedError, OSError) as error:
            raise damaged_file(self.path, str(error) or type(error).__name__) from error


def read_gguf(path: Path) -> GgufFile:
    """Read the header of a GGUF file.

    Raises:
        UserError: missing, no GGUF file, damaged, or one of several parts.
    """
    try:
        size = check_regular(path)
    except FileNotFoundError as error:
        raise UserError(
            "gguf-missing", "{path} does not exist. Give --gguf a GGUF file.", path=path
        ) from error
    except OSError as error:
        raise damaged_file(path, error.strerror or "it cannot be read") from error
    with open(path, "rb") as stream:
        start = stream.read(len(LFS_POINTER))
        if start == LFS_POINTER:
            raise lfs_pointer(path)
        if start[:4] != b"GGUF":
            raise UserError(
                "not-gguf",
                "{path} is not a GGUF file. Give --gguf the backbone as a GGUF file, or have one "
                "written with --write-gguf f16.",
                path=path,
            )
        stream.seek(4)
        try:
            file = _Header(stream, size).read(path)
        except (ValueError, struct.error, UnicodeDecodeError) as error:
            raise damaged_file(path, str(error)) from error
    parts = file.values.get("split.count", 0)
    if isinstance(parts, int) and parts > 1:
        raise UserError(
            "gguf-in-parts",
            "{path} is one of {parts} parts of a model. Join them with llama-gguf-split --merge "
            "first.",
            path=path,
            parts=parts,
        )
    return file


class _Header:
    """Reads within the header's limits; every read says how far it may go."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._limit = min(size, HEADER_BYTES)
        self._size = size
        self._strings = 0

    def read(self, path: Path) -> GgufFile:
        version = self._number("I")
        if version not in (2, 3):
            raise ValueError(f"its version is {version}; 2 and 3 are read")
        tensor_count, entry_count = self._number("Q"), self._number("Q")
        if max(tensor_count, entry_count) > MAX_ENTRIES:
            raise ValueError(f"it would have {max(tensor_count, entry_count):,} entries")
        values: dict[str, Scalar] = {}
        lengths: dict[str, int] = {}
        for _ in range(entry_count):
            name, kind = self._string(), int(self._number("I"))
            if kind == _ARRAY:
                lengths[name] = self._skip_array()
            elif kind == _STRING:
                values[name] = self._string()
            else:
                values[name] = self._number(self._letter(kind))
        tensors = dict(self._tensor() for _ in range(tensor_count))
        alignment = values.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 0 < alignment <= 65_536:
            raise ValueError(f"its alignment is {alignment}")
        begin = math.ceil(self._stream.tell() / alignment) * alignment
        placed = {}
        for name, tensor in tensors.items():
            if begin + tensor.start >= self._size:
                raise ValueError(f"{name} would lie behind its end")
            placed[name] = GgufTensor(tensor.sizes, tensor.kind, begin + tensor.start)
        return GgufFile(path, values, lengths, placed)

    def _tensor(self) -> tuple[str, GgufTensor]:
        name, dimensions = self._string(), int(self._number("I"))
        if dimensions > 4:
            raise ValueError(f"{name} would have {dimensions} dimensions")
        sizes = tuple(int(self._number("Q")) for _ in range(dimensions))
        return name, GgufTensor(sizes, int(self._number("I")), int(self._number("Q")))

    def _letter(self, kind: int) -> str:
        letter = _SCALARS.get(kind)
        if letter is None:
            raise ValueError(f"an entry has the type {kind}, which is not known")
        return letter

    def _take(self, count: int) -> bytes:
        if count > self._limit - self._stream.tell():
            raise ValueError("its header is cut off, or too large")
        return self._stream.read(count)

    def _number(self, letter: str) -> int:
        (number,) = struct.unpack(f"<{letter}", self._take(struct.calcsize(f"<{letter}")))
        return number  # type: ignore[no-any-return]

    def _string(self) -> str:
        self._strings += 1
        if self._strings > MAX_STRINGS:
            raise ValueError("its header holds too many texts")
        return self._take(self._number("Q")).decode("utf-8", "replace")

    def _skip_array(self) -> int:
        kind, length = int(self._number("I")), int(self._number("Q"))
        if kind == _STRING:
            for _ in range(length):
                self._string()
        elif kind == _ARRAY:
            raise ValueError("an array of arrays is not read")
        else:
            size = length * struct.calcsize(f"<{self._letter(kind)}")
            if size > self._limit - self._stream.tell():
                raise ValueError("its header is cut off, or too large")
            self._stream.seek(size, 1)
        return length
