"""Dataset files from strangers: each ends in a sentence, in bounded time and memory."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.data.page import DataPage
from engine.contract.errors import UserError
from engine.contract.projects import dataset_store
from engine.contract.projects.dataset_store import (
    MAX_COLUMNS,
    MAX_ROW_BYTES,
    DatasetStore,
    RejectedRow,
)
from engine.contract.protocol.data import PreviewExamples, ReportSplit
from engine.contract.runs.events import RunFailed
from engine.data.preview import preview_examples, report_split
from engine.data.store_writer import StoreWriter
from engine.reporter import Silent
from engine.run import EXIT_USER, run_folder
from tests.helpers.errors import refused
from tests.helpers.fake_ports import FakeClient, discard, make_context
from tests.helpers.projects import DATASET_ID, make_project, make_store
from tests.helpers.tiny_runs import Workshop, events

ROWS = [(f"Hut {number}", f"It is hut {number}.") for number in range(300)]
REJECTED = tuple(RejectedRow(line, "1 cell", "broken") for line in range(400, 420))
Change = Callable[[sqlite3.Connection], object]


def sql(*statements: str) -> Change:
    """Do these to the file."""

    def change(database: sqlite3.Connection) -> None:
        for statement in statements:
            database.execute(statement)

    return change


def cells(text: object) -> Change:
    """Put this where the cells of row 7 stand."""
    return lambda database: database.execute("UPDATE rows SET cells = ? WHERE number = 7", (text,))


def meta(**changes: object) -> Change:
    """Say something else in the description."""

    def change(database: sqlite3.Connection) -> None:
        (text,) = database.execute("SELECT value FROM meta").fetchone()
        database.execute("UPDATE meta SET value = ?", (json.dumps(json.loads(text) | changes),))

    return change


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
WHEN_OPENED: dict[str, Change] = {
    "an endless view for the rows": sql(
        "DROP TABLE rows",
        f'CREATE VIEW rows AS {ENDLESS} SELECT i AS number, i AS line, \'["a","b"]\' AS cells '
        "FROM n",
    ),
    "an endless view for the description": sql(
        "ALTER TABLE meta RENAME TO other",
        f"CREATE VIEW meta AS {ENDLESS} SELECT 'meta' AS key, value FROM n, other WHERE i < 0",
    ),
    "a trigger": sql("CREATE TRIGGER t AFTER INSERT ON rows BEGIN DELETE FROM rows; END"),
    "another table": sql("CREATE TABLE more(x)"),
    "another index": sql("CREATE INDEX i ON rows(line)"),
    "a column that is computed": sql(
        "DROP TABLE rejected",
        "CREATE TABLE rejected(line INTEGER NOT NULL, reason TEXT NOT NULL, text TEXT AS "
        "(hex(zeroblob(1000))))",
    ),
    "no rows": sql("DROP TABLE rows"),
    "no description": sql("DELETE FROM meta"),
    "a description that is a number": sql("UPDATE meta SET value = x'00'"),
    "a huge row_count": meta(row_count=10**12),
    "a row_count that Qt cannot hold": sql("INSERT INTO rows VALUES (3000000000, 1, '[]')"),
    "a huge row_count with a row for it": lambda database: (
        sql('INSERT INTO rows VALUES (2000000000, 1, \'["a", "b"]\')')(database),
        meta(row_count=2_000_000_000)(database),
    ),
    "a row_count below 0": meta(row_count=-5),
    "a row_count that is a word": meta(row_count="300"),
    "more rejected rows than there are": meta(rejected_count=10**9),
    "the last row is deleted": sql("DELETE FROM rows WHERE number = 300"),
    "a row is added": sql('INSERT INTO rows VALUES (301, 302, \'["a", "b"]\')'),
    "two columns of a name": meta(columns=["text", "text"]),
    "columns that are numbers": meta(columns=[1, 2]),
    "a column that is no Unicode": meta(columns=["name", "\ud800"]),
    "a million columns": meta(columns=[str(number) for number in range(1_000_000)]),
    "more columns than may be": meta(columns=[str(number) for number in range(20_000)]),
}
WHEN_READ: dict[str, Change] = {
    "a number": cells("5"),
    "null": cells("null"),
    "an object": cells('{"name": "a"}'),
    "a cell that is a number": cells('["a", 5]'),
    "a cell that is null": cells('["a", null]'),
    "a cell that is a list": cells('["a", ["b"]]'),
    "too few cells": cells('["a"]'),
    "too many cells": cells('["a", "b", "c"]'),
    "no JSON": cells("a,b"),
    "deep JSON": cells("[" * 500_000),
    "bytes": cells(b'["a", "b"]'),
    "bytes that are no text": cells(b"\xff\xfe"),
    "a lone surrogate": cells('["a", "\\ud800"]'),
    "a line that is a word": sql("UPDATE rows SET line = 'seven' WHERE number = 7"),
    "a line below 0": sql("UPDATE rows SET line = -7 WHERE number = 7"),
    "a gap": sql("UPDATE rows SET number = -7 WHERE number = 7"),
    "a row deleted in the middle": sql("DELETE FROM rows WHERE number = 7"),
    "a huge row": lambda database: database.execute(
        "UPDATE rows SET cells = ? WHERE number = 7",
        (json.dumps(["a", "b" * (MAX_ROW_BYTES + 1)]),),
    ),
}
WHEN_ALL_IS_READ: dict[str, Change] = {
    "a letter is changed": cells('["Hut 6", "It is Hut 6."]'),
    "two rows are exchanged": sql(
        "UPDATE rows SET number = -1 WHERE number = 7",
        "UPDATE rows SET number = 7 WHERE number = 8",
        "UPDATE rows SET number = 8 WHERE number = -1",
    ),
    "a column is called otherwise": meta(columns=["name", "text "]),
    "another fingerprint": meta(fingerprint="0" * 64),
    "the last row is deleted and not counted": lambda database: (
        sql("DELETE FROM rows WHERE number = 300")(database),
        meta(row_count=299)(database),
    ),
}
SAID = "is damaged, or not a dataset of this program"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(
        tmp_path_factory.mktemp("whole") / "x.sqlite", ("name", "text"), ROWS, rejected=REJECTED
    )


def attacked(whole: Path, place: Path, change: Change) -> Path:
    """A copy of a dataset to which `change` was done."""
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(whole, place)
    with closing(sqlite3.connect(place)) as database, database:
        change(database)
    return place


@pytest.mark.parametrize("change", WHEN_OPENED.values(), ids=WHEN_OPENED)
def test_a_file_that_is_not_the_importers_is_not_opened(
    whole: Path, tmp_path: Path, change: Change
) -> None:
    path = attacked(whole, tmp_path / "x.sqlite", change)
    with pytest.raises(UserError, match=SAID):
        DatasetStore(path)


@pytest.mark.parametrize("change", WHEN_READ.values(), ids=WHEN_READ)
def test_a_row_that_is_no_row_is_named(whole: Path, tmp_path: Path, change: Change) -> None:
    path = attacked(whole, tmp_path / "x.sqlite", change)
    with DatasetStore(path) as store:
        assert next(store.rows()).cells == ROWS[0], "rows before it are still read"
        with pytest.raises(UserError, match=SAID):
            next(store.rows(7, 1))
        with pytest.raises(UserError, match=SAID):
            list(store.rows())


@pytest.mark.parametrize("change", WHEN_ALL_IS_READ.values(), ids=WHEN_ALL_IS_READ)
def test_rows_that_are_not_those_imported_are_noticed(
    whole: Path, tmp_path: Path, change: Change
) -> None:
    path = attacked(whole, tmp_path / "x.sqlite", change)
    with DatasetStore(path) as store:
        assert len(list(store.rows(1, 20))) == 20
        with pytest.raises(UserError, match=SAID + r"|sha256 [0-9a-f]{12}…, not"):
            list(store.rows())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rejected SET line = 'a' WHERE rowid = 5",
        "UPDATE rejected SET reason = 7.5 WHERE rowid = 5",
        "UPDATE rejected SET text = x'ff' WHERE rowid = 5",
    ],
)
def test_rejected_rows_are_checked_too(whole: Path, tmp_path: Path, statement: str) -> None:
    path = attacked(whole, tmp_path / "x.sqlite", sql(statement))
    with DatasetStore(path) as store:
        found = store.rejected()
        assert [next(found).line for _ in range(4)] == [400, 401, 402, 403]
        if "7.5" in statement:  # SQLite makes a text of it
            assert next(found).reason == "7.5"
            return
        with pytest.raises(UserError, match=SAID):
            next(found)


def test_a_query_that_never_ends_is_given_up(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The schema allows none; this is the bound behind it."""
    monkeypatch.setattr(dataset_store, "PATIENCE_S", 0.05)
    endless = f"({ENDLESS} SELECT i FROM n)"
    monkeypatch.setattr(dataset_store, "SCHEMA", set(), raising=True)
    path = attacked(
        whole,
        tmp_path / "x.sqlite",
        sql(
            "ALTER TABLE meta RENAME TO other",
            f"CREATE VIEW meta AS SELECT 'meta' AS key, count(*) AS value FROM {endless}",
        ),
    )
    with closing(sqlite3.connect(path)) as database:
        found = {
            tuple(row) for row in database.execute("SELECT type, name, sql FROM sqlite_master")
        }
    monkeypatch.setattr(dataset_store, "SCHEMA", found)
    start_s = time.monotonic()
    with pytest.raises(UserError, match="interrupted"):
        DatasetStore(path)
    assert time.monotonic() - start_s < 60  # an endless query would never end


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "x.sqlite"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path / ("x" * 300)):
        with pytest.raises(UserError, match=SAID):
            DatasetStore(path)


def test_a_journal_beside_the_file_is_not_replayed(whole: Path, tmp_path: Path) -> None:
    """SQLite would write a hot journal's pages, whatever they are, into the file."""
    path = attacked(whole, tmp_path / "x.sqlite", sql("DELETE FROM rejected WHERE rowid > 1000"))
    before = path.read_bytes()
    header = bytes.fromhex("d9d505f920a163d7") + (1).to_bytes(4, "big") + bytes(4)
    header += (len(before) // 4096).to_bytes(4, "big") + (512).to_bytes(4, "big")
    header += (4096).to_bytes(4, "big")
    page = (2).to_bytes(4, "big") + bytes(4096) + bytes(4)
    path.with_name("x.sqlite-journal").write_bytes(header.ljust(512, b"\0") + page)
    with DatasetStore(path) as store:
        assert len(list(store.rows())) == len(ROWS)
    assert path.read_bytes() == before


def test_the_importer_writes_nothing_that_would_not_be_read(tmp_path: Path) -> None:
    with refused("too-many-columns", count=2001, limit=2000):
        StoreWriter(tmp_path / "wide.sqlite", tuple(map(str, range(MAX_COLUMNS + 1))))
    writer = StoreWriter(tmp_path / "long.sqlite", ("a",))
    with refused("row-too-large", line=5):
        writer.add_row(5, ("ä" * (MAX_ROW_BYTES // 2),))
    writer.add_row(5, ("b" * (MAX_ROW_BYTES - 1100),))
    writer.add_rejected(RejectedRow(6, "no end", "ä" * MAX_ROW_BYTES))
    writer.finish(name="long.csv", description="CSV")
    with DatasetStore(tmp_path / "long.sqlite") as store:
        assert [len(row.cells[0]) for row in store.rows()] == [MAX_ROW_BYTES - 1100]
        assert [row.line for row in store.rejected()] == [6]


# In the engine


def test_a_run_on_changed_rows_does_not_start(workshop: Workshop, tmp_path: Path) -> None:
    """The description still has the fingerprint that the run asks for."""
    path = attacked(
        workshop.dataset,
        tmp_path / "x.sqlite",
        sql("UPDATE rows SET cells = replace(cells, 'soup', 'soap') WHERE number = 1"),
    )
    spec = workshop.spec("direct")
    folder = workshop.run(
        tmp_path / "run", replace(spec, data=replace(spec.data, dataset=str(path)))
    )
    assert run_folder(folder.path) == EXIT_USER
    (failed,) = events(folder, RunFailed)
    assert isinstance(failed, RunFailed)
    assert "not those that were imported" in failed.message
    assert not folder.checkpoints.exists()


def test_looking_at_the_split_notices_it_too(workshop: Workshop, tmp_path: Path) -> None:
    change = sql("UPDATE rows SET cells = replace(cells, 'soup', 'soap') WHERE number = 1")
    path = attacked(workshop.dataset, tmp_path / "x.sqlite", change)
    spec = workshop.spec("direct").data
    shown = PreviewExamples(str(path), spec.mapping, spec.linearisation, 1, 5)
    assert len(preview_examples(shown, Silent()).examples) == 5
    with pytest.raises(UserError, match="not those that were imported"):
        report_split(ReportSplit(str(path), spec.mapping, spec.split), Silent())


# In the window


@pytest.fixture
def context(tmp_path: Path, qapp: object) -> Iterator[AppContext]:
    made = make_context(tmp_path / "settings.ini")
    yield made
    discard(made)


@pytest.fixture
def open_page(qtbot: QtBot, context: AppContext) -> Iterator[Callable[[Path], DataPage]]:
    """Show a project's data in the window, its rows painted."""
    pages = []
    assert isinstance(context.data_client, FakeClient)

    def open_it(project: Path) -> DataPage:
        context.project.open(project)
        page = DataPage(context)
        pages.append(page)
        page.resize(1000, 650)
        page.show()
        page.grab()
        return page

    yield open_it
    context.project.close()
    for page in pages:
        page.close()
        page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


ATTACKS = {**WHEN_OPENED, **WHEN_READ}
offscreen = pytest.mark.qt_log_ignore("^This plugin does not support")


@offscreen
@pytest.mark.parametrize("change", ATTACKS.values(), ids=ATTACKS)
def test_the_window_shows_a_sentence(
    open_page: Callable[[Path], DataPage],
    qtbot: QtBot,
    whole: Path,
    tmp_path: Path,
    change: Change,
) -> None:
    project = make_project(tmp_path / "project")
    attacked(whole, project / "datasets" / f"{DATASET_ID}.sqlite", change)
    start_s = time.monotonic()
    page = open_page(project)
    table = page.dataset_view.rows.table
    table.select_row(6)
    page.grab()
    qtbot.waitUntil(page.bar.isVisible)
    assert f"{DATASET_ID}.sqlite" in page.bar.label.text()
    assert time.monotonic() - start_s < 60  # an endless query would never end


@offscreen
def test_large_cells_and_many_columns_take_little_of_the_window(
    open_page: Callable[[Path], DataPage], tmp_path: Path
) -> None:
    project = make_project(tmp_path / "project")
    path = project / "datasets" / f"{DATASET_ID}.sqlite"
    make_store(path, ("name", "text"), [(str(number), "long " * 2_000_000) for number in range(12)])
    tracemalloc.start()
    try:
        page = open_page(project)
        model = page.dataset_view.rows.model
        assert model.index(11, 1).data(Qt.ItemDataRole.ToolTipRole).startswith("long long")
        assert tracemalloc.get_traced_memory()[1] < 60e6, "less than six of the twelve rows"
    finally:
        tracemalloc.stop()


@offscreen
def test_as_many_columns_as_may_be_are_shown(
    open_page: Callable[[Path], DataPage], tmp_path: Path
) -> None:
    project = make_project(tmp_path / "project")
    columns = tuple(f"c{number}" for number in range(MAX_COLUMNS))
    make_store(project / "datasets" / f"{DATASET_ID}.sqlite", columns, [columns] * 60)
    page = open_page(project)
    assert page.dataset_view.rows.model.columnCount() == MAX_COLUMNS
