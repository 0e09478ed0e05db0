"""A newcomer's way: from a CSV to a prefix, and from a table without texts to a workbook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from PySide6.QtCore import QItemSelectionModel, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QLineEdit,
    QPushButton,
    QToolButton,
    QWidget,
)

from app.pages.write.page import WritePage
from app.pages.write.setup_panel import FIRST
from app.pages.write.texts import Show
from app.shell.page_list import PAGES
from engine.contract.runs.events import RunState
from tests.end2end.person import Person
from tests.end2end.test_whole_way import TINY, import_table
from tests.helpers.tiny_runs import Workshop, write_table

HEAD = ("Nr", "Name", "FOOD", "area_", "Notes")
ROWS = [(f"{n:03}", f"Hut {n}", ("soup", "bread")[n % 2], "north", "=1+1") for n in range(1, 13)]


def write_page(person: Person) -> WritePage:
    page = person.page("write")
    assert isinstance(page, WritePage)
    return page


def train(person: Person, workshop: Workshop) -> None:
    import_table(person, workshop)
    page = person.runs
    person.wait(lambda: page.planner.backbones.entries)
    folder = str(workshop.backbone("llama"))
    page.form.picker.use_folder(Path(folder))
    person.wait(lambda: page.planner.backbones.get(folder) is not None)
    for name, value in {**TINY, "method.prefix_length": 4}.items():
        page.planner.form.set(name, value)
    person.wait(lambda: page.planner.train_rows)
    person.click(page.launch.train)
    person.wait_for(person.the_run(), RunState.FINISHED, RunState.FAILED)
    assert person.the_run().status.state is RunState.FINISHED


def drop_on(page: QWidget, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    what = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton)
    keys = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(page, QDragEnterEvent(QPoint(50, 50), *what, keys))
    QApplication.sendEvent(page, QDropEvent(QPointF(50, 50), *what, keys))


def button_of(parent: QWidget, action: QAction) -> QToolButton:
    buttons = parent.findChildren(QToolButton)
    return next(button for button in buttons if button.defaultAction() is action)


def choose_file(person: Person, path: Path) -> None:
    """In the file dialog that is open, by the keyboard."""
    dialog = next(w for w in person.window.findChildren(QFileDialog) if w.isVisible())
    line = dialog.findChild(QLineEdit, "fileNameEdit")
    assert isinstance(line, QLineEdit)
    line.setFocus()
    line.selectAll()
    QApplication.clipboard().setText(str(path))
    person.qtbot.keyClick(line, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    person.qtbot.keyClick(line, Qt.Key.Key_Return)


@pytest.fixture
def new_table(tmp_path: Path) -> Path:
    return write_table(tmp_path / "next-month.csv", [HEAD, *ROWS])


@pytest.mark.usefixtures("quick_engines")
def test_by_mouse(
    open_window: Callable[[], Person], workshop: Workshop, new_table: Path, tmp_path: Path
) -> None:
    person = open_window()
    train(person, workshop)
    library = person.prefixes
    person.wait(lambda: library.selected() is not None)
    person.click(button_of(library, library.commands["use"]))
    assert person.window.current == "write"
    page = write_page(person)
    drop_on(page, new_table)
    person.wait(lambda: page.model.plan)
    matches = {match.field: match.column for match in page.model.matches}
    assert matches == {"name": "Name", "food": "FOOD", "area": "area_"}
    assert "Nr, Notes" in page.setup.fields.notes.text()
    person.wait(lambda: page.setup.preview.toPlainText())
    expected = "name : Hut 1 | food : bread | area : north"
    assert page.setup.preview.toPlainText() == expected

    page.setup.which.setCurrentText(FIRST)
    page.setup.first.setValue(3)
    assert "--limit 3" in page.command.command()
    person.click(page.setup.write_button)
    texts = page.model.texts
    assert texts is not None
    person.wait(lambda: page.model.job is None and texts.written.count == 3)
    page.setup.which.setCurrentIndex(0)
    assert page.setup.write_button.text() == "Continue"
    person.click(page.setup.write_button)
    person.wait(lambda: page.model.job is None and texts.written.count == 12)
    first = texts.row(1).text

    # Edit by hand, and take it back.
    page.results.table.select_row(0)
    person.click(button_of(page.results, page.results.commands["edit"]))
    editor = page.results.table.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    editor.setText("=a text by hand")
    person.qtbot.keyClick(editor, Qt.Key.Key_Return)
    person.wait(lambda: texts.row(1).text == "=a text by hand")
    assert texts.row(1).doubts == 0
    person.context.undo.undo()
    assert texts.row(1).text == first
    person.context.undo.redo()

    # Other texts for two rows.
    page.results.table.select_row(1)
    flags = QItemSelectionModel.SelectionFlag
    index = page.results.rows.index(2, 0)
    page.results.table.selectionModel().select(index, flags.Select | flags.Rows)
    assert page.results.numbers() == (2, 3)
    person.click(button_of(page.results, page.results.commands["again"]))
    person.wait(lambda: page.model.job is None)
    assert all(texts.row(number).change is not None for number in (2, 3))

    page.results.show_box.setCurrentIndex(list(Show).index(Show.CHANGED))
    assert page.results.rows.rowCount() == 3
    page.results.show_box.setCurrentIndex(list(Show).index(Show.DOUBTFUL))
    person.click(page.results.doubtful_first)
    doubts = [row.text.doubts for row in map(page.results.rows.rows.__getitem__, range(5))]
    assert doubts == sorted(doubts, reverse=True)

    out = tmp_path / "written.xlsx"
    page.save(out)
    person.wait(out.exists)
    sheet = openpyxl.load_workbook(out).active
    head, *lines = sheet.iter_rows(values_only=True)
    assert head == (*HEAD, "text")
    assert [line[:5] for line in lines] == ROWS
    assert lines[0][5] == "=a text by hand"
    assert sheet["F2"].data_type == "s"

    # All of it is there again in the next window. A save that has not been answered yet would
    # make the first one ask before it closes.
    person.wait(lambda: not person.context.activities.activities)
    assert person.window.close()
    again = open_window()
    again.open(person.context.settings.recent_projects[0])
    page = write_page(again)
    again.wait(lambda: page.model.texts is not None and page.model.texts.written.count == 12)
    assert page.model.texts is not None
    assert page.model.texts.row(1).text == "=a text by hand"


def press(person: Person, keys: str) -> None:
    """Keys such as "Ctrl+3", wherever the focus is."""
    combination = QKeySequence(keys)[0]
    person.window.activateWindow()  # as the system does when a dialog has closed
    person.wait(person.window.isActiveWindow)
    person.qtbot.keyClick(person.window, combination.key(), combination.keyboardModifiers())


def type_number(person: Person, name: str, number: int) -> None:
    """Open the section of a setting of the form, go to its field, and type another number."""
    form, control = person.runs.form, Qt.KeyboardModifier.ControlModifier
    (section,) = [section for section in form.sections if name in section.editors]
    if not section.header.isChecked():
        person.qtbot.keyClick(section.header, Qt.Key.Key_Space)
    field = section.editors[name].widget
    field.setFocus()
    person.qtbot.keyClick(field, Qt.Key.Key_A, control)
    person.qtbot.keyClicks(field, str(number))
    person.qtbot.keyClick(field, Qt.Key.Key_Return)


def train_by_keyboard(person: Person, workshop: Workshop) -> None:
    """From the table's file to a finished run."""
    press(person, "Ctrl+Shift+N")
    choose_file(person, workshop.csv)
    person.wait(lambda: person.context.project.is_open)
    data = person.data
    person.wait(data.import_view.import_button.isEnabled)
    press(person, "Ctrl+Return")
    person.wait(lambda: data.views.currentWidget() is data.dataset_view)
    press(person, "Ctrl+3")
    assert person.window.current == "runs"
    page = person.runs
    person.wait(lambda: page.planner.backbones.entries)
    folder = workshop.backbone("llama")
    with pytest.MonkeyPatch.context() as patch:  # the system's own dialog
        patch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
        person.qtbot.keyClick(page.form.picker.folder, Qt.Key.Key_Space)
    person.wait(lambda: page.planner.backbone is not None and page.planner.backbone.on_disk)
    assert page.planner.form.draft["backbone"] == str(folder)
    for name, number in (
        ("training.max_steps", 6),
        ("method.mid_dim", 16),
        ("decoding.max_new_tokens", 10),
    ):
        type_number(person, name, number)
        assert page.planner.form.draft[name] == number
    person.wait(lambda: page.planner.train_rows)
    page.launch.train.setFocus()
    press(person, "Ctrl+Return")
    person.wait_for(person.the_run(), RunState.FINISHED, RunState.FAILED)
    assert person.the_run().status.state is RunState.FINISHED


@pytest.mark.usefixtures("quick_engines")
def test_by_keyboard_alone(
    open_window: Callable[[], Person], workshop: Workshop, new_table: Path, tmp_path: Path
) -> None:
    person = open_window()
    train_by_keyboard(person, workshop)
    qtbot, window = person.qtbot, person.window
    actions = person.context.actions
    person.context.navigator.show_runs(person.the_run().run_id)
    person.wait(actions.get("runs.use").isEnabled)
    number = [entry.name for entry in PAGES].index("write") + 1
    qtbot.keyClick(window, Qt.Key(Qt.Key.Key_0 + number), Qt.KeyboardModifier.ControlModifier)
    page = write_page(person)
    qtbot.keyClick(page.empty.findChildren(QPushButton)[0], Qt.Key.Key_Space)
    choose_file(person, new_table)
    person.wait(lambda: page.model.folder)
    box = page.setup.systems.box
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    person.wait(lambda: page.model.plan)
    person.wait(page.setup.write_button.isEnabled)
    qtbot.keyClick(page.setup.write_button, Qt.Key.Key_Space)
    texts = page.model.texts
    assert texts is not None
    person.wait(lambda: page.model.job is None and texts.written.count == 12)
    qtbot.keyClick(button_of(page.results, actions.get("write.save")), Qt.Key.Key_Space)
    out = tmp_path / "by-keyboard.xlsx"
    choose_file(person, out)
    person.wait(out.exists)
    rows = list(openpyxl.load_workbook(out).active.iter_rows(values_only=True))
    assert rows[0] == (*HEAD, "text")
    assert [row[:5] for row in rows[1:]] == ROWS
