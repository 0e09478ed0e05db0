"""The editors that are made of settings."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.widgets.setting_editor import Editor, make_editor
from engine.contract.options import OPTIONS


@pytest.fixture
def form(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def editor_of(name: str, form: QWidget) -> Editor:
    editor = make_editor(name, OPTIONS[name])
    editor.widget.setParent(form)
    return editor


def typed(editor: Editor, text: str, qtbot: QtBot) -> list[object]:
    """The values that the editor emits after a text was typed into it."""
    edits: list[object] = []
    editor.edited.connect(edits.append)
    editor.widget.selectAll()
    qtbot.keyClicks(editor.widget, text)
    qtbot.keyClick(editor.widget, Qt.Key.Key_Return)
    return edits


@pytest.mark.parametrize("name", OPTIONS)
def test_every_setting_has_an_editor_that_shows_its_default(name: str, form: QWidget) -> None:
    item = OPTIONS[name]
    editor = editor_of(name, form)
    editor.show(item.default)
    assert editor.widget.accessibleName() == item.setting.label
    assert editor.widget.toolTip() == item.setting.help


@pytest.mark.parametrize(
    ("name", "text", "edits"),
    [
        ("training.learning_rate", "2e-5", [2e-5]),
        ("training.learning_rate", "0", []),
        ("decoding.top_p", "1", [1.0]),
        ("decoding.top_p", "1.1", []),
        ("method.dropout", "1", []),
        ("data.split.valid_fraction", "12,5 %", [0.125]),
        ("data.split.valid_fraction", "100", []),
    ],
)
def test_numbers_are_typed_within_their_bounds(
    name: str, text: str, edits: list[float], form: QWidget, qtbot: QtBot
) -> None:
    editor = editor_of(name, form)
    editor.show(0.5)
    assert typed(editor, text, qtbot) == edits


def test_arrows_stay_within_the_bounds(form: QWidget) -> None:
    editor = editor_of("method.dropout", form)
    editor.show(0.95)
    editor.widget.stepUp()
    assert editor.widget.text() == "0.95"


def test_arrows_multiply_where_that_suits(form: QWidget) -> None:
    editor = editor_of("method.budget_percent", form)
    editor.show(0.1)
    editor.widget.stepUp()
    assert editor.widget.text() == "0.2"


def test_nothing_stands_below_the_lowest_number(form: QWidget) -> None:
    editor = editor_of("method.bottleneck", form)
    edits: list[object] = []
    editor.edited.connect(edits.append)
    editor.show(None)
    assert editor.widget.text() == "by the budget"
    editor.widget.stepUp()
    editor.widget.stepDown()
    assert edits == [1, None]


def test_a_number_that_qt_cannot_hold_is_shown_as_the_largest(form: QWidget) -> None:
    editor = editor_of("training.seed", form)
    editor.show(2**40)
    assert editor.widget.text() == "2,147,483,647"
