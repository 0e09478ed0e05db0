"""Which layers have a prefix, and how long: "0-9,20-29:5", read and checked.

A choice is layers (7) and ranges (0-9) with commas between; a colon and a number behind one gives
its layers fewer than P tokens (20-29:5). Layers count from 0, as the tensors of a prefix file do;
on encoder–decoders in each stack by itself. Those that are not named have no prefix.
"""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass

from engine.contract.errors import UserError

_PART = re.compile(r"(\d{1,6})(?:\s*-\s*(\d{1,6}))?(?:\s*:\s*(\d{1,6}))?", re.ASCII)


@dataclass(frozen=True)
class LayerRange:
    """Layers `first` to `last`, both included, with prefixes of `length` tokens.

    Attributes:
        words: as they were written.
    """

    first: int
    last: int
    length: int
    words: str


@functools.lru_cache(maxsize=256)
def read_layers(text: str, prefix_length: int) -> tuple[LayerRange, ...]:
    """The ranges of a choice, by their first layers.

    Args:
        text: not empty.
        prefix_length: P, the length of ranges that name none.

    Raises:
        UserError: a part is none, two overlap, or a length is not from 1 to P; or no layer has P
            tokens, so that P is not the largest.
    """
    found = sorted(
        (_read_part(part.strip(), prefix_length) for part in text.split(",")),
        key=lambda one: one.first,
    )
    for one, other in itertools.pairwise(found):
        if other.first <= one.last:
            raise UserError(
                f"Layer {other.first} stands twice in layers, in {one.words!r} and "
                f"{other.words!r}: give each layer one length."
            )
    longest = max(one.length for one in found)
    if longest < prefix_length:
        raise UserError(
            f"layers is {text!r}, where no layer has all {prefix_length} tokens: make the prefix "
            f"length {longest}."
        )
    return tuple(found)


def length_at(ranges: tuple[LayerRange, ...], layer: int) -> int:
    """How many tokens this layer's prefix has; 0 for none."""
    for one in ranges:
        if one.first <= layer <= one.last:
            return one.length
    return 0


def check_layers(ranges: tuple[LayerRange, ...], layers: int, owner: str) -> None:
    """Refuse a choice that names a layer beyond the last.

    Args:
        layers: how many there are.
        owner: whose they are, such as "the encoder".

    Raises:
        UserError: it does.
    """
    for one in ranges:
        if one.last >= layers:
            raise UserError(
                f"layers names {one.words!r}, but {owner} has {layers} layers, 0 to {layers - 1}: "
                "leave out those it does not have."
            )


def _read_part(part: str, prefix_length: int) -> LayerRange:
    read = _PART.fullmatch(part)
    if read is None:
        raise UserError(
            f"layers holds {part!r}: it must be a layer (7), a range (0-9), or either with its "
            "length (20-29:5), with commas between them."
        )
    first = int(read[1])
    last = first if read[2] is None else int(read[2])
    length = prefix_length if read[3] is None else int(read[3])
    if last < first:
        raise UserError(
            f"layers holds {part!r}, which ends before it begins: write {last}-{first}."
        )
    if not 1 <= length <= prefix_length:
        raise UserError(
            f"layers holds {part!r}: its length must be from 1 to the prefix length "
            f"{prefix_length}."
        )
    return LayerRange(first, last, length, part)
