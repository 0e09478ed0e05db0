"""Everything beside text grows with it, at once."""

import itertools
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QLabel, QPushButton, QStyle, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from app.assets import icon
from app.context import AppContext
from app.qt import sizes
from app.theme import Theme, scaled_font
from app.widgets.bar_area import BarArea
from app.widgets.flow import FlowLayout
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.search_field import SearchField
from app.widgets.table_view import TableView


@pytest.fixture
def theme(context: AppContext) -> Iterator[Theme]:
    """The theme; the text has its usual size again afterwards."""
    yield context.theme
    context.theme.set_font_percent(100)


def test_icons_boxes_and_scroll_bars_grow_with_the_text(theme: Theme, qtbot: QtBot) -> None:
    button = QToolButton()
    qtbot.addWidget(button)
    button.setIcon(icon("copy"))
    style, metric = button.style(), QStyle.PixelMetric
    kinds = (metric.PM_SmallIconSize, metric.PM_IndicatorWidth, metric.PM_ScrollBarExtent)
    before = [style.pixelMetric(kind) for kind in kinds]
    side, row, small = sizes.icon_side(), sizes.row_height(), button.iconSize()
    theme.set_font_percent(200)
    after = [style.pixelMetric(kind) for kind in kinds]
    assert all(1.5 * b <= a <= 2.2 * b for a, b in zip(after, before, strict=True))
    assert 1.5 * side <= sizes.icon_side() <= 2.2 * side
    assert sizes.row_height() > row + 8
    assert button.iconSize().width() > 1.5 * small.width()
    theme.set_font_percent(80)
    assert sizes.icon_side() == 16, "no icon is smaller than it is drawn for"


def test_what_has_a_font_or_sheet_of_its_own_follows(theme: Theme, qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    heading, button, inner = QLabel("Heading", host), QPushButton("New", host), QLabel("x", host)
    heading.setFont(scaled_font(150, bold=True))
    button.setStyleSheet("text-align: left;")
    bold = inner.font()
    bold.setBold(True)  # its size is the application's
    inner.setFont(bold)
    host.show()
    points = [widget.font().pointSizeF() for widget in (heading, button, inner)]
    theme.set_font_percent(200)
    doubled = [widget.font().pointSizeF() for widget in (heading, button, inner)]
    assert doubled == pytest.approx([2 * size for size in points])
    assert heading.font().bold()
    theme.set_font_percent(100)
    again = [widget.font().pointSizeF() for widget in (heading, button, inner)]
    assert again == pytest.approx(points)


def test_rows_and_least_widths_follow(theme: Theme, qtbot: QtBot) -> None:
    table, label = TableView("t"), QLabel()
    for widget in (table, label):
        qtbot.addWidget(widget)
    table.setModel(QStandardItemModel(3, 2, table))
    table.show()
    sizes.set_minimum_chars(label, 20)
    row, width = table.rowHeight(0), label.minimumWidth()
    theme.set_font_percent(200)
    qtbot.waitUntil(lambda: table.rowHeight(0) >= table.fontMetrics().height() + 4 > row)
    assert 1.7 * width <= label.minimumWidth() <= 2.3 * width
    sizes.set_minimum_chars(label, 10_000)
    assert label.minimumWidth() <= sizes.room().width(), "nothing is wider than the screen"


def test_a_row_of_tools_breaks_into_lines(theme: Theme, qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    buttons = [QPushButton(f"Button number {number}") for number in range(5)]
    search = SearchField("Search")
    row = FlowLayout(*buttons, search, fill=True)
    host.setLayout(row)
    wide = row.sizeHint().width() + 300
    host.resize(wide, row.heightForWidth(wide))
    host.show()
    assert len({button.y() for button in buttons}) == 1
    assert search.geometry().right() >= wide - 20, "the last one takes what is left"
    narrow = row.minimumSize().width()
    host.resize(narrow, row.heightForWidth(narrow))
    qtbot.waitUntil(lambda: len({button.y() for button in buttons}) == 5)
    assert row.minimumSize().width() < row.sizeHint().width() / 2
    assert all(button.geometry().right() < narrow for button in buttons)
    assert not any(a.geometry().intersects(b.geometry()) for a, b in itertools.pairwise(buttons))
    buttons[2].hide()
    assert row.heightForWidth(narrow) < host.height()


def test_a_bar_is_as_high_as_its_lines(context: AppContext, theme: Theme, qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    host.setLayout(FlowLayout())
    bar = InfoBar(theme)
    area = BarArea(host, bar)
    host.resize(QSize(500, 300))
    host.show()
    for percent in (100, 200):
        theme.set_font_percent(percent)
        bar.show_message(Tone.INFO, "A sentence of some words, broken into lines. " * 3)
        height = bar.heightForWidth(bar.width())
        qtbot.waitUntil(lambda height=height: area.height() >= height)  # type: ignore[misc]
        line = bar.fontMetrics().lineSpacing()
        assert area.height() <= bar.label.heightForWidth(bar.label.width()) + 2 * line
