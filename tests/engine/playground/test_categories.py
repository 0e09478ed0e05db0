"""A head for each category, asked in the Playground and in Write."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from engine.contract.methods.frozen import FrozenMethod
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import ImportFile
from engine.contract.protocol.playground import (
    AskedSystem,
    FieldValue,
    ListFormFields,
    OutputEnded,
    ReadFormRow,
    StreamOutputs,
)
from engine.contract.protocol.writing import PrepareWriting, WriteTexts
from engine.contract.reading.reading import ReadOptions
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.outputs import read_outputs
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Mapping, Role
from engine.contract.specs.training import DecodingSpec
from engine.contract.writing.folder import WritingFolder, new_writing
from engine.contract.writing.progress import WrittenRows
from engine.data.form import list_form_fields, read_form_row
from engine.data.importing import import_file
from engine.playground.handlers import stream_outputs
from engine.reporter import Silent
from engine.run import run_folder
from engine.writing.handlers import prepare_writing, write_texts
from tests.engine.playground.parts import Parts
from tests.helpers.category_runs import LABEL, SETS, category_spec, rows_of
from tests.helpers.errors import refused
from tests.helpers.tiny_runs import Workshop


@pytest.fixture(scope="module")
def run(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Finished, over two sets."""
    place = tmp_path_factory.mktemp("sets")
    made = workshop.run(place / "run", category_spec(workshop, place, LABEL, FrozenMethod()))
    assert run_folder(made.path) == 0
    return made


def asked(run: RunFolder, cells: dict[str, str], text: str | None = None) -> OutputEnded:
    parts = Parts()
    values = tuple(FieldValue(name, "", cell) for name, cell in cells.items())
    systems = (AskedSystem(str(run.path)),)
    command = StreamOutputs(systems, values, Mapping(()), text, decoding=DecodingSpec())
    stream_outputs(command, parts)
    (ended,) = parts.ended
    return ended


def test_the_form_has_the_category_where_a_head_may_read_it(run: RunFolder) -> None:
    data = run.read_spec().data
    fields = list_form_fields(ListFormFields(data.dataset, data.mapping), Silent()).fields
    assert [(field.column, field.role) for field in fields] == [
        ("text", Role.SOURCE),
        ("set", Role.CATEGORY),
    ]
    assert set(fields[1].values) == {"food", "side"}
    row = read_form_row(ReadFormRow(data.dataset, data.mapping, 2), Silent())
    assert [value.value for value in row.values] == [rows_of(LABEL)[1][0], "side"]
    written = replace(data.mapping, answer=AnswerKind.TEXT)
    fields = list_form_fields(ListFormFields(data.dataset, written), Silent()).fields
    assert [field.column for field in fields] == ["text"]


def test_the_playground_asks_the_head_of_the_category(run: RunFolder) -> None:
    rows = read_outputs(run.outputs / "test.jsonl")
    assert {row.category for row in rows} == {"food", "side"}
    for row in rows[:6]:
        ended = asked(run, {"text": row.input, "set": f" {row.category} "})
        assert (ended.text, ended.problem) == (row.output, "")
        labels = {each.category: set(each.names) for each in SETS[LABEL]}[row.category]
        assert {label for label, _ in ended.probabilities} == labels
    assert "'food', 'side'" in asked(run, {"text": "Hut 3", "set": "price"}).problem
    assert "'food', 'side'" in asked(run, {"text": "Hut 3"}).problem
    assert "form" in asked(run, {}, "Hut 3 has soup").problem


def write(run: RunFolder, place: Path, header: list[str], rows: list[list[str]]) -> list[str]:
    """What is predicted for a table's rows."""
    table = place / "new.csv"
    with open(table, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    folder = WritingFolder(place / "written")
    folder.path.mkdir()
    import_file(ImportFile(str(table), ReadOptions(), str(folder.table)), Silent())
    plan = prepare_writing(PrepareWriting(str(run.path), str(folder.table)), Silent())
    assert [(match.field, match.role) for match in plan.matches] == [
        ("text", Role.SOURCE),
        ("set", Role.CATEGORY),
    ]
    writing = new_writing("new.csv", table)
    folder.write(replace(writing, system=str(run.path), matches=plan.matches))
    write_texts(WriteTexts(str(folder.path)), Silent())
    with DatasetStore(folder.table) as store:
        written = WrittenRows(folder.progress, store.meta.row_count)
        written.read_all()
        said = [written.row(number) for number in range(1, len(rows) + 1)]
    return [row.text for row in said if row is not None]


def test_a_table_gets_the_labels_of_its_categories(run: RunFolder, tmp_path: Path) -> None:
    rows = read_outputs(run.outputs / "test.jsonl")[:6]
    cells = [[row.category, row.input] for row in rows]
    assert write(run, tmp_path, ["Set", "text"], cells) == [row.output for row in rows]


def test_a_table_without_categories_is_refused(run: RunFolder, tmp_path: Path) -> None:
    with refused("input-without-category"):
        write(run, tmp_path, ["text", "number"], [["Hut 3 has soup", "7"]])
