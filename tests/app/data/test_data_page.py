"""The page as a whole: datasets, rejected rows, the command line, accessibility."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.data.edits import with_role
from app.pages.data.importing.file_import import ImportState
from app.pages.data.importing.rejected import RejectedDialog
from app.pages.data.page import DataPage
from app.shell.messages import Message
from app.theme import Scheme
from engine.cli.arguments import Parser, add_run_options
from engine.contract.projects.project import DatasetEntry
from engine.contract.protocol.data import ExportRejected
from engine.contract.specs.data import Preset, Role, SplitKind
from tests.helpers.fake_ports import FakeClient


def import_second(page: DataPage, qtbot: QtBot, path: Path) -> None:
    page.open_path(path)
    qtbot.waitUntil(lambda: page.file.state is ImportState.READY)
    page.file.start()
    qtbot.waitUntil(lambda: page.file.state is ImportState.NONE)


def test_datasets_are_chosen_renamed_and_deleted_with_undo(
    page: DataPage, qtbot: QtBot, context: AppContext, odd_csv: Path, said: list[Message]
) -> None:
    import_second(page, qtbot, odd_csv)
    header = page.dataset_view.header
    assert header.box.count() == 2
    assert header.box.currentText() == "hütten.csv"
    header.box.setCurrentIndex(0)
    header.box.activated.emit(0)
    assert page.dataset_view.rows.model.rowCount() == 240
    assert "240 rows" in header.rows.full_text()

    header.rename_button.click()
    assert header.name.isVisible()
    header.name.setText("Mountain huts")
    qtbot.keyClick(header.name, Qt.Key.Key_Return)
    assert header.box.currentText() == "Mountain huts"
    assert context.undo.undoText() == "Rename dataset to ‘Mountain huts’"
    header.rename_button.click()
    header.name.setText("something else")
    qtbot.keyClick(header.name, Qt.Key.Key_Escape)
    assert header.box.currentText() == "Mountain huts"

    header.rename_button.click()
    header.name.setText("for the one that is shown")
    header.delete_button.click()
    assert not header.name.isVisible()
    assert header.box.currentText() == "hütten.csv"
    assert said[-1].text == "“Mountain huts” was deleted from the project."
    assert said[-1].action is not None
    said[-1].action()
    assert header.box.currentText() == "Mountain huts"
    assert page.dataset_view.rows.model.rowCount() == 240


def test_rejected_rows_are_listed_and_exported(
    page: DataPage, qtbot: QtBot, tmp_path: Path, context: AppContext
) -> None:
    button = page.dataset_view.header.rejected
    assert button.text() == "1 rejected row…"
    button.click()
    dialog = page.findChild(RejectedDialog)
    assert dialog is not None
    assert dialog.model.index(0, 0).data() == 97
    assert dialog.model.index(0, 1).data() == "8 cells, 7 columns"
    out = tmp_path / "rejected.csv"
    dialog.export(out)
    qtbot.waitUntil(dialog.bar.isVisible)
    text = out.read_text(encoding="utf-8-sig")
    assert "97" in text
    assert "Alpine View" in text
    dialog.close()


def test_failed_export_says_why(
    page: DataPage, qtbot: QtBot, tmp_path: Path, client: FakeClient
) -> None:
    del client.replies[ExportRejected]
    page.dataset_view.header.rejected.click()
    dialog = page.findChild(RejectedDialog)
    assert dialog is not None
    dialog.export(tmp_path / "no.csv")
    client.last(ExportRejected).fail("no.csv cannot be written: the disk is full.")
    assert dialog.bar.label.text() == "no.csv cannot be written: the disk is full."
    dialog.close()


def much_changed(entry: DatasetEntry) -> DatasetEntry:
    split = replace(
        entry.split,
        kind=SplitKind.CATEGORY,
        unseen_categories=("hut",),
        valid_fraction=0.2,
        max_train_rows=50,
        max_test_inputs=None,
        seed=3,
    )
    form = replace(entry.linearisation, preset=Preset.BRACKETS, skip_empty=False)
    return with_role(replace(entry, split=split, linearisation=form), ("kind",), Role.CATEGORY)


def test_command_line_twin_is_understood_by_the_command_line(
    page: DataPage, context: AppContext
) -> None:
    strip = page.dataset_view.command
    assert shlex.split(strip.command())[:5] == ["python", "main.py", "train", "--data", "huts.csv"]
    page.current.edit("Much", much_changed)
    words = shlex.split(strip.command())[2:]
    parser = Parser()
    parser.add_argument("--data")
    parser.add_argument("--out")
    add_run_options(parser)
    assert words.pop(0) == "train"
    arguments = parser.parse_args(words)
    inputs = ["name", "beds", "food", "altitude", "near"]
    assert arguments.inputs == [(Role.FIELD, name) for name in inputs]
    assert (arguments.target, arguments.category_column) == ("text", "kind")
    assert arguments.unseen == ["hut"]
    assert (arguments.linearisation, arguments.keep_empty) == ("brackets", True)
    assert (arguments.valid_fraction, arguments.train_rows) == ("0.2", "50")
    assert (arguments.split_seed, arguments.test_inputs) == ("3", "none")


def test_every_control_has_a_name(page: DataPage, qtbot: QtBot, odd_csv: Path) -> None:
    import_second(page, qtbot, odd_csv)
    kinds = (QAbstractButton, QComboBox, QAbstractSpinBox, QAbstractItemView)
    buddies = {label.buddy() for label in page.findChildren(QLabel) if label.buddy()}
    nameless = []
    for widget in page.findChildren(QWidget):
        if not isinstance(widget, kinds) or widget in buddies:
            continue
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        if not (text or widget.accessibleName() or _is_part(widget)):
            nameless.append(f"{widget!r} in {widget.parent()!r}")
    assert nameless == []


def _is_part(widget: QWidget) -> bool:
    """Whether Qt made it inside a control that has a name (a popup list, a corner)."""
    inside = (QAbstractItemView, QComboBox, QTabBar)
    parent = widget.parentWidget()
    return not type(widget).__module__.startswith("app.") and (
        isinstance(parent, inside) or isinstance(parent.parentWidget(), inside)
    )


MENU_KEYS = "FEVRH"


@pytest.mark.parametrize("settings_tab", [0, 1, 2])
@pytest.mark.parametrize("example_tab", [0, 1])
def test_no_two_controls_share_a_key(
    page: DataPage, qtbot: QtBot, settings_tab: int, example_tab: int
) -> None:
    page.dataset_view.settings.setCurrentIndex(settings_tab)
    page.dataset_view.example.setCurrentIndex(example_tab)
    texts = [
        widget.text()
        for widget in page.findChildren(QWidget)
        if isinstance(widget, (QAbstractButton, QLabel)) and widget.isVisible()
    ]
    for bar in page.findChildren(QTabBar):
        texts += [bar.tabText(index) for index in range(bar.count())]
    keys = [text[text.index("&") + 1].upper() for text in texts if "&" in text]
    assert len(keys) >= 8
    assert sorted(keys) == sorted(set(keys) - set(MENU_KEYS))


def test_tab_goes_from_the_rows_to_the_settings(page: DataPage, qtbot: QtBot) -> None:
    view = page.dataset_view
    wanted: list[QWidget] = [
        view.header.box,
        view.header.open_button,
        view.rows.spin,
        view.rows.table,
        view.text.source,
        view.text.target,
        view.mapping.table,
        view.go_on,
    ]
    met: list[QWidget] = [view.header.box]
    widget = view.header.box.nextInFocusChain()
    while widget is not view.header.box:
        if widget in wanted:
            met.append(widget)
        widget = widget.nextInFocusChain()
    assert met == wanted


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
def test_page_fits_a_small_window_at_150_percent(
    page: DataPage, qtbot: QtBot, context: AppContext, scheme: Scheme, odd_csv: Path
) -> None:
    context.theme.set_scheme(scheme)
    context.theme.set_font_percent(150)
    try:
        for index in range(3):
            page.dataset_view.settings.setCurrentIndex(index)
        hint = page.minimumSizeHint()
        assert (hint.width() <= 880, hint.height() <= 640) == (True, True), hint
    finally:
        context.theme.set_font_percent(100)
        context.theme.set_scheme(Scheme.LIGHT)


def test_going_on_leads_to_the_runs(page: DataPage, qtbot: QtBot, context: AppContext) -> None:
    with qtbot.waitSignal(context.navigator.page_requested) as asked:
        page.dataset_view.go_on.click()
    assert asked.args == ["runs"]
