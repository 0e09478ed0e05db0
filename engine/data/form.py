"""A dataset's inputs as a form: its fields with values to choose from, and form values as text."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.playground import (
    FieldValue,
    FormField,
    FormFields,
    FormRow,
    ListFormFields,
    ReadFormRow,
    WriteInput,
    WrittenInput,
)
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Column, Mapping, Role
from engine.data.inputs import CellContent, Input, RowReader, content_of, joined_input
from engine.data.meaning import NotAMeaningError, parse_meaning
from engine.reporter import Reporter

MAX_ROWS = 20_000
MAX_SECONDS = 1.0
"""Reading ends with either: a form is useful before every value was seen."""
MAX_VALUES = 200
"""Offered for a field."""
MAX_VALUE_CHARACTERS = 200
"""A longer value is a text and is not offered."""
MAX_DISTINCT = 5_000
"""Counted for a field; what comes later is not."""
MAX_FIELDS = 500

Slot = tuple[str, str]
"""Column and key."""


def list_form_fields(command: ListFormFields, reporter: Reporter) -> FormFields:
    """The fields of a dataset's inputs, with frequent values.

    Raises:
        UserError: the dataset does not open, or has not the columns of the mapping.
    """
    inputs = _columns(command.mapping)
    slots: dict[str, list[str]] = {column.name: [] for column in inputs}
    counts: dict[Slot, Counter[str]] = {}
    end_s, rows = time.monotonic() + MAX_SECONDS, 0
    with DatasetStore(Path(command.store)) as store:
        indices = {column.name: store.column(column.name) for column in inputs}
        for row in store.rows(1, MAX_ROWS):
            rows += 1
            for column in inputs:
                if column.role not in (Role.FIELD, Role.MEANING, Role.CATEGORY):
                    continue
                keys = slots[column.name]
                previous = -1
                for value in _split(column.name, column.role, row.cells[indices[column.name]]):
                    if value.key not in keys and len(keys) < MAX_FIELDS:
                        keys.insert(previous + 1, value.key)  # beside its neighbour in the data
                    if value.key in keys:
                        previous = keys.index(value.key)
                        _count(counts.setdefault((column.name, value.key), Counter()), value.value)
            if time.monotonic() > end_s:
                break
            reporter.update(rows, store.meta.row_count, "rows")
        row_count = store.meta.row_count
    fields = [
        FormField(column.name, key, column.role, _frequent(counts.get((column.name, key))))
        for column in inputs
        for key in slots[column.name] or [""]
        if key or len(slots[column.name]) < 2  # cells that did not parse have no field of their own
    ]
    return FormFields(tuple(fields), rows, row_count)


def read_form_row(command: ReadFormRow, reporter: Reporter) -> FormRow:
    """A row as values of the form.

    Raises:
        UserError: there is no such row, or as `list_form_fields`.
    """
    with DatasetStore(Path(command.store)) as store:
        number, count = command.row_number, store.meta.row_count
        row = next(store.rows(number, 1), None) if 1 <= number <= count else None
        if row is None:
            raise UserError(
                "no-such-row",
                "There is no row {row:,}. The dataset has {count:,} rows.",
                row=number,
                count=count,
            )
        reader = RowReader(store, command.mapping)
        values = [
            value
            for column in _columns(command.mapping)
            for value in _split(column.name, column.role, row.cells[store.column(column.name)])
        ]
        return FormRow(number, tuple(values), reader.references(row.cells))


def write_input(command: WriteInput, reporter: Reporter) -> WrittenInput:
    """The values of a form as text."""
    written = form_input(command.values, command.mapping)
    return WrittenInput(written.text(command.linearisation), written.fields)


def form_input(values: Sequence[FieldValue], mapping: Mapping) -> Input:
    """The input that these values make, in the order of the mapping's columns.

    A column for which there is no value is empty.
    """
    return joined_input(_contents(values, mapping))


def _columns(mapping: Mapping) -> tuple[Column, ...]:
    """What the form asks for: the inputs, and the category where a head of its own may read it."""
    by_head = mapping.answer in (AnswerKind.LABEL, AnswerKind.TAGS)
    category = mapping.named(Role.CATEGORY) if by_head else ()
    return (*mapping.inputs, *(Column(name, Role.CATEGORY) for name in category))


def _contents(values: Sequence[FieldValue], mapping: Mapping) -> Iterator[CellContent]:
    for column in mapping.inputs:
        own = [value for value in values if value.column == column.name]
        if column.role is Role.MEANING:
            yield [(value.key, value.value) for value in own if value.key and value.value], (), True
            own = [value for value in own if not value.key]
        for value in own or [FieldValue(column.name, "", "")] * (column.role is Role.FIELD):
            yield content_of(column.name, column.role, value.value)


def _split(column: str, role: Role, cell: str) -> Iterator[FieldValue]:
    """A cell as values: those of a meaning representation apart."""
    if role is Role.MEANING:
        try:
            for key, value in parse_meaning(cell):
                yield FieldValue(column, key, value)
            return
        except NotAMeaningError:
            pass
    yield FieldValue(column, "", cell)


def _count(counter: Counter[str], value: str) -> None:
    if not value.strip() or len(value) > MAX_VALUE_CHARACTERS:
        return
    if value in counter or len(counter) < MAX_DISTINCT:
        counter[value] += 1


def _frequent(counter: Counter[str] | None) -> tuple[str, ...]:
    common: Iterable[tuple[str, int]] = counter.most_common(MAX_VALUES) if counter else ()
    return tuple(value for value, _ in common)
