"""WebNLG's entries as JSON: of the challenge's own converter, and as the hub has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.data.json_rows import (
    Cells,
    Keeps,
    NotAnItemError,
    Rejection,
    rows_of_columns,
    text_of,
)
from engine.data.triples import NotTriplesError, Triple, as_triples
from engine.data.webnlg_rows import MARKED_COLUMNS as MARKED_COLUMNS
from engine.data.webnlg_rows import Lexicalisation, WebnlgEntry, entry_rows

_SETS = ("modifiedtripleset", "modified_triple_sets")


def fits(item: dict[str, Any]) -> bool:
    """Whether it is {"1": {"modifiedtripleset": …}}, the inner object, or one of the hub's."""
    entry = _inner(item)
    return any(key in entry for key in _SETS) and ("lexicalisations" in entry or "lex" in entry)


def rows(item: dict[str, Any], keeps: Keeps) -> Iterator[Cells | Rejection]:
    """As the same entry in XML gives.

    Raises:
        NotAnItemError: triples or texts are not as WebNLG has them.
    """
    inner = _inner(item)
    entry = WebnlgEntry(
        0,
        text_of(inner.get("category")),
        text_of(inner.get("eid", inner.get("xml_id"))),
        text_of(inner.get("size")),
        texts=list(_texts(inner)),
    )
    try:
        triples = _triples(inner)
    except NotTriplesError as error:
        raise NotAnItemError(str(error)) from error
    if not triples:
        raise NotAnItemError("the entry holds no modified triples")
    for _, row in entry_rows(entry, triples, keeps):
        yield row


def marks(item: dict[str, Any]) -> list[str]:
    """The language of each text."""
    try:
        return [lex.language for lex in _texts(_inner(item))]
    except NotAnItemError:
        return []


def _inner(item: dict[str, Any]) -> dict[str, Any]:
    if len(item) == 1:
        (only,) = item.values()
        return only if isinstance(only, dict) else item
    return item


def _triples(entry: dict[str, Any]) -> list[Triple]:
    triples = next(entry[key] for key in _SETS if key in entry)
    if isinstance(triples, dict):
        triples = triples.get("mtriple_set", triples.get("mtriple"))
    # The hub has a list of sets of which there is one.
    if isinstance(triples, list) and triples and isinstance(triples[0], list):
        lists = [item for item in triples if isinstance(item, list)]
        if not lists[0] or any("|" in str(part) for part in lists[0]):
            triples = lists[0]
    return list(as_triples(triples))


def _texts(entry: dict[str, Any]) -> Iterator[Lexicalisation]:
    texts = rows_of_columns(entry.get("lexicalisations", entry.get("lex")))
    for item in texts if isinstance(texts, list) else [None]:
        lex = {"text": item} if isinstance(item, str) else item
        text = lex.get("lex", lex.get("text")) if isinstance(lex, dict) else None
        if not isinstance(lex, dict) or not isinstance(text, str):
            raise NotAnItemError("the lexicalisations are no list of objects with a text")
        yield Lexicalisation(
            " ".join(text.split()), text_of(lex.get("comment")).strip(), text_of(lex.get("lang"))
        )
