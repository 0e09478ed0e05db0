"""From one JSON object to the cells of a row: nested objects flattened, lists in one cell."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.contract.errors import UserError
from engine.contract.reading.reading import FindingKind
from engine.data.column_names import LABELS, REFERENCES, SOURCES, TARGETS, WORDS
from engine.data.encodings import show_bad_bytes
from engine.data.headers import MOST_COLUMNS
from engine.data.names import safe_name
from engine.data.sequences import cell_of
from engine.data.text_lists import are_tokens, is_sentence, list_cell
from engine.data.triples import NotTriplesError, are_triple_texts, as_triples, triples_cell

Cells = dict[str, str]
"""Column and cell."""
Keeps = Callable[[str], bool]
"""Says of a text's language whether it is read."""

_MOST_VALUES = 2_000_000
"""Values of one item; as many as a few hundred MB of memory hold."""
_SPARSE_COLUMNS = 200
_SPARSE = 0.05
"""Share of cells with a value below which so many columns are no table."""
_WORDS = ("tokens", "words")
"""Names of lists of words that may have tags beside them."""
_MOST_EVEN = 0.9
_TEXT_KEYS = ("text", "value", "lex", "sentence", "final_sentence", *TARGETS)
"""Keys under which the text of a reference stands where references are objects."""


class NotAnItemError(ValueError):
    """The text holds no example; the message says why."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A part of an item that makes no row: why, and its text."""

    reason: str
    text: str
    kind: FindingKind = FindingKind.BROKEN


def parse_item(text: str, header: Sequence[str] = ()) -> dict[str, Any]:
    """A JSON object; numbers stay as they are written.

    Args:
        header: names for the values of an item that is a list.

    Raises:
        NotAnItemError: it does not parse, or is no object, or has a key twice.
    """
    plain = parse_value(text)
    if header and isinstance(plain, list):
        if len(plain) != len(header):
            raise NotAnItemError(
                f"it has {len(plain):,} values where {len(header):,} were expected"
            )
        return dict(zip(header, plain, strict=True))
    if not isinstance(plain, dict):
        raise NotAnItemError(f"it is {_kind(plain)}, not an object with a value for each column")
    if not plain:
        raise NotAnItemError("the object is empty")
    return plain


def parse_value(text: str) -> Any:
    """A JSON value; numbers stay as they are written.

    Raises:
        NotAnItemError: it does not parse, has a key twice, or is more than memory should hold.
    """
    if text.count(",") > _MOST_VALUES:
        raise NotAnItemError(f"it holds more than {_MOST_VALUES:,} values")
    try:
        return json.loads(
            text,
            parse_int=str,
            parse_float=str,
            parse_constant=str,
            object_pairs_hook=_without_repetition,
        )
    except json.JSONDecodeError as error:
        line = f"line {error.lineno}, " if error.lineno > 1 else ""
        raise NotAnItemError(f"{error.msg} at {line}character {error.colno}") from error
    except RecursionError as error:
        raise NotAnItemError("it is nested too deeply") from error


@dataclass(frozen=True)
class ListColumns:
    """Columns of lists of texts.

    Attributes:
        tokens: whose lists are the words of one text each.
        sequences: whose lists are the words or the tags of a sentence, as many in each row.
    """

    tokens: frozenset[str] = frozenset()
    sequences: frozenset[str] = frozenset()


def item_cells(item: dict[str, Any], lists: ListColumns | None = None) -> Cells:
    """The cells of an item.

    Args:
        lists: what is known of columns of lists.

    Raises:
        NotAnItemError: two keys become one column, or a text has half a character.
    """
    flat: dict[str, Any] = {}
    lists = lists or ListColumns()
    try:
        _flatten(item, "", flat)
        cells = {key: _cell(key, value, lists) for key, value in flat.items()}
    except RecursionError as error:
        raise NotAnItemError("it is nested too deeply") from error
    check_characters(cells)
    return cells


def check_characters(cells: Cells) -> None:
    """Raise `NotAnItemError` where a cell has half a character."""
    for key, cell in cells.items():
        if not (key.isascii() and cell.isascii()) and show_bad_bytes(key + cell) != key + cell:
            raise NotAnItemError(f"{key!r} holds half a character, such as \\ud83d alone")


def find_columns(items: Iterable[dict[str, Any]], name: str) -> tuple[tuple[str, ...], ListColumns]:
    """The columns of the first items, in order, and those of lists.

    Raises:
        UserError: more columns than can be shown.
    """
    columns: dict[str, list[list[str]]] = {}  # name -> its lists of texts
    lengths: dict[str, list[int]] = {}  # name -> how many words, 0 where there are none
    count = cells = 0
    for item in items:
        flat: dict[str, Any] = {}
        try:
            _flatten(item, "", flat)
        except (RecursionError, NotAnItemError):
            continue
        count, cells = count + 1, cells + len(flat)
        for key, value in flat.items():
            lists = columns.setdefault(key, [])
            sizes = lengths.setdefault(key, [])
            sizes += [0] * (count - 1 - len(sizes))
            if isinstance(value, list) and value and _all_texts(value):
                lists.append(value)
                sizes.append(len(value))
            elif isinstance(value, str) and _last(key) in WORDS:
                sizes.append(len(value.split()))  # whose tags may be a list all the same
        if len(columns) > MOST_COLUMNS or (
            len(columns) > _SPARSE_COLUMNS and cells < _SPARSE * count * len(columns)
        ):
            raise UserError(
                "too-many-keys",
                "The first items of {file} have more than {limit:,} different keys. Its keys "
                "are not columns.",
                file=name,
                limit=len(columns) - 1,
            )
    tokens = frozenset(
        key
        for key, lists in columns.items()
        if lists and are_tokens(lists, sure=_last(key) in (*TARGETS, *REFERENCES, *SOURCES))
    )
    return tuple(columns), ListColumns(tokens, _sequences(columns, lengths))


def _sequences(
    columns: Mapping[str, Sequence[Sequence[str]]], lengths: Mapping[str, Sequence[int]]
) -> frozenset[str]:
    """Columns of words, and of tags that are as many in every item."""
    words = next(
        (
            key
            for name in WORDS
            for key, lists in columns.items()
            if _last(key) == name and (name in _WORDS or not lists)
        ),
        "",
    )
    if max(lengths.get(words, ()), default=0) < 2:
        return frozenset()
    tags = [
        key
        for key, lists in columns.items()
        if key != words
        and _are_even(lengths[key], lengths[words])
        and not any(len(text.split()) != 1 for texts in lists for text in texts)
    ]
    return frozenset((words, *tags)) if tags else frozenset()


def _are_even(first: Sequence[int], second: Sequence[int]) -> bool:
    """Whether nearly all lists that have a length are as long as their neighbours."""
    pairs = [pair for pair in zip(first, second, strict=False) if all(pair)]
    return bool(pairs) and sum(size == other for size, other in pairs) >= _MOST_EVEN * len(pairs)


def text_of(value: Any) -> str:
    """A single value as a cell."""
    if value is None or value == {} or value == []:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def rows_of_columns(value: Any) -> Any:
    """A list of objects where it is an object of equally long lists, as the hub has it."""
    if not isinstance(value, dict):
        return value
    columns = {key: values for key, values in value.items() if isinstance(values, list)}
    size = max(map(len, columns.values()), default=0)
    return [
        {key: values[number] for key, values in columns.items() if len(values) == size}
        for number in range(size)
    ]


def _flatten(value: dict[str, Any], before: str, cells: dict[str, Any]) -> None:
    for key, inner in value.items():
        name = before + safe_name(key)
        if isinstance(inner, dict) and inner:
            _flatten(inner, f"{name}.", cells)
        elif name in cells:
            raise NotAnItemError(f"two of its keys become the column {name!r}")
        else:
            cells[name or "(no name)"] = inner


def _cell(key: str, value: Any, lists: ListColumns) -> str:
    if not isinstance(value, list) or not value:
        return text_of(value)
    if _all_texts(value):
        if key in lists.sequences:
            return cell_of(value)
        return _texts_cell(_last(key), value, is_tokens=key in lists.tokens)
    try:
        return triples_cell(as_triples(value))
    except NotTriplesError:
        pass
    if _all_lists(value) and all(map(_all_texts, value)):
        inner = [text for texts in value for text in texts]
        if are_triple_texts(inner):
            return triples_cell(as_triples(inner))
        if are_tokens(value):
            return list_cell([" ".join(texts) for texts in value])
    if _last(key) in (*TARGETS, *REFERENCES):
        inside = [_text_inside(item) for item in value]
        if all(inside):
            return list_cell(inside)
    return json.dumps(value, ensure_ascii=False, default=str)


def _texts_cell(name: str, texts: list[str], *, is_tokens: bool) -> str:
    """The cell for a list of texts: facts, words, sentences, references, labels."""
    if are_triple_texts(texts):
        return triples_cell(as_triples(texts))
    if is_tokens:
        return " ".join(texts)
    if name in (*TARGETS, *REFERENCES, *LABELS):
        return list_cell(texts)
    if name in SOURCES:
        return " ".join(texts)
    if any(" " in text or is_sentence(text) for text in texts):
        return list_cell(texts)
    return ", ".join(texts)  # labels, numbers


def _text_inside(value: Any) -> str:
    """The text of a reference that is an object, or "" where there is none."""
    if not isinstance(value, dict):
        return ""
    text = next((value[key] for key in _TEXT_KEYS if key in value), "")
    return text if isinstance(text, str) else ""


def _last(key: str) -> str:
    """The last part of a column's name, in lower case: what the key itself was."""
    return key.rpartition(".")[2].lower()


def _all_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _all_lists(values: list[Any]) -> bool:
    return all(isinstance(value, list) and value for value in values)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    if len(plain) < len(pairs):
        again = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise NotAnItemError(f"the key {again!r} stands there twice")
    return plain


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return f"the word {json.dumps(value)}"
    return "a list" if isinstance(value, list) else "a text or number"
