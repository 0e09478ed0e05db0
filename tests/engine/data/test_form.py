"""A dataset's inputs as a form: fields, values, rows, and the text that they make."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import ImportFile
from engine.contract.protocol.playground import (
    FieldValue,
    ListFormFields,
    ReadFormRow,
    WriteInput,
)
from engine.contract.reading.reading import ReadOptions
from engine.contract.specs.data import Column, Linearisation, Mapping, Preset, Role
from engine.data import form
from engine.data.form import list_form_fields, read_form_row, write_input
from engine.data.importing import import_file
from engine.data.inputs import RowReader
from engine.reporter import Silent
from tests.helpers.errors import refused

MAPPING = Mapping(
    (
        Column("mr", Role.MEANING),
        Column("town", Role.FIELD),
        Column("facts", Role.TRIPLES),
        Column("note", Role.SOURCE),
        Column("text", Role.TARGET),
    )
)
ROWS = (
    ("name[Hut], food[soup]", "Bonn", "Hut | is in | Bonn", "", "Soup at Hut."),
    ("name[Inn], price[low], food[stew]", "Köln", "", "Open late.", "Stew at Inn."),
    ("name[Hut], food[soup], food[tea]", "Bonn", "", "", "Soup and tea."),
    ("no meaning at all", "", "not, a, triple", "", "Nothing."),
)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "data.csv"
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([[column.name for column in MAPPING.columns], *ROWS])
    import_file(ImportFile(str(path), ReadOptions(), str(tmp_path / "d.sqlite")), Silent())
    return tmp_path / "d.sqlite"


def test_fields_with_their_values(store: Path) -> None:
    fields = list_form_fields(ListFormFields(str(store), MAPPING), Silent())
    assert (fields.rows_read, fields.row_count) == (4, 4)
    assert [(each.column, each.key, each.values) for each in fields.fields] == [
        ("mr", "name", ("Hut", "Inn")),
        ("mr", "price", ("low",)),
        ("mr", "food", ("soup", "stew", "tea")),
        ("town", "", ("Bonn", "Köln")),
        ("facts", "", ()),
        ("note", "", ()),
    ]


def test_reading_is_bounded(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "MAX_ROWS", 2)
    monkeypatch.setattr(form, "MAX_VALUES", 1)
    monkeypatch.setattr(form, "MAX_VALUE_CHARACTERS", 3)
    fields = list_form_fields(ListFormFields(str(store), MAPPING), Silent())
    assert fields.rows_read == 2
    assert [each.values for each in fields.fields[:3]] == [("Hut",), ("low",), ()]
    monkeypatch.setattr(form, "MAX_SECONDS", -1.0)
    assert list_form_fields(ListFormFields(str(store), MAPPING), Silent()).rows_read == 1


@pytest.mark.parametrize("preset", Preset)
@pytest.mark.parametrize("number", range(1, 5))
def test_a_row_makes_the_text_that_is_trained_on(store: Path, number: int, preset: Preset) -> None:
    row = read_form_row(ReadFormRow(str(store), MAPPING, number), Silent())
    linearisation = Linearisation(preset)
    written = write_input(WriteInput(row.values, MAPPING, linearisation), Silent())
    with DatasetStore(store) as opened:
        trained = RowReader(opened, MAPPING).input(ROWS[number - 1])
    assert written.text == trained.text(linearisation)
    assert written.fields == trained.fields
    assert row.references == (ROWS[number - 1][-1],)


def test_no_such_row(store: Path) -> None:
    for number in (0, 5, -1, 10**12):
        with refused("no-such-row", row=number, count=4):
            read_form_row(ReadFormRow(str(store), MAPPING, number), Silent())


def test_values_without_a_column_and_empty_ones_are_left_out() -> None:
    values = (
        FieldValue("mr", "name", "Hut"),
        FieldValue("mr", "price", ""),
        FieldValue("elsewhere", "", "x"),
    )
    written = write_input(WriteInput(values, MAPPING, Linearisation()), Silent())
    assert written.text == "name : Hut"
