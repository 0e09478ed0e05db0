"""Promised: no text of a project, a file or an engine is taken for markup by the window.

Names, cells, headers, notes, tags, outputs, cards, messages and tracebacks are drawn as they are:
nothing that they name is read or fetched, none of them is bold, an & is an &, and characters that
would turn the direction of a line or ring a bell are signs. Not promised: that a text in a field
that can be edited runs from left to right.
"""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QAbstractListModel, QCoreApplication, QEvent, QModelIndex, QPoint, Qt
from PySide6.QtGui import QHelpEvent, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QGraphicsTextItem,
    QGraphicsView,
    QHeaderView,
    QLabel,
    QMenu,
    QMessageBox,
    QTableView,
    QTabWidget,
    QTextEdit,
    QToolTip,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.qt.plain_text import caption, markup, visible
from app.shell.main_window import MainWindow
from app.shell.page_list import PAGES
from app.shell.startup import tie
from app.widgets.labels import Label
from app.widgets.plain_delegate import TIP_CHARS, TIP_LINES, tip_text
from app.widgets.text_view import TextView
from engine.contract.errors import Remedy
from engine.contract.protocol.commands import Failure
from engine.contract.runs.events import Blame, RunState
from tests.helpers.fake_ports import discard, make_context
from tests.helpers.hostile import evil, make_hostile_project, spoiled_replies
from tests.helpers.replies import RICH

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("^This plugin does not support")]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture that nobody has read yet, as its time of access says."""
    path = tmp_path / "evil.png"
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    assert image.save(str(path))
    os.utime(path, (1, path.stat().st_mtime))
    return path


@pytest.fixture
def untouched(picture: Path) -> Iterator[Callable[[], None]]:
    """Fails where the picture was read; skips where the file system keeps no times of access."""

    def check() -> None:
        QCoreApplication.processEvents()
        assert picture.stat().st_atime == 1, "the picture that a text names was read"

    yield check
    picture.read_bytes()
    if picture.stat().st_atime == 1:
        pytest.skip("this file system keeps no times of access")


@pytest.fixture
def context(
    qapp: QApplication, tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AppContext]:
    """Real models over an engine client whose every answer is hostile too."""
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / "home" / name.lower()))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    made = make_context(tmp_path / "settings.ini", replies=spoiled_replies(RICH, evil(picture)))
    yield made
    discard(made)


@pytest.fixture
def window(
    context: AppContext, tmp_path: Path, picture: Path, qtbot: QtBot
) -> Iterator[MainWindow]:
    """The window with the hostile project open."""
    project = make_hostile_project(tmp_path / "project", evil(picture))
    made = tie(context)
    qtbot.addWidget(made)
    made.resize(1280, 820)
    made.show()
    made.control.open(project)
    qtbot.waitUntil(lambda: any(run.samples for run in context.runs.all()))
    yield made
    made.control.close()
    gc.collect()


def look_at(widget: QWidget) -> None:
    """Lay out and draw, and ask for every tool tip."""
    widget.grab()
    for part in [widget, *widget.findChildren(QWidget)]:
        if not shiboken6.isValid(part):
            continue  # replaced since, as rows of a list are
        if part.toolTip() and part.isVisible():
            ask_for_tip(part, part.rect().center())
        if isinstance(part, QComboBox):
            part.showPopup()
            part.hidePopup()
        if isinstance(part, QAbstractItemView) and part.isVisible():
            ask_for_cells(part)
        if isinstance(part, QGraphicsView) and part.isVisible():
            ask_for_tip(part.viewport(), part.rect().center())
    QToolTip.hideText()


def ask_for_cells(view: QAbstractItemView) -> None:
    model = view.model()
    if model is None:
        return
    if isinstance(view, QHeaderView):
        for section in range(min(view.count(), 30)):
            ask_for_tip(view.viewport(), QPoint(view.sectionViewportPosition(section) + 3, 5))
        return
    for row in range(min(model.rowCount(), 12)):
        columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount()
        for column in range(columns):
            index = model.index(row, column, QModelIndex())
            ask_for_tip(view.viewport(), view.visualRect(index).center())
    if isinstance(view, QTableView):
        view.verticalHeader().grab()


def ask_for_tip(widget: QWidget, place: QPoint) -> None:
    event = QHelpEvent(QEvent.Type.ToolTip, place, widget.mapToGlobal(place))
    QCoreApplication.sendEvent(widget, event)


def shows_no_markup() -> None:
    """No label is rich but our own, and no page and no plot holds a picture of a text's."""
    for widget in QApplication.allWidgets():
        if isinstance(widget, QLabel) and widget.isVisible():
            if widget.textFormat() is Qt.TextFormat.RichText:
                assert "<img" not in widget.text()
                assert "<b>A" not in widget.text()
            else:
                assert widget.textFormat() is Qt.TextFormat.PlainText, widget.text()
        if isinstance(widget, QTextEdit):
            assert "<img" not in widget.toHtml()
        if isinstance(widget, QGraphicsView) and widget.scene() is not None:
            for item in widget.scene().items():
                if isinstance(item, QGraphicsTextItem):
                    assert "<img" not in item.toHtml()


def shows_captions(root: QWidget) -> None:
    """What stands on a button has no mnemonic that came with a text."""
    for button in root.findChildren(QAbstractButton):
        if "<b>" in button.text() and button.isVisible():
            assert "A&&B" in button.text()


@pytest.mark.parametrize("name", [entry.name for entry in PAGES])
def test_no_page_loads_what_a_text_names(
    window: MainWindow, name: str, qtbot: QtBot, untouched: Callable[[], None]
) -> None:
    window.show_page(name)
    look_at(window)
    for tabs in window.findChildren(QTabWidget):
        for place in range(tabs.count()):
            tabs.setCurrentIndex(place)
            QCoreApplication.processEvents()
            if tabs.isVisible():
                look_at(tabs)
    shows_no_markup()
    shows_captions(window)
    untouched()


def test_every_run_and_what_it_says(
    window: MainWindow, qtbot: QtBot, untouched: Callable[[], None]
) -> None:
    for run in window.context.runs.all():
        window.context.navigator.show_runs(run.run_id)
        for tabs in window.stack.page("runs").findChildren(QTabWidget):
            for place in range(tabs.count()):
                tabs.setCurrentIndex(place)
                look_at(window)
    shows_no_markup()
    shows_captions(window)
    untouched()


def test_compare_with_two_systems_and_blind(
    window: MainWindow, qtbot: QtBot, untouched: Callable[[], None]
) -> None:
    runs = [run.run_id for run in window.context.runs.all() if run.status.state is FINISHED][:2]
    window.context.navigator.show_compare(runs)
    page = window.stack.page("compare")
    qtbot.waitUntil(lambda: page.model.example is not None)
    page.model.notes.set_note(page.model.example.example_id, page.model.example.input)
    look_at(window)
    page.panel.drop_below(page.choose)
    look_at(page.panel)
    page.panel.close()
    page.start_blind()
    look_at(window)
    page.blind.vote(1)
    page.blind.end()
    look_at(window)
    shows_no_markup()
    shows_captions(window)
    untouched()


FINISHED = RunState.FINISHED


def test_problems_closing_and_asking(
    window: MainWindow, picture: Path, qtbot: QtBot, untouched: Callable[[], None]
) -> None:
    bad = evil(picture)
    failure = Failure(Blame.USER, bad, (Remedy(bad),), bad)
    window.commands.show_failure(bad, failure)
    window.commands.show_error(ValueError(bad))
    window.leaving.may_close(lambda: None)
    box = QMessageBox(QMessageBox.Icon.Question, "Delete", bad, parent=window)
    box.setInformativeText(bad)
    box.open()
    for dialog in window.findChildren(QDialog):
        if dialog.isVisible():
            look_at(dialog)
    shows_no_markup()
    untouched()
    for dialog in window.findChildren(QDialog):
        dialog.close()


def test_menus(window: MainWindow, untouched: Callable[[], None]) -> None:
    for menu in window.findChildren(QMenu):
        menu.aboutToShow.emit()
        for action in menu.actions():
            assert "A&B" not in action.text()
    untouched()


def test_a_page_of_markup_loads_nothing(
    picture: Path, qtbot: QtBot, untouched: Callable[[], None]
) -> None:
    view = TextView("page")
    qtbot.addWidget(view)
    view.setHtml(f'<link rel="stylesheet" href="{picture.as_uri()}">{evil(picture)}<p>text</p>')
    view.show()
    look_at(view)
    untouched()


def test_a_label_is_plain_before_it_is_polished(
    picture: Path, qtbot: QtBot, untouched: Callable[[], None]
) -> None:
    label = Label(evil(picture))
    qtbot.addWidget(label)
    label.setWordWrap(True)
    label.heightForWidth(100)
    assert label.textFormat() is Qt.TextFormat.PlainText
    untouched()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a\ufffdb"),
        ("a\u2067b\u2069", "a\ufffdb\ufffd"),
        ("bell\x07 esc\x1b[31m", "bell␇ esc␛[31m"),
        ("two\r\nlines\tand a tab", "two\nlines\tand a tab"),
        ("back\rwards\x7f\x9b", "back␍wards␡\ufffd"),
        ("half \ud83d", "half \ufffd"),
        ("עברית \u200f, ไทย, é", "עברית \u200f, ไทย, é"),
    ],
)
def test_hidden_characters_are_signs(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert markup(f"<{text}>") == f"&lt;{shown}&gt;".replace("\n", "<br>")


def test_a_caption_is_one_line_without_mnemonics() -> None:
    assert caption("R&D\n<b>plan</b>\x07") == "R&&D <b>plan</b>␇"


def test_a_long_tool_tip_is_broken_and_cut() -> None:
    assert tip_text("one\n\ntwo") == "one\n\ntwo"
    lines = tip_text("word " * 5000).splitlines()
    assert len(lines) == TIP_LINES + 1
    assert max(map(len, lines)) <= TIP_CHARS
