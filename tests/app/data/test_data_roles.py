"""Roles and linearisation: edits through the project, undone, redone, refused."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.data.edits import added, full_mapping, moved, removed, with_role
from app.pages.data.mapping.mapping_panel import ROLE
from app.pages.data.page import DataPage
from app.pages.data.rows.rows_model import ROLE_OF_COLUMN
from engine.contract.errors import UserError
from engine.contract.projects.project import DatasetEntry, Project
from engine.contract.protocol.data import PreviewExamples
from engine.contract.specs.data import Column, Mapping, Preset, Role
from tests.helpers.fake_ports import FakeClient

MAPPING = Mapping((Column("a", Role.FIELD), Column("b", Role.FIELD), Column("c", Role.TARGET)))
ENTRY = DatasetEntry("id", "x.csv", "x.csv", MAPPING)


def shown_role(page: DataPage, name: str) -> Role:
    rows = page.dataset_view.rows.model
    names = [rows.headerData(i, Qt.Orientation.Horizontal) for i in range(rows.columnCount())]
    found = rows.headerData(names.index(name), Qt.Orientation.Horizontal, ROLE_OF_COLUMN)
    assert isinstance(found, Role)
    return found


def role_cell(page: DataPage, name: str) -> QModelIndex:
    model = page.dataset_view.mapping.model
    return model.index(model.row_where(name), ROLE)


def choose_role(page: DataPage, title: str) -> str:
    """Choose from the menu of the panel that is open; the title that was marked in it."""
    (menu,) = (m for m in page.dataset_view.mapping.findChildren(QMenu) if m.isVisible())
    marked = [action.text() for action in menu.actions() if action.isChecked()]
    next(action for action in menu.actions() if action.text() == title).trigger()
    menu.close()
    return marked[0]


def test_the_keyboard_opens_the_menu_of_the_current_column(page: DataPage, qtbot: QtBot) -> None:
    panel = page.dataset_view.mapping
    for key in (Qt.Key.Key_F2, Qt.Key.Key_Return):
        panel.table.setFocus()
        panel.table.select_row(panel.model.row_where("food"))
        qtbot.keyClick(panel.table, key)
        assert choose_role(page, "ignored" if key == Qt.Key.Key_F2 else "field") != ""
    assert shown_role(page, "food") is Role.FIELD


def test_mapping_is_completed_and_reordered() -> None:
    whole = full_mapping(MAPPING, ("new", "a", "c"))
    assert [column.name for column in whole.columns] == ["a", "c", "new"]
    assert whole.columns[2].role is Role.IGNORED
    assert [c.name for c in moved(ENTRY, "b", -1).mapping.columns] == ["b", "a", "c"]
    assert moved(ENTRY, "c", 1) == ENTRY
    with pytest.raises(UserError, match="'a', 'b'"):
        with_role(ENTRY, ("a", "b"), Role.TARGET)


def test_removed_dataset_gives_way_to_its_neighbour() -> None:
    project = Project("p")
    for name in "abc":
        project = added(project, DatasetEntry(name, name, name, MAPPING))
    assert project.dataset == "c"
    project = removed(project, "c")
    assert project.dataset == "b"
    project = removed(project, "a")
    assert [entry.dataset_id for entry in project.datasets] == ["b"]
    assert removed(project, "b").dataset == ""


def test_role_is_set_undone_and_redone(page: DataPage, qtbot: QtBot, context: AppContext) -> None:
    cell = role_cell(page, "kind")
    page.dataset_view.mapping.table.clicked.emit(cell)
    page.dataset_view.mapping.table.activated.emit(cell)  # as where one click does both
    assert choose_role(page, "category") == "field"
    assert context.undo.undoText() == "Set role of ‘kind’ to category"
    assert shown_role(page, "kind") is Role.CATEGORY
    context.undo.undo()
    assert shown_role(page, "kind") is Role.FIELD
    assert cell.data() == "field"
    context.undo.redo()
    assert cell.data() == "category"
    entry = context.project.dataset
    assert entry is not None
    assert entry.mapping.column_of(Role.CATEGORY) == "kind"


def test_second_target_is_refused_with_the_sentence(
    page: DataPage, qtbot: QtBot, context: AppContext
) -> None:
    cell = role_cell(page, "food")
    page.dataset_view.mapping.open_menu(cell)
    choose_role(page, "target")
    assert page.bar.isVisible()
    assert "'food', 'text'" in page.bar.label.text()
    assert cell.data() == "field"
    assert context.undo.count() == 0
    page.dataset_view.mapping.open_menu(cell)
    choose_role(page, "ignored")
    assert not page.bar.isVisible()


def test_header_menu_sets_the_role(page: DataPage, qtbot: QtBot) -> None:
    header = page.dataset_view.rows.table.horizontalHeader()
    x = header.sectionViewportPosition(3) + 5
    header.customContextMenuRequested.emit(QPoint(x, 5))
    menu = page.dataset_view.rows.findChild(QMenu)
    assert menu is not None
    actions = {action.text(): action for action in menu.actions()}
    assert actions["field"].isChecked()
    actions["ignored"].trigger()
    menu.close()
    assert shown_role(page, "food") is Role.IGNORED


def test_fields_are_written_in_the_chosen_order(
    page: DataPage, qtbot: QtBot, context: AppContext
) -> None:
    panel = page.dataset_view.mapping
    panel.table.select_row(1)
    panel.up.click()
    assert context.undo.undoText() == "Move ‘kind’ up"
    text = page.dataset_view.text.source
    qtbot.waitUntil(lambda: text.toPlainText().startswith("kind : "))
    assert panel.table.currentIndex().row() == 0


def test_preset_is_previewed_on_the_chosen_row(
    page: DataPage, qtbot: QtBot, context: AppContext
) -> None:
    view = page.dataset_view
    panel = view.linearisation
    qtbot.waitUntil(lambda: " : " in view.text.source.toPlainText())
    before = view.text.source.toPlainText()
    place = panel.preset.findData(Preset.BRACKETS)
    panel.preset.setCurrentIndex(place)
    panel.preset.activated.emit(place)
    assert context.undo.undoText() == "Write fields as ‘Brackets’"
    qtbot.waitUntil(lambda: view.text.source.toPlainText().startswith("name["))
    assert panel.live.text().startswith("name[")
    context.undo.undo()
    assert panel.preset.currentData() is Preset.PAPER
    qtbot.waitUntil(lambda: view.text.source.toPlainText() == before)
    panel.switches["skip_empty"].click()
    panel.switches["lower_keys"].click()
    entry = context.project.dataset
    assert entry is not None
    assert (entry.linearisation.skip_empty, entry.linearisation.lower_keys) == (False, True)


def test_row_is_chosen_in_the_table_by_number_and_by_steps(page: DataPage, qtbot: QtBot) -> None:
    view = page.dataset_view
    view.rows.spin.setValue(100)
    assert view.rows.table.currentIndex().row() == 99
    view.rows.forward.click()
    assert view.rows.spin.value() == 101
    view.rows.table.select_row(6)
    assert page.current.row_number == 7
    store = page.current.store
    assert store is not None
    target = next(store.rows(7, 1)).cells[-1]
    qtbot.waitUntil(lambda: view.text.target.toPlainText() == target)


def test_answer_for_an_older_row_never_lands(
    page: DataPage, qtbot: QtBot, client: FakeClient
) -> None:
    view = page.dataset_view
    qtbot.waitUntil(lambda: view.text.source.toPlainText() != "")
    answer = client.replies.pop(PreviewExamples)
    page.current.choose_row(10)
    qtbot.waitUntil(lambda: len(client.open_tickets(PreviewExamples)) == 1)
    older = client.last(PreviewExamples)
    page.current.choose_row(20)
    assert older.cancel_asked
    older.answer(answer(older.command))
    qtbot.waitUntil(lambda: client.last(PreviewExamples) is not older)
    newer = client.last(PreviewExamples)
    newer.answer(answer(newer.command))
    assert view.linearisation.live_title.text() == "Row 20 reads"


def test_mapping_without_input_says_what_to_do(
    page: DataPage, qtbot: QtBot, context: AppContext
) -> None:
    names = [column.name for column in page.current.mapping.inputs]
    page.current.edit("Ignore all", lambda entry: with_role(entry, names, Role.IGNORED))
    assert page.dataset_view.mapping.hint.text()
    assert not page.dataset_view.linearisation.preset.isEnabled()


def test_broken_dataset_file_is_told_and_offers_its_source(
    page: DataPage, qtbot: QtBot, context: AppContext, odd_csv: Path
) -> None:
    entry = context.project.dataset
    assert entry is not None
    gone = replace(entry, dataset_id="gone", source_path=str(odd_csv))
    context.project.edit("Add", added(context.project.project, gone))
    assert "gone.sqlite" in page.bar.label.text()
    assert page.current.store is None
    context.undo.undo()
    assert page.current.store is not None
    assert not page.bar.isVisible()
