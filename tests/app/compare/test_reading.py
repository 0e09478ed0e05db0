"""Texts have room: lines of 40 letters, as high as they are, at every width and text size."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication, QStyle, QWidget
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.models.run_numbers import saved_bytes, training_s
from app.pages.compare.generation.card_area import LINE_CHARS, arranged
from app.pages.compare.generation.cards import TextBox
from app.pages.compare.list.example_list import DIFFERENCE, INPUT
from app.pages.compare.list.listing import Order
from app.pages.compare.page import ComparePage
from app.theme import Scheme
from app.widgets.table_view import TableView
from tests.app.compare.conftest import choose, shown

MakePage = Callable[[Path], ComparePage]
PAGE_OF_1280, PAGE_OF_1024 = 1138, 882
"""What a window of this width leaves for the page."""


@pytest.fixture
def sized(context: AppContext) -> Iterator[Callable[[int], None]]:
    """Sets the text size in percent, for this test only."""
    yield context.theme.set_font_percent
    context.theme.set_font_percent(100)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)


def resize(qtbot: QtBot, page: ComparePage, width: int, height: int = 760) -> None:
    """Give the page this size and let its layouts come to rest."""
    page.window().layout().setContentsMargins(0, 0, 0, 0)
    page.window().resize(width, height)
    settle()


def settle() -> None:
    for _ in range(20):
        QCoreApplication.sendPostedEvents()
        QCoreApplication.processEvents()


def texts(page: ComparePage) -> list[TextBox]:
    return [
        card.text for card in (page.view.predictions.references, *page.view.predictions.outputs)
    ]


def line_chars(box: TextBox) -> float:
    inside = box.viewport().width() - 2 * box.document().documentMargin()
    return inside / box.fontMetrics().averageCharWidth()


@pytest.mark.parametrize("percent", [100, 150, 200])
@pytest.mark.parametrize("width", [PAGE_OF_1280, PAGE_OF_1024])
def test_every_line_of_a_text_has_forty_letters(
    qtbot: QtBot, page: ComparePage, sized: Callable[[int], None], width: int, percent: int
) -> None:
    choose(qtbot, page, "twin", "prefix 10", "prefix 20")
    sized(percent)
    resize(qtbot, page, width)
    for box in texts(page):
        assert line_chars(box) >= LINE_CHARS, box.accessibleName()
    for box in texts(page)[1:]:
        assert box.verticalScrollBar().maximum() == 0, "an output is cut"
        assert box.height() == box.heightForWidth(box.width())


def test_cards_stand_below_each_other_where_there_is_no_room(
    qtbot: QtBot, page: ComparePage
) -> None:
    resize(qtbot, page, 1800)
    assert len(page.view.predictions.area.rows) == 1
    resize(qtbot, page, PAGE_OF_1280)
    view = page.view.predictions
    references, outputs = view.references, view.outputs
    assert page.view.predictions.area.rows == [[view.input, references], outputs]
    resize(qtbot, page, 480)
    assert all(len(row) == 1 for row in page.view.predictions.area.rows)
    assert page.view.predictions.area.verticalScrollBar().maximum() > 0
    resize(qtbot, page, 1800)
    assert len(page.view.predictions.area.rows) == 1


@pytest.mark.parametrize(
    ("outputs", "fitting", "rows"),
    [
        (1, 1, [1, 1, 1]),
        (1, 2, [2, 1]),
        (1, 3, [3]),
        (2, 3, [2, 2]),
        (2, 4, [4]),
        (3, 2, [2, 2, 1]),
        (4, 3, [2, 2, 2]),
        (5, 3, [2, 3, 2]),
    ],
)
def test_outputs_keep_together(qtbot: QtBot, outputs: int, fitting: int, rows: list[int]) -> None:
    cards = [QWidget() for _ in range(2 + outputs)]
    for card in cards:
        qtbot.addWidget(card)
    shown = arranged(cards[:2], cards[2:], fitting)
    assert [len(row) for row in shown] == rows
    assert [card for row in shown for card in row] == cards


def test_the_inputs_table_is_as_high_as_its_rows(qtbot: QtBot, page: ComparePage) -> None:
    resize(qtbot, page, PAGE_OF_1280)
    table = page.view.predictions.input.table
    rows = table.verticalHeader().length()
    assert table.verticalScrollBar().maximum() == 0
    assert table.height() <= table.horizontalHeader().height() + rows + 4
    page.model.step(3)
    settle()
    assert table.verticalScrollBar().maximum() == 0


def test_long_references_leave_the_outputs_in_sight(qtbot: QtBot) -> None:
    references, output = TextBox("references"), TextBox("output")
    for box in (references, output):
        qtbot.addWidget(box)
    references.show_html("word " * 4000)
    output.show_html("word " * 30)
    assert references.heightForWidth(400) > 1000
    references.set_room(300)
    assert references.heightForWidth(400) == 300
    assert output.heightForWidth(400) < 200


def test_dark_and_light_have_the_same_room(
    qtbot: QtBot, page: ComparePage, context: AppContext
) -> None:
    resize(qtbot, page, PAGE_OF_1280)
    light = [box.geometry() for box in texts(page)]
    context.theme.set_scheme(Scheme.DARK)
    settle()
    assert [box.geometry() for box in texts(page)] == light
    context.theme.set_scheme(Scheme.SYSTEM)


@pytest.mark.parametrize("percent", [100, 125, 150, 200])
def test_no_column_is_cut(
    qtbot: QtBot, page: ComparePage, sized: Callable[[int], None], percent: int
) -> None:
    sized(percent)
    resize(qtbot, page, PAGE_OF_1280)
    for table in (page.scores.table, page.list.table, page.view.predictions.input.table):
        header = table.horizontalHeader()
        assert header.length() <= table.viewport().width() + 1, table.accessibleName()
        for column in range(header.count()):
            if not table.isColumnHidden(column) and (table, column) != (page.list.table, INPUT):
                room = header.sectionSize(column)
                assert room >= title(table, column), (table.accessibleName(), column)
                assert room >= cells(table, column), (table.accessibleName(), column)


def title(table: TableView, column: int) -> int:
    """Width of a column's title, and of the mark of the order where columns can be sorted."""
    header, metrics = table.horizontalHeader(), table.fontMetrics()
    words = table.model().headerData(column, Qt.Orientation.Horizontal)
    mark = header.style().pixelMetric(QStyle.PixelMetric.PM_HeaderMarkSize)
    return metrics.horizontalAdvance(str(words)) + mark * header.isSortIndicatorShown()


def cells(table: TableView, column: int) -> int:
    """Width of the widest of the first texts of a column."""
    model, metrics = table.model(), table.fontMetrics()
    rows = range(min(model.rowCount(), 10))
    return max(metrics.horizontalAdvance(str(model.index(row, column).data())) for row in rows)


def test_costs_without_room_are_in_the_tool_tip(
    qtbot: QtBot, page: ComparePage, sized: Callable[[int], None]
) -> None:
    sized(200)
    resize(qtbot, page, PAGE_OF_1024)
    last = page.scores.model.columnCount() - 1
    assert page.scores.table.isColumnHidden(last)
    assert "Size" in page.scores.notes.text()
    tip = page.scores.model.index(1, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "Size: 461 kB" in tip
    sized(100)
    resize(qtbot, page, PAGE_OF_1280)
    assert not page.scores.table.isColumnHidden(last)


def test_one_system_is_read_alone(
    qtbot: QtBot, make_page: MakePage, runs_project: Path, context: AppContext
) -> None:
    page = make_page(runs_project)
    twin = context.runs.all()[0].run_id
    context.navigator.show_compare([twin])
    qtbot.waitUntil(lambda: page.pages.currentWidget() is page.comparing)
    assert shown(page) == ["twin"]
    assert len(page.model.listed) == 24
    assert page.model.example is not None
    assert len(page.view.predictions.outputs) == 1
    assert page.view.predictions.outputs[0].text.toPlainText() != ""
    assert page.list.table.isColumnHidden(DIFFERENCE)
    assert not page.list.histogram.isVisible()
    assert not page.pair.other.isVisible()
    assert not page.judge.isEnabled()
    heads = page.scores.model
    titles = [heads.headerData(c, Qt.Orientation.Horizontal) for c in range(heads.columnCount())]
    assert not any("Δ" in str(title) for title in titles)
    orders = page.list.filters.order
    orders.setCurrentIndex(orders.findText("Worst BLEU first"))
    orders.activated.emit(orders.currentIndex())
    assert page.model.sorting.order is Order.SCORE
    values = page.model.comparison.scores["bleu"][0][list(page.model.listed)]
    assert list(values) == sorted(values)
    choose(qtbot, page, "twin", "prefix 10")
    assert page.model.sorting.order is Order.LARGEST
    assert not page.list.table.isColumnHidden(DIFFERENCE)
    assert page.pair.other.isVisible()


def test_one_tick_waits_for_another_or_for_the_button(
    qtbot: QtBot, make_page: MakePage, runs_project: Path
) -> None:
    page = make_page(runs_project)
    assert page.empty.read.isHidden()
    page.systems.choose([page.systems.entries[0].key])
    qtbot.waitUntil(lambda: not page.empty.read.isHidden())
    assert page.pages.currentWidget() is page.empty
    qtbot.waitUntil(lambda: len(page.model.comparison.systems) == 1)
    page.empty.read.click()
    assert page.pages.currentWidget() is page.comparing


def test_escape_keeps_what_is_selected(qtbot: QtBot, page: ComparePage) -> None:
    page.model.step(2)
    table, current = page.list.table, page.model.current
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Escape)
    assert (table.selected_rows(), page.model.current) == ([2], current)
    page.view.note.note.setFocus()
    qtbot.keyClick(page.view.note.note, Qt.Key.Key_Escape)
    assert QApplication.focusWidget() is table
    page.list.filters.search.setText("hut")
    page.list.filters.search.searched.emit("hut")
    chosen = page.model.current
    page.list.filters.clear()
    assert page.model.current == chosen
    assert table.selected_rows() == [page.model.listed.index(chosen)]


def test_costs_are_those_of_the_other_pages(page: ComparePage, context: AppContext) -> None:
    for entry in page.systems.entries:
        run = next((one for one in context.runs.all() if one.run_id == entry.key), None)
        if run is not None:
            assert entry.stored_bytes == saved_bytes(run)
            assert entry.training_s == training_s(run)


def test_blind_texts_have_room_too(qtbot: QtBot, page: ComparePage) -> None:
    page.start_blind()
    resize(qtbot, page, PAGE_OF_1024)
    view = page.blind_view
    for card in (view.references, *view.outputs):
        assert line_chars(card.text) >= LINE_CHARS
    assert view.input.table.verticalScrollBar().maximum() == 0
    names = view.input.table.horizontalHeader().sectionSize(0)
    assert names >= cells(view.input.table, 0)
