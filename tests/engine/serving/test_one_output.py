"""A trained prefix writes the same about a row wherever it is used: in a table, asked, served."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.data import ImportFile
from engine.contract.protocol.playground import (
    AskedSystem,
    FieldValue,
    OutputEnded,
    Part,
    StreamOutputs,
)
from engine.contract.reading.reading import ReadOptions
from engine.contract.runs.folder import RunFolder
from engine.contract.writing.matching import match_columns
from engine.contract.writing.work import ChosenRows
from engine.data.importing import import_file
from engine.decoding.handlers import shared_systems
from engine.playground.handlers import stream_outputs
from engine.reporter import Silent
from engine.writing.rows import TableJob, write_rows
from tests.helpers.serving import server_of
from tests.helpers.tiny_runs import write_table

COLUMNS = ("name", "food", "area")
ROWS = [(f"Hut {n}", ("soup", "bread", "")[n % 3], "north " * (n % 4 + 1)) for n in range(8)]


class Progress(Silent):
    """Remembers how many rows were finished at each report."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int]] = []

    def update(self, done: int, total: int, unit: str, text: str = "") -> None:
        if unit == "rows":
            self.rows.append((done, total))


class Parts(Silent):
    """Takes an answer's parts."""

    def __init__(self) -> None:
        self.outputs: list[str] = []

    def send_part(self, part: Part) -> None:
        if isinstance(part, OutputEnded):
            self.outputs.append(part.text)


@pytest.fixture(scope="module")
def run(finished_runs: dict[str, RunFolder]) -> RunFolder:
    return finished_runs["mlp"]


@pytest.fixture
def written(run: RunFolder, tmp_path: Path) -> tuple[list[str], Progress]:
    """The texts of the rows as Write makes them."""
    table = write_table(tmp_path / "new.csv", [COLUMNS, *ROWS])
    import_file(ImportFile(str(table), ReadOptions(), str(tmp_path / "new.sqlite")), Silent())
    progress = Progress()
    with DatasetStore(tmp_path / "new.sqlite") as store:
        spec = run.read_spec()
        matches = match_columns(spec.data.mapping.inputs, store.meta.columns)
        loaded = shared_systems().load(run.path, Silent())
        job = TableJob(store, loaded, matches, spec.task.decoding)
        rows = write_rows(job, ChosenRows(), progress=tmp_path / "progress", reporter=progress)
    texts = [rows.row(number) for number in range(1, len(ROWS) + 1)]
    return ["" if text is None else text.text for text in texts], progress


def asked(run: RunFolder, row: tuple[str, ...]) -> str:
    """As the Playground shows it."""
    spec = run.read_spec()
    values = tuple(
        FieldValue(name, "", value) for name, value in zip(COLUMNS, row, strict=True) if value
    )
    parts = Parts()
    stream_outputs(
        StreamOutputs(
            (AskedSystem(str(run.path)),),
            values,
            spec.data.mapping,
            linearisation=spec.data.linearisation,
            decoding=spec.task.decoding,
        ),
        parts,
    )
    (output,) = parts.outputs
    return output


def test_in_a_table_in_the_playground_and_from_the_server(
    run: RunFolder, written: tuple[list[str], Progress]
) -> None:
    texts, _ = written
    assert len(set(texts)) > 3, "the rows hardly made a difference"
    assert [asked(run, row) for row in ROWS] == texts
    with server_of([run.path], "--batch-size", "3") as server:
        served = [
            server.ask(
                f"/v1/prefixes/{run.path.name}/write",
                {"fields": dict(zip(COLUMNS, row, strict=True)), "temperature": 0},
            )
            for row in ROWS
        ]
    assert [status for status, _ in served] == [200] * len(ROWS)
    assert [answer["text"] for _, answer in served] == texts


def test_the_progress_of_a_table_never_goes_back(written: tuple[list[str], Progress]) -> None:
    rows = written[1].rows
    assert rows[0] == (0, len(ROWS))
    assert rows[-1] == (len(ROWS), len(ROWS))
    assert rows == sorted(rows)
