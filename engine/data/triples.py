"""Triples (subject, relation, object) and the cell of a dataset that holds a set of them.

A cell has one triple a line, "subject | relation | object", as WebNLG writes them. Where a part
holds a bar or a line break itself, the cell is a JSON list of lists instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple


class Triple(NamedTuple):
    """One fact."""

    subject: str
    relation: str
    object: str


class NotTriplesError(ValueError):
    """The text is no set of triples; the message says where it stops being one."""


def triples_cell(triples: Sequence[Triple]) -> str:
    """The cell for these triples."""
    parts = [part for triple in triples for part in triple]
    plain = all(part == part.strip() and not set("|\r\n") & set(part) for part in parts)
    if plain and not "".join(parts).startswith("[["):
        return "\n".join(" | ".join(triple) for triple in triples)
    return json.dumps(triples, ensure_ascii=False)


def parse_triples(cell: str) -> tuple[Triple, ...]:
    """Triples in order; an empty cell has none.

    Raises:
        NotTriplesError: with the number of the triple that does not fit.
    """
    if cell.startswith("[["):
        return _parse_json(cell)
    lines = [line for line in re.split(r"[\r\n]+", cell) if line.strip()]
    return tuple(parse_triple(line, number) for number, line in enumerate(lines, start=1))


def parse_triple(text: str, number: int = 1) -> Triple:
    """One triple, "subject | relation | object"; the object may hold bars.

    Raises:
        NotTriplesError: fewer than three parts.
    """
    parts = [part.strip() for part in text.split("|", 2)]
    if len(parts) != 3 or not parts[0] or not parts[1]:
        raise NotTriplesError(
            f"triple {number} is not of the form subject | relation | object: {text[:80]!r}"
        )
    return Triple(*parts)


def as_triples(value: Any) -> tuple[Triple, ...]:
    """A list of lists of three texts as triples.

    Raises:
        NotTriplesError: anything else.
    """
    if not isinstance(value, list):
        raise NotTriplesError("there is no list of triples")
    found = []
    for number, item in enumerate(value, start=1):
        if not isinstance(item, list) or len(item) != 3:
            raise NotTriplesError(f"triple {number} is no list of three texts")
        if not all(isinstance(part, str) for part in item):
            raise NotTriplesError(f"triple {number} holds something that is not text")
        found.append(Triple(*item))
    return tuple(found)


def is_triples(cell: str) -> bool:
    """Whether the cell holds at least one triple and nothing else."""
    try:
        return bool(parse_triples(cell))
    except NotTriplesError:
        return False


def _parse_json(cell: str) -> tuple[Triple, ...]:
    try:
        return as_triples(json.loads(cell))
    except (ValueError, RecursionError) as error:
        raise NotTriplesError(f"the list of triples does not parse: {error}") from error
