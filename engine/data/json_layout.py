"""Where the examples of a JSON file stand: a line each, in a list, in an object, in columns."""

from __future__ import annotations

import enum
import io
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.contract.errors import UserError
from engine.data.column_names import KEY_COLUMN
from engine.data.headers import MOST_COLUMNS
from engine.data.item_shapes import shape_of
from engine.data.json_values import JsonWalker
from engine.data.reader_errors import inputs_without_texts
from engine.data.sides import side_named

_SAMPLE = 10
"""Items of a list or an object that are read to guess the layout."""
_LINES = 50
_DEEPEST = 3
"""Objects around the one that holds the examples."""
_COMMON_KEYS = ("data", "rows", "items", "examples", "records", "instances", "entries", "samples")
"""Names of a list of examples where an object holds several lists."""
_PANDAS_SPLIT = frozenset({"columns", "index", "data", "index_names", "column_names"})


class Form(enum.Enum):
    """How the examples stand in the file."""

    LINES = "lines"
    """A value a line."""
    ITEMS = "items"
    """The items of one list, or values one after another."""
    LISTS = "lists"
    """The items of lists that are entries of an object."""
    ENTRIES = "entries"
    """The entries of an object, each an example."""
    COLUMNS = "columns"
    """A table by columns: an object of equally long lists, or of objects with the same keys."""


@dataclass(frozen=True)
class JsonLayout:
    """Where the examples stand.

    Attributes:
        path: keys of the objects in which the lists, entries or columns stand.
        keys: of the lists (or, by columns, of the tables) that are read.
        label: name of the column that says which key an example stood under, or "".
        header: names of the columns of examples that are lists; () where the first one is it.
    """

    form: Form
    path: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    label: str = ""
    header: tuple[str, ...] = ()


@dataclass
class _Entry:
    """An entry of an object: its key, and the first things of its value.

    Attributes:
        kind: "{", "[", or "" for a text, number …
        items: of a list, the first values.
        inner: of an object, the first entries.
        count: how many there are in the part of the file that was read.
    """

    key: str
    kind: str
    items: list[Any] = field(default_factory=list)
    inner: dict[str, Any] = field(default_factory=dict)
    count: int = 0

    def holds(self, kind: type) -> bool:
        """Whether it is a list of nothing but values of a kind, as far as it was read."""
        return bool(self.items) and all(isinstance(item, kind) for item in self.items)


def find_layout(head: str, *, whole: bool, in_lines: bool, name: str) -> JsonLayout:
    """How the examples of a file stand in it.

    Args:
        head: text of the file's beginning.
        whole: whether that is all of it.
        in_lines: whether the name of the file says that it has an object a line.
        name: of the file, for messages.

    Raises:
        UserError: the file is one object that is no table, or a known one that is not read.
    """
    lines = [line for line in itertools.islice(io.StringIO(head), _LINES) if line.strip()]
    parsed = [_parsed(line) for line in lines]
    containers = sum(isinstance(value, dict | list) for value in parsed)
    if len(lines) > 1 and (isinstance(parsed[0], dict) or 2 * containers >= len(lines)):
        return JsonLayout(Form.LINES)
    walker = JsonWalker(io.StringIO(head), name=name, cut=True)
    if walker.next_letter() != "{":
        opened = walker.next_letter() == "["
        return JsonLayout(Form.LINES if in_lines and not opened else Form.ITEMS)
    alone = JsonLayout(Form.LINES if in_lines or len(lines) == 1 else Form.ITEMS)
    single = _parsed(head) if whole else None
    if isinstance(single, dict) and (not single or shape_of(single) is not None):
        return alone
    entries = _outline(walker)
    if walker.next_letter():
        return JsonLayout(Form.ITEMS)  # objects one after another
    layout = _of_object(entries, name, sure=not (whole and in_lines))
    if layout is None and whole and not in_lines and not all(map(_is_plain, entries)):
        raise UserError(
            "json-object-not-a-table",
            "{file} is one JSON object with the keys {keys}, which is not a known form of "
            "table. Write a list of objects, one per example, or one object per line.",
            file=name,
            keys=_named(entries),
        )
    return layout or alone


def _of_object(
    entries: Sequence[_Entry], name: str, *, sure: bool, depth: int = 0
) -> JsonLayout | None:
    """How an object holds examples; None where it is an example itself.

    Args:
        sure: whether an object of lists is no example that has them.
        depth: of objects around this one.
    """
    lists = [entry for entry in entries if entry.kind == "["]
    objects = [entry for entry in entries if entry.kind == "{"]
    keys = {entry.key for entry in entries}
    if {"columns", "data"} <= keys <= _PANDAS_SPLIT:
        return _pandas_split(entries, name)
    if any(entry.holds(list) and _is_logicnlg(entry.items[0]) for entry in lists):
        raise inputs_without_texts(name, "LogicNLG")
    sides = [entry for entry in (*lists, *objects) if side_named(entry.key) is not None]
    if sides and len(sides) == len(lists) + len(objects):
        return _sides(sides, name)
    if sure and len(lists) == len(entries) and _is_even(lists):
        return JsonLayout(Form.COLUMNS)
    rows = [entry for entry in lists if entry.holds(dict)]
    rows = rows or [entry for entry in lists if entry.holds(list) and entry.key in _COMMON_KEYS]
    common = [entry for entry in rows if entry.key in _COMMON_KEYS]
    if len(rows) > 1 and len(common) != 1 and len(rows) == len(lists):
        return _several(rows, name)
    if rows and (sure or common or len(lists) == len(entries)):
        return JsonLayout(Form.LISTS, keys=((common or rows)[0].key,))
    if sure and lists and len(lists) == len(entries) and not rows:
        return JsonLayout(Form.COLUMNS)
    if objects and len(objects) == len(entries):
        return _nested(objects, name, depth)
    if len(objects) == 1 and not lists and sure:
        return _inside(objects[0], name, depth)
    return None


def _inside(entry: _Entry, name: str, depth: int) -> JsonLayout | None:
    """How an entry that is an object holds examples, if it does."""
    if depth >= _DEEPEST:
        return None
    inner = _of_object(_outline_of(entry), name, sure=True, depth=depth + 1)
    return inner and replace(inner, path=(entry.key, *inner.path))


def _pandas_split(entries: Sequence[_Entry], name: str) -> JsonLayout:
    columns = next(entry for entry in entries if entry.key == "columns")
    header = tuple(
        ".".join(map(str, name)) if isinstance(name, list) else str(name) for name in columns.items
    )
    if not 0 < len(header) <= MOST_COLUMNS or len(set(header)) < len(header):
        raise UserError(
            "pandas-column-names",
            "{file} is a table written by pandas with orient='split', and its column names "
            "are missing, repeated, or more than {limit:,}. Give each column its own name.",
            file=name,
            limit=MOST_COLUMNS,
        )
    return JsonLayout(Form.LISTS, keys=("data",), header=header)


def _sides(sides: Sequence[_Entry], name: str) -> JsonLayout:
    """The sides of a split: {"train": […], "test": […]}."""
    keys = tuple(entry.key for entry in sides)
    if all(entry.kind == "[" for entry in sides):
        return JsonLayout(Form.LISTS, keys=keys, label="split")
    inner = [_of_object(_outline_of(entry), name, sure=True) for entry in sides]
    if all(
        layout is not None and layout.form is Form.COLUMNS and not layout.path for layout in inner
    ):
        return JsonLayout(Form.COLUMNS, keys=keys, label="split")
    raise UserError(
        "json-splits-not-lists",
        "{file} holds {keys}, which are not lists of objects. Write each as a list "
        "with one object per example.",
        file=name,
        keys=", ".join(map(repr, keys)),
    )


def _several(rows: Sequence[_Entry], name: str) -> JsonLayout:
    """Several lists of objects: one table, where their objects have the same keys."""
    if len({frozenset(entry.items[0]) for entry in rows if isinstance(entry.items[0], dict)}) != 1:
        raise UserError(
            "json-several-lists",
            "{file} holds several lists ({keys}), and it is not clear which are the "
            "examples. Save the examples to a file of their own.",
            file=name,
            keys=_named(rows),
        )
    return JsonLayout(Form.LISTS, keys=tuple(entry.key for entry in rows), label=KEY_COLUMN)


def _nested(objects: Sequence[_Entry], name: str, depth: int) -> JsonLayout | None:
    """An object of objects: one example each, or a table by columns."""
    if len(objects) == 1 and not _is_plain_object(objects[0]):
        inner = _inside(objects[0], name, depth)
        if inner is not None:
            return inner
    numbered = all(entry.key.isdecimal() for entry in objects)
    examples = JsonLayout(Form.ENTRIES, label="" if numbered else KEY_COLUMN)
    if any(shape_of(entry.inner) is not None for entry in objects):
        return examples
    if not numbered and all(map(_is_plain_object, objects)):
        inner_keys = {frozenset(entry.inner) for entry in objects}
        by_number = all(key.isdecimal() for keys in inner_keys for key in keys)
        longer = len(inner_keys) == 1 and objects[0].count > len(objects)
        if by_number or longer:
            return JsonLayout(Form.COLUMNS)
    alike = len({frozenset(entry.inner) for entry in objects}) == 1
    if len(objects) > 2 or (len(objects) == 2 and (numbered or alike)):
        return examples
    return None


def _outline(walker: JsonWalker) -> list[_Entry]:
    """The entries of the object at which the walker stands."""
    entries = []
    for member in walker.entries():
        kind = walker.next_letter()
        entry = _Entry(member.key, kind if kind in ("[", "{") else "")
        most = MOST_COLUMNS + 1 if entry.key == "columns" else _SAMPLE
        if kind == "[":
            for value in walker.items():
                entry.count += 1
                if len(entry.items) < most and not value.problem:
                    entry.items.append(_parsed(value.text))
        elif kind == "{":
            for inner in walker.entries():
                held = walker.value()
                entry.count += 1
                if len(entry.inner) < _SAMPLE and held is not None:
                    entry.inner[inner.key] = _parsed(held.text)
        else:
            walker.skip()
        entries.append(entry)
    return entries


def _outline_of(parent: _Entry) -> list[_Entry]:
    """The entries of an entry that is an object, as far as they were read."""
    entries = []
    for key, value in parent.inner.items():
        entry = _Entry(
            key, "[" if isinstance(value, list) else "{" if isinstance(value, dict) else ""
        )
        if isinstance(value, list):
            entry.items, entry.count = value[:_SAMPLE], len(value)
        elif isinstance(value, dict):
            entry.inner = dict(itertools.islice(value.items(), _SAMPLE))
            entry.count = len(value)
        entries.append(entry)
    return entries


def _is_even(lists: Sequence[_Entry]) -> bool:
    """Whether these lists are equally long, and not all of objects or lists."""
    kinds = [entry.holds(dict) or entry.holds(list) for entry in lists]
    return len(lists) > 1 and len({entry.count for entry in lists}) == 1 and not all(kinds)


def _is_logicnlg(item: list[Any]) -> bool:
    """Whether a list item is [statement, [column, …], title, template]."""
    return len(item) > 2 and isinstance(item[0], str) and isinstance(item[1], list)


def _is_plain(entry: _Entry) -> bool:
    """Whether an entry may belong to an example: a text, or a list of texts."""
    return not entry.kind or (entry.kind == "[" and entry.holds(str))


def _is_plain_object(entry: _Entry) -> bool:
    return bool(entry.inner) and not any(isinstance(v, dict | list) for v in entry.inner.values())


def _named(entries: Sequence[_Entry]) -> str:
    names = ", ".join(repr(entry.key[:40]) for entry in entries[:4])
    return names + (" …" if len(entries) > 4 else "")


def _parsed(text: str) -> Any:
    """The value of a text, or an error where it is not whole."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        return error
