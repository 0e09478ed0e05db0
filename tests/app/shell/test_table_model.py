"""The one table model: cells, heads, edits, and as few signals as there can be."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from app.qt.table_model import (
    RIGHT,
    ROW_ROLE,
    SORT_ROLE,
    SortedRows,
    TableColumn,
    TableModel,
)

Role = Qt.ItemDataRole
ACROSS, DOWN = Qt.Orientation.Horizontal, Qt.Orientation.Vertical


@dataclass(frozen=True)
class Fruit:
    name: str
    count: int = 0
    is_ripe: bool = False


FRUITS = (Fruit("pear", 10), Fruit("Apple", 9, is_ripe=True), Fruit("fig", 100))


class Basket:
    """What edits and ticks go to."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.columns = (
            TableColumn[Fruit](
                "Name",
                lambda fruit: fruit.name,
                title_tip="What it is called",
                tip=lambda fruit: fruit.name * 2 if fruit.is_ripe else None,
                edited=lambda fruit: fruit.name,
                edit=self.rename,
                checked=lambda fruit: fruit.is_ripe,
                check=lambda fruit, ripe: self.calls.append((fruit.name, ripe)),
            ),
            TableColumn[Fruit](
                "Count",
                lambda fruit: f"{fruit.count}",
                titles={int(Role.UserRole): "unit"},
                align=RIGHT,
                sort_key=lambda fruit: fruit.count,
                says_title=True,
            ),
        )

    def rename(self, fruit: Fruit, name: str) -> bool:
        self.calls.append((fruit.name, name))
        return bool(name)


@pytest.fixture
def model() -> TableModel[Fruit]:
    return TableModel(Basket().columns, FRUITS, key=lambda fruit: fruit.name)


def test_cells_and_heads_come_from_the_columns(
    model: TableModel[Fruit], qtmodeltester: ModelTester
) -> None:
    qtmodeltester.check(model)
    name, count = model.index(1, 0), model.index(1, 1)
    assert (name.data(), count.data()) == ("Apple", "9")
    assert (name.data(Role.ToolTipRole), model.index(0, 0).data(Role.ToolTipRole)) == (
        "AppleApple",
        None,
    )
    assert name.data(Role.AccessibleTextRole) is None
    assert count.data(Role.AccessibleTextRole) == "Count: 9"
    assert Qt.AlignmentFlag(count.data(Role.TextAlignmentRole)) == RIGHT
    assert (name.data(SORT_ROLE), count.data(SORT_ROLE)) == ("apple", 9)
    assert count.data(ROW_ROLE) is FRUITS[1]
    assert [model.headerData(column, ACROSS) for column in range(3)] == ["Name", "Count", None]
    assert model.headerData(0, ACROSS, Role.ToolTipRole) == "What it is called"
    assert model.headerData(1, ACROSS, Role.UserRole) == "unit"
    assert model.headerData(0, DOWN) is None


def test_edits_and_ticks_go_to_the_column(qtmodeltester: ModelTester) -> None:
    basket = Basket()
    model = TableModel(basket.columns, FRUITS, row_title=lambda row: 10 * row)
    qtmodeltester.check(model)
    name, count = model.index(0, 0), model.index(0, 1)
    assert name.flags() & Qt.ItemFlag.ItemIsEditable
    assert name.flags() & Qt.ItemFlag.ItemIsUserCheckable
    assert not count.flags() & (Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsUserCheckable)
    assert name.data(Role.CheckStateRole) == Qt.CheckState.Unchecked
    assert model.setData(name, "quince")
    assert not model.setData(name, "")
    assert model.setData(name, Qt.CheckState.Checked.value, Role.CheckStateRole)
    assert not model.setData(count, "5")
    assert basket.calls == [("pear", "quince"), ("pear", ""), ("pear", True)]
    assert model.headerData(2, DOWN) == 20


def test_rows_with_the_same_keys_are_repainted_and_others_reset(
    model: TableModel[Fruit], qtbot: QtBot
) -> None:
    counted = [replace(fruit, count=1) for fruit in FRUITS]
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        model.set_rows(counted)
    assert model.index(2, 1).data() == "1"
    with qtbot.waitSignal(model.modelReset):
        model.set_rows(counted[:2])
    assert (model.rowCount(), model.row_where("Apple"), model.row_where("fig")) == (2, 1, -1)
    model.set_rows(())
    with qtbot.assertNotEmitted(model.modelReset), qtbot.assertNotEmitted(model.dataChanged):
        model.set_rows([])


def test_rows_that_come_and_go_keep_qts_rules(qtmodeltester: ModelTester, qtbot: QtBot) -> None:
    model = TableModel(Basket().columns, list(FRUITS), key=lambda fruit: fruit.name)
    qtmodeltester.check(model)
    with qtbot.assertNotEmitted(model.modelReset):
        model.append([Fruit("plum")])
        model.remove(0)
    assert [model.index(row, 0).data() for row in range(3)] == ["Apple", "fig", "plum"]


def test_what_is_touched_is_told_and_no_more(model: TableModel[Fruit]) -> None:
    told: list[tuple[int, ...]] = []
    model.dataChanged.connect(
        lambda first, last: told.append((first.row(), first.column(), last.row(), last.column()))
    )
    model.touch()
    model.touch(1)
    model.touch(column=1)
    assert told == [(0, 0, 2, 1), (1, 0, 1, 1), (0, 1, 2, 1)]


def test_rows_are_sorted_by_their_keys_and_searched_in_all_columns(
    model: TableModel[Fruit],
) -> None:
    rows = SortedRows(model)
    rows.sort(1)
    assert [rows.row_at(row).count for row in range(3)] == [9, 10, 100]
    rows.sort(0)
    assert [rows.row_at(row).name for row in range(3)] == ["Apple", "fig", "pear"]
    rows.setFilterFixedString("P")
    assert [rows.row_at(row).name for row in range(rows.rowCount())] == ["Apple", "pear"]
    rows.setFilterFixedString("100")
    assert rows.row_at(0) is FRUITS[2]
