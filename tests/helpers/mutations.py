"""JSON with odd values in any place of it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**30, 10**4000, 0.5,
    -0.5, 1e300, -1e300, 1e-320, float("nan"), float("inf"), "NaN", "-Infinity", "", "5", "x",
    "\ud800", "\udce9", "a\x00b", "\x1b[31m", "\u202e", "~nosuchuser", "../../x", "x" * 300,
    "x" * 100_000, [], {}, [[]], [{}], {"type": []}, {"type": {}}, {"type": None}, {"type": "X"},
    [None] * 50, {"type": "PrefixMethod"}, {"": ""}, {"version": 10**30}, "9" * 5000,
]  # fmt: skip


def places(plain: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a JSON value, as keys from its root."""
    yield path
    if isinstance(plain, dict):
        for key, value in plain.items():
            yield from places(value, (*path, key))
    elif isinstance(plain, list):
        for key, value in enumerate(plain):
            yield from places(value, (*path, key))


def changed(plain: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value in one place."""
    if not path:
        return value
    plain = copy.deepcopy(plain)
    inner = plain
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return plain
