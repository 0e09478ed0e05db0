"""The weights of an ONNX file, read without the library of that name.

The file is one message of protocol buffers (https://protobuf.dev/programming-guides/encoding),
whose fields have the numbers of onnx.proto (https://github.com/onnx/onnx). Nothing in it is run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch

from engine.backbones.regular import check_regular, damaged_file

_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_TENSOR = 1, 5
_NODE_INPUT, _NODE_NAME, _NODE_KIND = 1, 3, 4
_DIMS, _TYPE, _FLOATS, _INTS, _NAME, _RAW = 1, 2, 4, 5, 8, 9
_TYPES = {1: torch.float32, 2: torch.uint8, 3: torch.int8, 6: torch.int32, 7: torch.int64}
_MAX_BYTES = 1_000_000_000

_Field = tuple[int, int | memoryview]


@dataclass
class OnnxFile:
    """What an ONNX file holds of a model's weights.

    Attributes:
        tensors: its initialisers by name, as they are saved.
        matrices: of each node that multiplies by one of them, the tensor's name by the node's.
    """

    tensors: dict[str, torch.Tensor] = field(default_factory=dict)
    matrices: dict[str, str] = field(default_factory=dict)


def read_onnx(path: Path) -> OnnxFile:
    """Read the weights of a file.

    Raises:
        UserError: it is no ONNX file, is damaged, or keeps its weights in other files.
    """
    contents = OnnxFile()
    try:
        check_regular(path, _MAX_BYTES)
        data = memoryview(path.read_bytes())
        for graph in _messages(data, _MODEL_GRAPH):
            for tensor in _messages(graph, _GRAPH_TENSOR):
                name, numbers = _tensor(tensor)
                if numbers is not None:
                    contents.tensors[name] = numbers
            for node in _messages(graph, _GRAPH_NODE):
                inputs = [bytes(part).decode() for part in _messages(node, _NODE_INPUT)]
                (kind, *_) = (bytes(part).decode() for part in _messages(node, _NODE_KIND))
                names = [bytes(part).decode() for part in _messages(node, _NODE_NAME)]
                if kind in ("MatMul", "MatMulInteger") and len(inputs) > 1 and names:
                    contents.matrices[names[0]] = inputs[1]
    except (OSError, ValueError, IndexError, RuntimeError, OverflowError) as error:
        raise damaged_file(path, error) from error
    if not contents.tensors:
        raise damaged_file(path, "it holds no weights")
    return contents


def _tensor(message: memoryview) -> tuple[str, torch.Tensor | None]:
    """Name and numbers of an initialiser; no numbers of a type that weights do not have."""
    shape: list[int] = []
    name, kind, raw = "", 0, memoryview(b"")
    floats: list[memoryview] = []
    whole: list[int] = []
    for number, value in _fields(message):
        if number == _DIMS:
            shape += _varints(value)
        elif number == _TYPE and isinstance(value, int):
            kind = value
        elif number == _NAME and not isinstance(value, int):
            name = bytes(value).decode()
        elif number == _RAW and not isinstance(value, int):
            raw = value
        elif number == _FLOATS and not isinstance(value, int):
            floats.append(value)
        elif number == _INTS:
            whole += _varints(value)
    dtype = _TYPES.get(kind)
    if dtype is None:
        return name, None
    if whole:
        numbers = torch.tensor(whole, dtype=torch.int64).to(dtype)
    else:
        saved = bytearray(raw) or bytearray().join(floats)
        numbers = torch.frombuffer(saved, dtype=dtype) if saved else torch.empty(0, dtype=dtype)
    if min(shape, default=0) < 0 or math.prod(shape) != len(numbers):
        raise ValueError(f"{name!r} has {len(numbers)} numbers for the shape {shape}")
    return name, numbers.reshape(shape)


def _messages(message: memoryview, wanted: int) -> Iterator[memoryview]:
    """The fields of one number that hold bytes."""
    for number, value in _fields(message):
        if number == wanted and not isinstance(value, int):
            yield value


def _fields(message: memoryview) -> Iterator[_Field]:
    """The fields of a message in their order: whole numbers, or bytes."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield tag >> 3, value
            continue
        size = {1: 8, 5: 4}.get(kind)
        if kind == 2:
            size, at = _varint(message, at)
        if size is None or size > len(message) - at:
            raise ValueError(f"a field of kind {kind} goes beyond its message")
        yield tag >> 3, message[at : at + size]
        at += size


def _varints(value: int | memoryview) -> list[int]:
    """Whole numbers with a sign, one of them or packed."""
    if isinstance(value, int):
        return [_signed(value)]
    numbers, at = [], 0
    while at < len(value):
        number, at = _varint(value, at)
        numbers.append(_signed(number))
    return numbers


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A whole number of seven bits a byte, and where the next field begins."""
    number = 0
    for shift in range(0, 70, 7):
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number & (2**64 - 1), at
    raise ValueError("a number has more than ten bytes")


def _signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number
