"""Labels, tags and answers of an input that is typed, and of a table's rows."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from engine.contract.methods.frozen import FrozenMethod
from engine.contract.methods.prefix import Init, Parametrisation, PrefixMethod
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import ImportFile
from engine.contract.protocol.playground import (
    AskedSystem,
    FieldValue,
    InputWritten,
    MeasureAttention,
    StreamOutputs,
)
from engine.contract.protocol.writing import PrepareWriting, WriteTexts
from engine.contract.reading.reading import ReadOptions
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.outputs import read_outputs
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import INPUT_ROLES, Mapping
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.contract.writing.folder import WritingFolder, new_writing
from engine.contract.writing.progress import WrittenRows
from engine.data.importing import import_file
from engine.playground.handlers import measure_attention, stream_outputs
from engine.reporter import Silent
from engine.run import run_folder
from engine.writing.handlers import prepare_writing, write_texts
from tests.engine.playground.parts import Parts
from tests.helpers.errors import refused
from tests.helpers.reading_runs import COLUMNS, KINDS, LABEL, SPAN, TAGS, reading_spec, rows_of
from tests.helpers.tiny_runs import Workshop

PREFIX = PrefixMethod(
    prefix_length=4, parametrisation=Parametrisation.DIRECT, init=Init.RANDOM, dropout=0.1
)


@pytest.fixture(scope="module")
def runs(
    workshop: Workshop, tmp_path_factory: pytest.TempPathFactory
) -> dict[AnswerKind, RunFolder]:
    """A finished run of each task."""
    place, made = tmp_path_factory.mktemp("reading"), {}
    for kind, method in zip(KINDS, (PREFIX, FrozenMethod(), PREFIX), strict=True):
        spec = reading_spec(workshop, place, kind, method)
        made[kind] = workshop.run(place / f"run-{kind.value}", spec)
        assert run_folder(made[kind].path) == 0
    return made


def asked(
    run: RunFolder, cells: dict[str, str], text: str | None = None, *, samples: int = 1
) -> Parts:
    """What a run says of these cells, or of a text."""
    parts = Parts()
    values = tuple(FieldValue(name, "", cell) for name, cell in cells.items())
    decoding = DecodingSpec(strategy=Strategy.SAMPLING)
    command = StreamOutputs(
        (AskedSystem(str(run.path)),), values, Mapping(()), text, decoding=decoding, samples=samples
    )
    stream_outputs(command, parts)
    return parts


def cells_of(kind: AnswerKind, number: int) -> dict[str, str]:
    """The input cells of a row of the table."""
    return {
        column.name: cell
        for column, cell in zip(COLUMNS[kind], rows_of(kind)[number], strict=True)
        if column.role in INPUT_ROLES
    }


@pytest.mark.parametrize("kind", KINDS)
def test_an_input_that_is_typed_is_read_as_the_runs_own(
    runs: dict[AnswerKind, RunFolder], kind: AnswerKind
) -> None:
    """What the form gives is what the run predicted for the same test row."""
    outputs = {row.input: row for row in read_outputs(runs[kind].outputs / "test.jsonl")}
    seen = 0
    for number in range(len(rows_of(kind))):
        if seen == 3:
            break
        parts = asked(runs[kind], cells_of(kind, number))
        (written,) = [part for part in parts.parts if isinstance(part, InputWritten)]
        (ended,) = parts.ended
        row = outputs.get(written.text)
        if row is None:
            continue
        seen += 1
        assert (ended.text, ended.answer, ended.problem) == (row.output, kind, "")
        assert [label for label, _ in ended.probabilities] == [
            label for label, _ in row.probabilities
        ]
        assert [p for _, p in ended.probabilities] == pytest.approx(
            [p for _, p in row.probabilities], abs=1e-4
        )
    assert seen == 3


def test_each_sample_is_answered(runs: dict[AnswerKind, RunFolder]) -> None:
    ended = asked(runs[LABEL], cells_of(LABEL, 0), samples=3).ended
    assert [part.sample for part in ended] == [0, 1, 2]
    assert len({part.text for part in ended}) == 1


def test_free_text_is_read_where_it_can_be(runs: dict[AnswerKind, RunFolder]) -> None:
    (label,) = asked(runs[LABEL], {}, "Hut 3 has soup").ended
    assert label.text
    (tags,) = asked(runs[TAGS], {}, "Ada  had\nsoup").ended
    assert len(tags.text.split()) == 3
    (answer,) = asked(runs[SPAN], {}, "Who ate?").ended
    assert "form" in answer.problem


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_text_is_refused(runs: dict[AnswerKind, RunFolder], kind: AnswerKind) -> None:
    (ended,) = asked(runs[kind], dict.fromkeys(cells_of(kind, 0), " ")).ended
    assert "empty" in ended.problem


def test_attention_is_of_texts_alone(runs: dict[AnswerKind, RunFolder]) -> None:
    with refused("system-does-not-write"):
        measure_attention(MeasureAttention(AskedSystem(str(runs[LABEL].path)), "x", (1,)), Silent())


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_gets_a_column_of_predictions(
    runs: dict[AnswerKind, RunFolder], kind: AnswerKind, tmp_path: Path
) -> None:
    table = tmp_path / "new.csv"
    names = [column.name for column in COLUMNS[kind] if column.role in INPUT_ROLES]
    rows = [list(cells_of(kind, number).values()) for number in range(6)]
    rows.insert(2, [" "] * len(names))
    with open(table, "w", encoding="utf-8", newline="") as stream:
        numbered = [[str(number), *row] for number, row in enumerate(rows)]
        csv.writer(stream).writerows([["row", *names], *numbered])
    folder = WritingFolder(tmp_path / "written")
    folder.path.mkdir()
    import_file(ImportFile(str(table), ReadOptions(), str(folder.table)), Silent())
    plan = prepare_writing(PrepareWriting(str(runs[kind].path), str(folder.table)), Silent())
    assert [match.column for match in plan.matches] == names
    assert plan.answer is kind
    writing = new_writing("new.csv", table)
    folder.write(replace(writing, system=str(runs[kind].path), matches=plan.matches))
    write_texts(WriteTexts(str(folder.path)), Silent())
    with DatasetStore(folder.table) as store:
        written = WrittenRows(folder.progress, store.meta.row_count)
        written.read_all()
        for number, row in enumerate(rows, start=1):
            said = written.row(number)
            assert said is not None
            if not any(map(str.strip, row)):
                assert said.text == ""
                continue
            assert bool(said.doubts) is not bool(said.text)
            (ended,) = asked(runs[kind], dict(zip(names, row, strict=True))).ended
            assert said.text == ended.text
