"""Cells that hold a sequence: the words of a sentence, and their tags."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from engine.data.text_lists import parse_list

_NUMBERS = re.compile(r"\[\s*-?\d+(?:[\s,]+-?\d+)+\s*\]")
"""A list of numbers as JSON, Python or NumPy writes it."""


def items_of(cell: str) -> tuple[str, ...]:
    """The words or tags of a cell: separated by blanks, or a list in JSON's or Python's form."""
    text = cell.strip()
    if text.startswith("["):
        texts = parse_list(text)
        if texts is not None:
            return texts
        if _NUMBERS.fullmatch(text):
            return tuple(text.strip("[]").replace(",", " ").split())
    return tuple(text.split())


def tags_of(cell: str) -> tuple[str, ...]:
    """The tags of a cell, as `items_of` reads them, or separated by commas."""
    parts = [part.strip() for part in cell.split(",")]
    if len(parts) > 1 and all(len(part.split()) == 1 for part in parts) and "[" not in cell:
        return tuple(parts)
    return items_of(cell)


def cell_of(items: Sequence[str]) -> str:
    """The cell from which `items_of` reads these: joined by blanks, where that is unambiguous."""
    joined = " ".join(items)
    return joined if items_of(joined) == tuple(items) else json.dumps(items, ensure_ascii=False)
