"""From items, which are JSON objects or rows of parquet and the hub, to the rows of a dataset."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from engine.contract.projects.dataset_store import RejectedRow
from engine.contract.reading.reading import Finding, FindingKind
from engine.data.encodings import find_bad_byte, show_bad_bytes
from engine.data.item_shapes import refuse_unread_forms, shape_of
from engine.data.json_rows import (
    Cells,
    ListColumns,
    NotAnItemError,
    Rejection,
    check_characters,
    find_columns,
    item_cells,
)
from engine.data.json_values import SHOWN_CHARACTERS
from engine.data.languages import LanguageChoice
from engine.data.records import BadRow, EmptyRow, Item, ReadRow
from engine.data.tallies import Count, counted
from engine.data.unknown_keys import UnknownKeys

_PLAIN_MODULES = frozenset({"builtins", "datetime", "decimal", "uuid", "numpy", "zoneinfo"})
"""Of types whose values are texts when they are written: numbers, dates …"""


class ItemRows:
    """Makes rows of items, each of the form that the first ones have.

    Args:
        head: the first items; there is one.
        name: of the file, for messages.
        language: which texts are read where a form has several; None chooses.
        label: a column beside those of the items, such as "split", or "".

    Attributes:
        columns: names.
        format: "dart" or "webnlg", where the items have that form, else "".
        title: of the data set whose form they have, or "".
        language: that is read, or None.

    Raises:
        UserError: too many columns, no text in the language, or a form that is not read.
    """

    def __init__(
        self, head: Sequence[dict[str, Any]], name: str, language: str | None, *, label: str = ""
    ) -> None:
        refuse_unread_forms(head[0], name)
        shape = shape_of(head[0])
        if shape is not None and 2 * sum(map(shape.fits, head)) < len(head):
            shape = None
        self._shape = shape
        self._lists = ListColumns()
        if shape is None:
            columns, self._lists = find_columns(head, name)
        else:
            columns = shape.columns
        marks: list[str] = []
        if shape is not None and shape.marks is not None:
            marks = [mark for item in head if shape.fits(item) for mark in shape.marks(item)]
            if not any(marks):
                columns = tuple(column for column in columns if column != "lang")
        self._languages = LanguageChoice(marks, language, name)
        self.language = self._languages.chosen
        self.format = shape.format if shape is not None else ""
        self.title = shape.title if shape is not None else ""
        self._label = "" if not label else label if label not in columns else f"{label} of the file"
        self.columns = (*columns, self._label) if label else columns
        self._own = frozenset(columns)
        self._unknown = UnknownKeys(self.columns)
        self._bytes = Count()

    @property
    def languages(self) -> tuple[str, ...]:
        """Of the texts, as far as they were read; () where they are not marked."""
        languages = self._languages.languages
        return languages if self.language or len(languages) > 1 else ()

    def findings(self) -> tuple[Finding, ...]:
        """Texts in other languages, keys that are no columns, cells that are no text."""
        findings = (*self._languages.findings(), *self._unknown.findings())
        if not self._bytes.count:
            return findings
        message = (
            f"{counted(self._bytes.count, 'row')} with bytes that are no text: shown by their "
            'length, such as "(11 bytes)".'
        )
        return (*findings, self._bytes.finding(FindingKind.NOT_TEXT, message))

    def rows_of(
        self,
        number: int,
        item: dict[str, Any],
        label: str = "",
        *,
        text: Callable[[], str] | None = None,
    ) -> Iterator[Item]:
        """The rows of one item.

        Args:
            number: of the item or its line, 1-based.
            item: whose values are texts, as `as_item` makes them.
            label: cell of the further column.
            text: of the item, where it is rejected; else it is written as JSON.
        """
        try:
            for row in self._rows(item):
                if isinstance(row, Rejection):
                    shown = show_bad_bytes(row.text)[:SHOWN_CHARACTERS]
                    yield BadRow(row.kind, RejectedRow(number, row.reason, shown))
                    continue
                self._unknown.add(row, number)
                cells = tuple(
                    label if column == self._label else row.get(column, "")
                    for column in self.columns
                )
                own = any(cell for key, cell in row.items() if key in self._own)
                yield ReadRow(number, cells) if own else EmptyRow(number)
        except NotAnItemError as error:
            shown = show_bad_bytes(text() if text else json.dumps(item, ensure_ascii=False))
            yield BadRow(
                FindingKind.BROKEN, RejectedRow(number, str(error), shown[:SHOWN_CHARACTERS])
            )

    def as_item(self, number: int, row: dict[str, Any]) -> dict[str, Any]:
        """A row of Python objects as an item: every number, date … as text.

        Bytes that are no text are counted, and become a word for them.
        """
        item, lost = as_item(row)
        if lost:
            self._bytes.add(number)
        return item

    def _rows(self, item: dict[str, Any]) -> Iterator[Cells | Rejection]:
        if self._shape is None:
            yield item_cells(item, self._lists)
            return
        if not self._shape.fits(item):
            raise NotAnItemError(f"it has not {self._shape.title}'s form, as the first items have")
        for row in self._shape.rows(item, self._languages.keeps):
            if isinstance(row, dict):
                row = row if self.language else {k: v for k, v in row.items() if k != "lang"}
                check_characters(row)
            yield row


def as_item(row: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """A row with every number, date … as text, and whether it holds bytes that are no text."""
    lost: list[bytes] = []
    return {key: _plain(value, lost) for key, value in row.items()}, bool(lost)


def is_text(value: bytes) -> bool:
    """Whether bytes are text: UTF-8 without control characters that no text has."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return find_bad_byte(text) is None and not any(c < " " and c not in "\t\n\r\f" for c in text)


def _plain(value: Any, lost: list[bytes]) -> Any:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, dict):
        return {str(name): _plain(inner, lost) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, lost) for inner in value]
    if isinstance(value, bytes):
        if is_text(value):
            return value.decode("utf-8")
        lost.append(value)
        return f"({counted(len(value), 'byte')})"
    if type(value).__module__ in _PLAIN_MODULES:
        return str(value)
    lost.append(b"")
    return f"({type(value).__name__})"  # such as a picture that a library has unpacked
