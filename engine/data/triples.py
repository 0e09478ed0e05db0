"""Triples (subject, relation, object) and the cell of a dataset that holds a set of them.

A cell has one triple a line, "subject | relation | object", as WebNLG writes them. Where a part
holds a bar or a line break itself, the cell is a JSON list of lists instead. Cells of other files
may be lists of either kind in JSON's or Python's notation.
"""

from __future__ import annotations

import json
import re
from ast import literal_eval
from collections.abc import Sequence
from typing import Any, NamedTuple

from engine.data.text_lists import parse_list

_MOST_CHARACTERS = 2**18
"""Longest cell in Python's notation that is parsed."""
_DEEPEST = 3
_FIELD = re.compile(
    r"[^:]{1,60}(:\s.*| :)|[^=]{1,60}=.*|[^\[\]]{1,60}\[[^\[\]]*\]|<[^<>]{1,60}>.*", re.DOTALL
)
"""What linearised tables have between their bars: "name : The Hut", "name[The Hut]" …"""
_PARTS = (
    ("subject", "property", "object"),
    ("subject", "predicate", "object"),
    ("subject", "relation", "object"),
    ("subj", "rel", "obj"),
    ("head", "relation", "tail"),
)
"""Keys of triples that are JSON objects."""


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
    if cell.startswith(("[[", "[(")):
        return _parse_lists(cell)
    texts = parse_list(cell) or re.split(r"[\r\n]+", cell)
    lines = [line for line in texts if line.strip()]
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
    """A list of triples: each a list of three texts, an object of three, or a text with bars.

    Raises:
        NotTriplesError: anything else.
    """
    if not isinstance(value, list):
        raise NotTriplesError("there is no list of triples")
    return tuple(_as_triple(item, number) for number, item in enumerate(value, start=1))


def is_triples(cell: str) -> bool:
    """Whether the cell holds at least one triple and nothing else.

    Each line must have exactly three parts: a text with bars may be anything. A linearised table,
    "name : The Hut | type : pub | area : riverside", is none.
    """
    try:
        triples = parse_triples(cell)
    except NotTriplesError:
        return False
    if cell.startswith(("[[", "[(")):
        return bool(triples)
    return bool(triples) and all(map(_is_plain, triples))


def are_triple_texts(texts: Sequence[str]) -> bool:
    """Whether these texts, the items of a list, are triples each."""
    return bool(texts) and all("|" in text and is_triples(text) for text in texts)


def _is_plain(triple: Triple) -> bool:
    return "|" not in triple.object and not all(map(_FIELD.fullmatch, triple))


def _as_triple(item: Any, number: int) -> Triple:
    if isinstance(item, str):
        return parse_triple(item, number)
    if isinstance(item, dict):
        keys = next((keys for keys in _PARTS if set(keys) <= set(item)), None)
        item = [item[key] for key in keys] if keys else item
    if not isinstance(item, list | tuple) or len(item) != 3:
        raise NotTriplesError(f"triple {number} is no list of three texts")
    if not all(isinstance(part, str) for part in item):
        raise NotTriplesError(f"triple {number} holds something that is not text")
    return Triple(*item)


def _parse_lists(cell: str) -> tuple[Triple, ...]:
    try:
        plain = json.loads(cell)
    except (ValueError, RecursionError) as error:
        plain = _parse_python(cell)
        if plain is None:
            raise NotTriplesError(f"the list of triples does not parse: {error}") from error
    return as_triples(plain)


def _parse_python(cell: str) -> Any:
    """A list in Python's notation, as pandas writes it; None where it is none."""
    deepest = max(cell.count(sign * (_DEEPEST + 1)) for sign in "[({")
    if len(cell) > _MOST_CHARACTERS or deepest:
        return None
    try:
        return literal_eval(cell.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
