"""llama.cpp's state files of a key/value cache, written without llama.cpp.

A file for one sequence ("ggsq": `llama-server`'s slots) or for a whole context ("ggsn":
`llama-completion --prompt-cache`): magic, version, the tokens that its cells stand for, then the
cells: streams; by stream their number, and for each its position and sequence; whether values are
transposed; layers; all keys by layer, all values by layer, each with its type and row size
(llama.cpp, src/llama-kv-cache.cpp `state_write` and src/llama-context.cpp; checked against libllama
0.5.0). Values are transposed where flash attention is off.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.contract.protocol.prefixes import CacheType
from engine.exchange.runtimes.cells import Array, Cells

SLOT_VERSIONS = (3, 2)
SESSION_VERSION = 10
_SLOT, _SESSION = 0x67677371, 0x6767736E
_TYPES: dict[CacheType, tuple[int, np.dtype[Any]]] = {
    CacheType.F32: (0, np.dtype("<f4")),
    CacheType.F16: (1, np.dtype("<f2")),
}
"""ggml's numbers of the types."""


@dataclass(frozen=True)
class CacheForm:
    """How the program that reads it holds its cache.

    Attributes:
        flash_attention: whether it is on; values are transposed where it is off.
    """

    cache_type: CacheType
    flash_attention: bool


def slot_file(cells: Cells, form: CacheForm, *, tokens: Sequence[int], version: int) -> bytes:
    """A slot of `llama-server`; `tokens` are what a request must begin with to use it."""
    return _head(_SLOT, version, tokens) + _cells(cells, form)


def session_file(cells: Cells, form: CacheForm, *, architecture: str) -> bytes:
    """A prompt cache of `llama-completion`, for no tokens: what is asked comes behind it."""
    name = architecture.encode()
    own = struct.pack("<I", len(name)) + name
    return _head(_SESSION, SESSION_VERSION, ()) + own + _cells(cells, form)


def interleaved(keys: Array) -> Array:
    """Keys [H, P, D] whose halves are rotated, for GGUF files that rotate neighbours instead."""
    heads, length, width = keys.shape
    halves = keys.reshape(heads, length, 2, width // 2)
    return np.ascontiguousarray(halves.swapaxes(2, 3)).reshape(heads, length, width)


def _head(magic: int, version: int, tokens: Sequence[int]) -> bytes:
    ids = np.asarray(tokens, "<i4").tobytes()
    return struct.pack("<III", magic, version, len(tokens)) + ids


def _cells(cells: Cells, form: CacheForm) -> bytes:
    kind, number = _TYPES[form.cache_type]
    parts = [struct.pack("<II", 1, cells.length)]
    parts += [struct.pack("<iIi", position, 1, 0) for position in range(cells.length)]
    parts.append(struct.pack("<II", not form.flash_attention, len(cells.layers)))
    keys, values = (
        [_rows(layer[side], number) for layer in cells.layers] for side in (0, 1)
    )  # [P, H * D] each
    for rows in keys:
        parts += [struct.pack("<iQ", kind, rows.shape[1] * rows.itemsize), rows.tobytes()]
    for rows in values:
        if form.flash_attention:
            parts += [struct.pack("<iQ", kind, rows.shape[1] * rows.itemsize), rows.tobytes()]
        else:
            parts.append(struct.pack("<iII", kind, rows.itemsize, rows.shape[1]))
            parts.append(np.ascontiguousarray(rows.T).tobytes())
    return b"".join(parts)


def _rows(layer: Array, number: np.dtype[Any]) -> np.ndarray[tuple[int, ...], np.dtype[Any]]:
    heads, length, width = layer.shape
    return layer.transpose(1, 0, 2).reshape(length, heads * width).astype(number)
