"""The item models: rows by pages, rejected rows, preview, mapping."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.data.current import CurrentDataset, row_of_line
from app.pages.data.importing.rejected import BATCH_ROWS, RejectedModel
from app.pages.data.mapping.mapping_panel import set_role
from app.pages.data.rows.rows_model import ROLE_OF_COLUMN, DatasetRows, PreviewModel, RowsModel
from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore, RejectedRow, Row
from engine.contract.reading.reading import FileReport, ReadOptions
from engine.contract.specs.data import Column, Mapping, Role
from tests.helpers.projects import make_store

BIG = 100_000


class CountingStore(DatasetStore):
    """Counts how often rows are asked for."""

    reads = 0

    def rows(self, start: int = 1, count: int | None = None) -> Iterator[Row]:
        self.reads += 1
        return super().rows(start, count)


@pytest.fixture(scope="module")
def big_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [(f"name {number}", f"text\n{number}") for number in range(1, BIG + 1)]
    return make_store(tmp_path_factory.mktemp("big") / "big.sqlite", ("name", "text"), rows)


@pytest.fixture
def big_store(big_file: Path) -> Iterator[CountingStore]:
    with CountingStore(big_file) as store:
        yield store


def test_big_table_reads_one_page_for_what_is_looked_at(big_store: CountingStore) -> None:
    model = RowsModel()
    model.set_store(big_store)
    assert (model.rowCount(), model.columnCount()) == (BIG, 2)
    assert big_store.reads == 0
    for row in range(50_000, 50_040):
        assert model.index(row, 0).data() == f"name {row + 1}"
        assert model.index(row, 1).data() == f"text⏎{row + 1}"
    assert big_store.reads <= 2
    assert model.index(BIG - 1, 1).data(Qt.ItemDataRole.ToolTipRole) == f"text\n{BIG}"
    assert big_store.reads <= 3


def test_pages_used_last_are_kept_and_no_more(big_store: CountingStore) -> None:
    errors: list[UserError] = []
    rows = DatasetRows(big_store, errors.append, page_rows=10, pages=2)
    for number in (1, 11, 2, 21, 3):  # the page of 1 to 10 is used again and again
        assert rows[number - 1][0] == f"name {number}"
    assert big_store.reads == 3
    assert rows[11][0] == "name 12"  # was dropped for the page of 21
    assert big_store.reads == 4
    assert not errors
    assert rows[BIG] == rows[BIG + 1] == rows[0] == ()
    assert [(error.code, error.values["row"]) for error in errors] == [("row-missing", BIG + 1)]


def test_row_of_a_line_is_found_with_few_looks(big_store: CountingStore) -> None:
    assert row_of_line(big_store, 77_778) == 77_777  # the header is line 1
    assert big_store.reads <= 17
    assert row_of_line(big_store, 1) is None
    assert row_of_line(big_store, BIG + 500) == BIG


def test_rows_model_is_a_proper_model(qtmodeltester: ModelTester, tmp_path: Path) -> None:
    path = make_store(tmp_path / "x.sqlite", ("name", "text"), [("a", "b"), ("c", "d")])
    model = RowsModel()
    qtmodeltester.check(model)
    with DatasetStore(path) as store:
        model.set_store(store)
        qtmodeltester.check(model)
        model.set_mapping(Mapping((Column("text", Role.TARGET),)))
        across = Qt.Orientation.Horizontal
        said = model.headerData(1, across, Qt.ItemDataRole.AccessibleTextRole)
        assert said == "text, role target"
        assert model.headerData(1, across, ROLE_OF_COLUMN) is Role.TARGET
        assert model.headerData(0, across, ROLE_OF_COLUMN) is Role.IGNORED
        model.set_store(None)
    assert model.rowCount() == 0


def test_file_that_becomes_unreadable_is_told_once(qtbot: QtBot, big_file: Path) -> None:
    store = DatasetStore(big_file)
    model = RowsModel()
    model.set_store(store)
    store.close()
    with qtbot.waitSignal(model.broken) as broken:
        assert model.index(0, 0).data() == ""
        assert model.index(1, 0).data() == ""
    assert broken.args is not None
    assert "Import its source file again" in broken.args[0]


def test_rejected_rows_are_read_as_far_as_scrolled(
    qtmodeltester: ModelTester, tmp_path: Path
) -> None:
    rejected = [RejectedRow(n, "3 cells, 2 columns", f"a,b,{n}") for n in range(1, 451)]
    path = make_store(tmp_path / "x.sqlite", ("a", "b"), [("1", "2")], rejected=rejected)
    with DatasetStore(path) as store:
        model = RejectedModel(store)
        model.fetchMore()
        assert model.rowCount() == BATCH_ROWS
        assert [model.index(4, column).data() for column in range(3)] == [
            5,
            "3 cells, 2 columns",
            "a,b,5",
        ]
        while model.canFetchMore():
            model.fetchMore()
        assert model.rowCount() == 450
        qtmodeltester.check(model)


def test_preview_knows_which_lines_it_shows(qtmodeltester: ModelTester) -> None:
    report = FileReport(
        path="x.csv",
        format="csv",
        options=ReadOptions("utf-8", ",", '"', True),
        columns=(Column("a", Role.FIELD), Column("b", Role.TARGET)),
        preview=(("1", "one"), ("2", "two\nlines"), ("3", "three")),
        size_bytes=40,
        sampled_bytes=40,
        row_count=3,
        row_count_exact=True,
        preview_lines=(2, 3, 6),
    )
    model = PreviewModel()
    model.set_report(report)
    qtmodeltester.check(model)
    assert model.index(1, 1).data() == "two⏎lines"
    assert [model.row_of_line(line) for line in (1, 2, 3, 5, 6, 7)] == [None, 0, 1, None, 2, None]
    assert model.headerData(2, Qt.Orientation.Vertical) == 6


def test_roles_are_edited_through_the_project(context: AppContext, project: Path) -> None:
    context.project.open(project)
    current = CurrentDataset(context.project)
    assert set_role(current, ("kind",), Role.CATEGORY)
    assert current.mapping.column_of(Role.CATEGORY) == "kind"
    assert not set_role(current, ("kind",), Role.TARGET)  # there is one already
    assert current.mapping.column_of(Role.CATEGORY) == "kind"
    assert context.undo.undoText() == "Set role of ‘kind’ to category"
    current.close()
