"""Every control has a name and can be reached by keys."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog, QLineEdit, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.dialogs.export import ExportDialog
from app.pages.runs.form.section_box import SectionBox
from app.shell.main_window import MainWindow
from app.shell.page_list import PAGES
from tests.helpers.accessibility import unnamed, unreachable

DIALOGS = (
    "project.new",
    "app.preferences",
    "help.shortcuts",
    "help.palette",
    "about.program",
)


def test_the_check_itself_finds_what_is_missing(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    layout = QVBoxLayout(widget)
    named, bare = QToolButton(), QLineEdit()
    named.setAccessibleName("Copy")
    layout.addWidget(named)
    layout.addWidget(bare)
    assert len(unnamed(widget)) == 1
    assert unnamed(widget)[0].startswith("QLineEdit")


@pytest.mark.parametrize("name", [entry.name for entry in PAGES])
def test_pages(window: MainWindow, rich_project: Path, name: str, qtbot: QtBot) -> None:
    window.context.navigator.open_path(rich_project)
    window.show_page(name)
    for section in window.findChildren(SectionBox):
        section.header.click()
    assert unnamed(window) == []
    assert unreachable(window) == []


@pytest.mark.parametrize("ident", DIALOGS)
def test_dialogs(window: MainWindow, ident: str) -> None:
    window.context.actions.get(ident).trigger()
    (dialog,) = [d for d in window.findChildren(QDialog) if d.isVisible()]
    assert unnamed(dialog) == []
    dialog.close()


def test_export_dialog(window: MainWindow, qtbot: QtBot) -> None:
    dialog = ExportDialog(
        window.context.theme, source=Path("p"), name="p", start=Path("/p"), parent=window
    )
    assert unnamed(dialog) == []
    assert unreachable(dialog) == []
