from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.theme import Scheme
from app.widgets.command_line import CommandLine
from app.widgets.drop_overlay import dropped_paths
from app.widgets.empty_state import EmptyState
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.labels import Badge, ElidedLabel
from app.widgets.search_field import SearchField
from app.widgets.table_view import TableView


def table(qtbot: QtBot) -> TableView:
    view = TableView("Numbers")
    qtbot.addWidget(view)
    model = QStandardItemModel(0, 3, view)
    model.setHorizontalHeaderLabels(["a", "b", "c"])
    for row in range(4):
        model.appendRow([QStandardItem(f"{letter}{row}") for letter in "abc"])
    view.setModel(model)
    return view


def test_rows_are_copied_as_they_are_shown(qtbot: QtBot) -> None:
    view = table(qtbot)
    view.model().setData(view.model().index(2, 0), "two\tlines\nhere")
    view.setColumnHidden(1, True)
    view.horizontalHeader().moveSection(2, 0)
    view.select_row(2)
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "c\ta\nc2\ttwo lines here\n"


def test_columns_fit_the_cells_and_fill_the_view(qtbot: QtBot) -> None:
    view = table(qtbot)
    view.resize(600, 200)
    view.show()
    view.model().setData(view.model().index(0, 0), "x" * 500)
    view.fit_columns()
    widths = [view.columnWidth(column) for column in range(3)]
    assert sum(widths) == view.viewport().width()
    assert widths[1] < widths[0] < 600


def test_row_height_follows_the_text_size(qtbot: QtBot) -> None:
    view = table(qtbot)
    before = view.rowHeight(0)
    font = view.font()
    font.setPointSizeF(3 * font.pointSizeF())
    view.setFont(font)
    view.fit_rows()
    assert view.rowHeight(0) > before


def test_elided_label_keeps_the_whole_text(qtbot: QtBot) -> None:
    label = ElidedLabel("a long sentence that does not fit")
    qtbot.addWidget(label)
    label.resize(60, 20)
    label.show()
    assert label.text().endswith("…")
    assert label.toolTip() == label.full_text() == label.accessibleName()
    label.resize(900, 20)
    qtbot.waitUntil(lambda: label.text() == label.full_text())
    assert label.toolTip() == ""


def test_info_bar_replaces_message_and_buttons(context: AppContext, qtbot: QtBot) -> None:
    bar = InfoBar(context.theme)
    qtbot.addWidget(bar)
    assert bar.isHidden()
    pressed: list[str] = []
    bar.show_message(Tone.WARNING, "first")
    bar.add_button("Undo", lambda: pressed.append("first"))
    bar.show_message(Tone.BAD, "second")
    bar.add_button("Undo", lambda: pressed.append("second")).click()
    assert pressed == ["second"]
    assert bar.accessibleName() == "Error: second"
    with qtbot.waitSignal(bar.dismissed):
        bar.close_button.click()
    assert bar.isHidden()


def test_colours_follow_the_scheme(context: AppContext, qtbot: QtBot) -> None:
    badge = Badge(context.theme, "trained", tone="trainable")
    qtbot.addWidget(badge)
    before = badge.palette().windowText().color()
    context.theme.set_scheme(Scheme.DARK)
    after = badge.palette().windowText().color()
    assert (before, after) != (after, before)
    assert after == context.theme.colors.trainable


def test_search_waits_for_a_pause_but_not_for_enter(qtbot: QtBot) -> None:
    field = SearchField("Search")
    qtbot.addWidget(field)
    heard: list[str] = []
    field.searched.connect(heard.append)
    with qtbot.waitSignal(field.searched):
        qtbot.keyClicks(field, "abc")
    assert heard == ["abc"]
    qtbot.keyClicks(field, "d")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert heard == ["abc", "abcd"]


def test_command_is_quoted_and_copied_whole(context: AppContext, qtbot: QtBot) -> None:
    strip = CommandLine(context.theme)
    qtbot.addWidget(strip)
    strip.set_command(["train", "--data", "my table.csv"])
    strip.resize(50, 20)
    strip.copy()
    assert QGuiApplication.clipboard().text() == "python main.py train --data 'my table.csv'"


def test_empty_state_follows_its_action(context: AppContext, qtbot: QtBot) -> None:
    empty = EmptyState(context.theme, "Nothing", "Do something.", icon="data")
    qtbot.addWidget(empty)
    done: list[int] = []
    action = context.actions.add("x.y", "&Do it", slot=lambda: done.append(1))
    button = empty.add_action(action)
    assert button.text() == "Do it"
    button.click()
    assert done == [1]
    action.setEnabled(False)
    assert not button.isEnabled()
    assert "Do something." in [label.text() for label in empty.findChildren(QLabel)]


def test_only_local_files_are_dropped() -> None:
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/a.csv"), QUrl.fromLocalFile("/tmp/b.csv")])
    assert [path.name for path in dropped_paths(data)] == ["b.csv"]
