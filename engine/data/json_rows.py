"""From one JSON object to the rows of a dataset: flattened, one row for each reference."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from engine.contract.errors import UserError
from engine.data.column_names import SOURCES, TARGETS
from engine.data.encodings import show_bad_bytes
from engine.data.headers import MOST_COLUMNS
from engine.data.triples import NotTriplesError, as_triples, triples_cell

DART_COLUMNS = ("triples", "text", "text_source", "subtree_was_extended")
"""Columns of DART's nested files, as `tripleset` and `annotations` become rows."""

Cells = dict[str, str]
"""Column and cell."""


class NotAnItemError(ValueError):
    """The text holds no example; the message says why."""


def parse_item(text: str) -> dict[str, Any]:
    """A JSON object; numbers stay as they are written.

    Raises:
        NotAnItemError: it does not parse, or is no object, or has a key twice.
    """
    try:
        plain = json.loads(
            text,
            parse_int=str,
            parse_float=str,
            parse_constant=str,
            object_pairs_hook=_without_repetition,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, " if error.lineno > 1 else ""
        raise NotAnItemError(f"{error.msg} at {place}character {error.colno}") from error
    except RecursionError as error:
        raise NotAnItemError("it is nested too deeply") from error
    if not isinstance(plain, dict):
        raise NotAnItemError(f"it is {_kind(plain)}, not an object with a value for each column")
    if not plain:
        raise NotAnItemError("the object is empty")
    return plain


def is_dart(item: dict[str, Any]) -> bool:
    """Whether the item has the shape of DART's nested files."""
    return isinstance(item.get("tripleset"), list) and isinstance(item.get("annotations"), list)


def dart_rows(item: dict[str, Any]) -> list[Cells]:
    """One row for each annotation; one without text where there is none.

    Raises:
        NotAnItemError: triples or annotations are not as DART has them.
    """
    try:
        triples = as_triples(item.get("tripleset"))
    except NotTriplesError as error:
        raise NotAnItemError(str(error)) from error
    annotations = item.get("annotations")
    if not isinstance(annotations, list) or not all(
        isinstance(one, dict) and isinstance(one.get("text"), str) for one in annotations
    ):
        raise NotAnItemError("the annotations are no list of objects with a text")
    shared = triples_cell(triples), _text(item.get("subtree_was_extended"))
    rows = [
        (shared[0], one["text"], _text(one.get("source")), shared[1])
        for one in annotations or [{"text": ""}]
    ]
    return [dict(zip(DART_COLUMNS, row, strict=True)) for row in rows]


def item_rows(item: dict[str, Any], references: str | None) -> list[Cells]:
    """The rows of an item: one for each text in the list of `references`, else one.

    Raises:
        NotAnItemError: two keys become one column, or a text has half a character.
    """
    flat: dict[str, Any] = {}
    try:
        _flatten(item, "", flat)
        cells = {key: _cell(key, value) for key, value in flat.items() if key != references}
        texts = flat.get(references) if references else None
        rows = [cells]
        if references in flat:
            many = texts if isinstance(texts, list) and _all_texts(texts) else [texts]
            rows = [
                {key: (_cell(key, one) if key == references else cells[key]) for key in flat}
                for one in many or [""]
            ]
    except RecursionError as error:
        raise NotAnItemError("it is nested too deeply") from error
    for row in rows:
        for key, cell in row.items():
            if not (key.isascii() and cell.isascii()) and show_bad_bytes(key + cell) != key + cell:
                raise NotAnItemError(f"{key!r} holds half a character, such as \\ud83d alone")
    return rows


def find_columns(items: Iterable[dict[str, Any]], name: str) -> tuple[tuple[str, ...], str | None]:
    """The columns of the first items, in order, and which of them holds lists of references.

    That is the likeliest target by its name, where it holds a list of texts in any item.

    Raises:
        UserError: more columns than can be shown.
    """
    columns: dict[str, bool] = {}  # name -> whether it holds a list of texts
    for item in items:
        flat: dict[str, Any] = {}
        try:
            _flatten(item, "", flat)
        except (RecursionError, NotAnItemError):
            continue
        for key, value in flat.items():
            is_list = isinstance(value, list) and bool(value) and _all_texts(value)
            columns[key] = columns.get(key, False) or is_list
        if len(columns) > MOST_COLUMNS:
            raise UserError(
                f"The first items of {name} have more than {MOST_COLUMNS:,} different keys: its "
                "keys are not columns."
            )
    lower = {column.lower(): column for column in reversed(columns)}
    target = next((lower[name] for name in TARGETS if name in lower), None)
    return tuple(columns), target if target and columns[target] else None


def _flatten(value: dict[str, Any], before: str, found: dict[str, Any]) -> None:
    for key, inner in value.items():
        name = before + key.strip()
        if isinstance(inner, dict) and inner:
            _flatten(inner, f"{name}.", found)
        elif name in found:
            raise NotAnItemError(f"two of its keys become the column {name!r}")
        else:
            found[name or "(no name)"] = inner


def _cell(key: str, value: Any) -> str:
    if isinstance(value, list):
        return _list_cell(key, value)
    return _text(value)


def _list_cell(key: str, value: list[Any]) -> str:
    if _all_texts(value):
        # Sentences of a document make a text; other lists stay lists to the eye.
        between = " " if key.rpartition(".")[2].lower() in SOURCES else ", "
        return between.join(value)
    try:
        return triples_cell(as_triples(value))
    except NotTriplesError:
        return json.dumps(value, ensure_ascii=False, default=str)


def _text(value: Any) -> str:
    if value is None or value == {}:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _all_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        again = next(key for key in keys if keys.count(key) > 1)
        raise NotAnItemError(f"the key {again!r} stands there twice")
    return found


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return f"the word {json.dumps(value)}"
    return "a list" if isinstance(value, list) else "a text or number"
