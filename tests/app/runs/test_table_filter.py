"""Finding, choosing and grouping runs in their table."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.runs.page import RunsPage
from app.pages.runs.table.cells import RunColumn
from app.pages.runs.table.filter import Chosen, Group
from app.pages.runs.table.run_table import LAYOUT, RunTable
from engine.contract.studies.recipes import StudyKind
from tests.helpers.projects import make_run
from tests.helpers.studies import make_study


@pytest.fixture
def table(
    make_page: Callable[[Path], RunsPage], context: AppContext, project: Path, qtbot: QtBot
) -> RunTable:
    """Four runs of a study, one of them tagged, and a run of none."""
    make_study(project, StudyKind.METHODS)
    make_run(project, 50, name="apart, alone")
    page = make_page(project)
    qtbot.waitUntil(lambda: bool(context.studies.all()))
    first, last = context.runs.all()[0], context.runs.all()[-1]
    first.set_meta(dataclasses.replace(first.meta, tags=("paper", "a, b")))
    last.set_meta(dataclasses.replace(last.meta, tags=("paper",)))
    return page.table


def shown(table: RunTable, column: RunColumn = RunColumn.NAME) -> list[str]:
    proxy = table.proxy
    return [proxy.index(row, column).data() for row in range(proxy.rowCount())]


def test_words_find_runs(table: RunTable) -> None:
    assert len(shown(table)) == 5
    table.search.setText("ALONE apart")
    table.search.searched.emit(table.search.text())
    assert shown(table) == ["apart, alone"]
    table.search.searched.emit("paper")
    assert len(shown(table)) == 2
    table.search.searched.emit("")
    assert len(shown(table)) == 5


def test_the_runs_of_a_study_or_tag_are_shown(table: RunTable, context: AppContext) -> None:
    (study,) = context.studies.all()
    table.choose(Chosen(Group.STUDY, study.name))
    assert len(shown(table)) == 4
    assert table.choice_button.text() == study.name
    table.choose(Chosen(Group.TAG, "paper"))
    assert len(shown(table)) == 2
    table.choose(Chosen(Group.TAG, "a"))  # no tag, but a part of one's name
    assert not shown(table)
    table.choose(None)
    assert len(shown(table)) == 5


@pytest.mark.parametrize("order", Qt.SortOrder)
def test_groups_stay_together_whichever_way_rows_are_sorted(
    table: RunTable, context: AppContext, order: Qt.SortOrder
) -> None:
    (study,) = context.studies.all()
    table.set_group(Group.STUDY)
    table.table.sortByColumn(RunColumn.NAME, order)
    assert shown(table, RunColumn.STUDY) == [study.name] * 4 + [""]
    names = shown(table)[:4]
    assert names == sorted(names, key=str.casefold, reverse=order is Qt.SortOrder.DescendingOrder)
    assert table.table.rowSpan(0, RunColumn.STUDY) == 4
    assert table.table.horizontalHeader().visualIndex(RunColumn.STUDY) == 0
    table.set_group(Group.NONE)
    assert table.table.rowSpan(0, RunColumn.STUDY) == 1


def test_columns_can_be_chosen_and_stay_so(table: RunTable, context: AppContext) -> None:
    table.columns.aboutToShow.emit()
    ticks = {action.text(): action for action in table.columns.actions()}
    assert ticks["Tags"].isChecked()
    ticks["Tags"].trigger()
    assert table.table.isColumnHidden(RunColumn.TAGS)
    table.table.setColumnHidden(RunColumn.TAGS, False)
    table.table.horizontalHeader().restoreState(context.settings.layout(LAYOUT))
    assert table.table.isColumnHidden(RunColumn.TAGS)
    table.reset_layout()
    assert not table.table.isColumnHidden(RunColumn.TAGS)
