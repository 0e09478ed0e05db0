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
from engine.contract.schema import check_range

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
    ordered = sorted(
        (_read_part(part.strip(), prefix_length) for part in text.split(",")),
        key=lambda part: part.first,
    )
    for part, other in itertools.pairwise(ordered):
        if other.first <= part.last:
            raise UserError(
                "layer-given-twice",
                "Layer {layer} is twice in layers, in {first!r} and {second!r}. Give each layer "
                "one length.",
                layer=other.first,
                first=part.words,
                second=other.words,
            )
    longest = max(part.length for part in ordered)
    if longest < prefix_length:
        raise UserError(
            "no-layer-of-full-length",
            "layers is {layers!r}, where no layer has all {prefix_length} tokens. Set the prefix "
            "length to {longest}.",
            layers=text,
            prefix_length=prefix_length,
            longest=longest,
        )
    return tuple(ordered)


def length_at(ranges: tuple[LayerRange, ...], layer: int) -> int:
    """How many tokens this layer's prefix has; 0 for none."""
    for part in ranges:
        if part.first <= layer <= part.last:
            return part.length
    return 0


def check_layers(ranges: tuple[LayerRange, ...], layers: int, owner: str) -> None:
    """Refuse a choice that names a layer beyond the last.

    Args:
        layers: how many there are.
        owner: whose they are, such as "the encoder".

    Raises:
        UserError: it does.
    """
    for part in ranges:
        if part.last >= layers:
            raise UserError(
                "no-such-layer",
                "layers has {part!r}, but {owner} has {count} layers, 0 to {last}. Leave out those "
                "it does not have.",
                part=part.words,
                owner=owner,
                count=layers,
                last=layers - 1,
            )


def _read_part(part: str, prefix_length: int) -> LayerRange:
    read = _PART.fullmatch(part)
    if read is None:
        raise UserError(
            "bad-layers",
            "layers has {part!r}. Give layers (7) and ranges (0-9), either with a length "
            "(20-29:5), and commas between them.",
            part=part,
        )
    first = int(read[1])
    last = first if read[2] is None else int(read[2])
    length = prefix_length if read[3] is None else int(read[3])
    if last < first:
        raise UserError(
            "layers-backwards",
            "layers has {part!r}, which ends before it begins. Write {last}-{first}.",
            part=part,
            last=last,
            first=first,
        )
    check_range(f"The prefix length in {part!r}", length, low=1, high=prefix_length)
    return LayerRange(first, last, length, part)
