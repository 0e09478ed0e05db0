"""Short messages and bars: they say what cannot be seen, and move nothing."""

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QClipboard, QCursor, QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.pages.prefixes.page import PrefixesPage
from app.shell.main_window import MainWindow
from app.widgets.info_bar import InfoBar, Tone
from engine.contract.projects.project import DatasetEntry
from tests.helpers.projects import MAPPING


def positions(root: QWidget, but: QWidget) -> dict[int, QPoint]:
    """Where every visible widget of a page is on the screen, but those of a bar."""
    shown = [child for child in root.findChildren(QWidget) if child.isVisible()]
    return {id(child): child.mapToGlobal(QPoint()) for child in shown if not but.isAncestorOf(child)
            and child is not but and child is not but.parent()}  # fmt: skip


def button(bar: InfoBar, text: str) -> QPushButton:
    return next(b for b in reversed(bar.findChildren(QPushButton)) if b.text() == text)


def settle() -> None:
    """Until what is laid out stays where it is."""
    for _ in range(5):
        QApplication.sendPostedEvents()
        QApplication.processEvents()


def test_what_was_copied_is_said(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    QGuiApplication.clipboard().setText("of another program")
    assert window.toast.isHidden()
    # The offscreen platform owns no clipboard.
    monkeypatch.setattr(QClipboard, "ownsClipboard", lambda _clipboard: True)
    QGuiApplication.clipboard().setText("BLEU 34.7")
    assert window.toast.label.text() == "Copied “BLEU 34.7”."
    QGuiApplication.clipboard().setText("a\tb\n1\t2\n")
    assert window.toast.label.text() == "Copied 2 lines."
    assert window.toast.isVisible()


def test_names_are_shown_as_they_are(window: MainWindow) -> None:
    window.context.messages.post("<b>x</b>")
    assert window.toast.label.textFormat() is Qt.TextFormat.PlainText


def test_undo_takes_back_the_step_that_it_names(window: MainWindow, project: Path) -> None:
    window.context.navigator.open_path(project)
    model = window.context.project
    entry = model.dataset
    assert entry is not None
    names = [DatasetEntry(entry.dataset_id, name, "huts.csv", MAPPING) for name in ("a", "b")]
    model.edit_dataset("Rename", names[0])
    window.context.messages.post_undo("Renamed.", window.context.undo)
    button(window.toast, "Undo").click()
    assert model.dataset == entry
    assert window.toast.isHidden()
    model.edit_dataset("Rename", names[0])
    window.context.messages.post_undo("Renamed.", window.context.undo)
    model.edit_dataset("Rename", names[1])
    assert window.toast.isHidden(), "its button would take back another step"


def test_a_message_is_reached_by_tab(window: MainWindow, qtbot: QtBot) -> None:
    done: list[bool] = []
    window.context.messages.post("Exported.", "Show", lambda: done.append(True))
    window.activateWindow()
    settle()
    show = button(window.toast, "Show")
    for _ in range(200):
        if QApplication.focusWidget() is show:
            break
        qtbot.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is show
    qtbot.keyClick(show, Qt.Key.Key_Space)
    assert done == [True]


def test_bars_move_nothing_while_the_pointer_is_on_the_page(
    window: MainWindow, qtbot: QtBot
) -> None:
    settle()
    QCursor.setPos(window.stack.mapToGlobal(QPoint(5, 5)))
    before = positions(window, window.bar)
    window.bar.show_message(Tone.BAD, "A long sentence about a disk that is full. " * 8)
    area = window.bar.parentWidget()
    assert area is not None
    qtbot.waitUntil(lambda: area.height() > 0)
    assert window.bar.height() >= window.bar.heightForWidth(window.bar.width())
    assert positions(window, window.bar) == before
    assert window.stack.rect().contains(window.stack.mapFromGlobal(area.mapToGlobal(QPoint())))
    QCursor.setPos(window.mapToGlobal(QPoint(5, 5)))  # on the menu
    QApplication.sendEvent(window.stack.parentWidget(), QEvent(QEvent.Type.Leave))
    settle()
    assert window.stack.geometry().bottom() < area.geometry().top(), "nothing stays covered"
    window.bar.hide()
    qtbot.waitUntil(lambda: area.height() == 0)
    assert window.stack.geometry().bottom() == window.stack.parentWidget().rect().bottom()


def test_bars_of_a_page_move_nothing(window: MainWindow, rich_project: Path, qtbot: QtBot) -> None:
    window.context.navigator.open_path(rich_project)
    window.show_page("prefixes")
    page = window.stack.page("prefixes")
    assert isinstance(page, PrefixesPage)
    qtbot.waitUntil(lambda: page.model.rowCount() == 3)
    QCursor.setPos(page.table.mapToGlobal(QPoint(5, 5)))
    settle()
    before = positions(page, page.bar)
    page.bar.show_message(Tone.INFO, "It belongs to a run.")
    area = page.bar.parentWidget()
    assert area is not None
    qtbot.waitUntil(lambda: area.height() > 0)
    assert positions(page, page.bar) == before
