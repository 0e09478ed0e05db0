"""The sides of a split and the names that files give them."""

from __future__ import annotations

import enum


class Side(enum.IntEnum):
    """Where a row goes; small numbers, so that a million of them fit a `bytearray`."""

    UNUSED = 0
    """Left out: no target, or beyond a limit."""
    TRAIN = 1
    VALID = 2
    TEST = 3


_NAMES = {
    "train": Side.TRAIN,
    "training": Side.TRAIN,
    "valid": Side.VALID,
    "validation": Side.VALID,
    "val": Side.VALID,
    "dev": Side.VALID,
    "development": Side.VALID,
    "test": Side.TEST,
    "testing": Side.TEST,
}


def side_named(text: str) -> Side | None:
    """The side that a cell of a split column names, or None where it names none."""
    return _NAMES.get(text.strip().lower())
