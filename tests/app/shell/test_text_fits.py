"""Every page at 200 % text in a window of 1024 x 700: nothing scrolls sideways, no text is cut."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLabel,
    QScrollArea,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.compare.page import ComparePage
from app.pages.data.page import DataPage
from app.pages.studies.page import StudiesPage
from app.shell.main_window import MainWindow
from app.shell.page_list import PAGES
from app.widgets.labels import ElidedLabel
from app.widgets.page_splitter import PageSplitter
from engine.contract.protocol.data import InspectFile
from engine.contract.studies.recipes import StudyKind
from engine.data.inspecting import inspect_file
from engine.reporter import Silent
from tests.helpers.fake_ports import FakeClient
from tests.helpers.studies import make_study

SMALL = (1024, 700)
CASES = [(100, SMALL), (150, SMALL), (200, SMALL), (200, (1280, 800))]
EXAMPLE = Path(__file__).parents[3] / "projects" / "examples" / "trails"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy of the example project."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "trails"))


def outer_area(page: QWidget) -> QScrollArea:
    """The area that the page stands in."""
    parent = page.parentWidget()
    while not isinstance(parent, QScrollArea):
        assert parent is not None
        parent = parent.parentWidget()
    return parent


def cut_texts(page: QWidget) -> Iterator[str]:
    """Visible widgets that are too small for their words, or stand out of their parents."""
    for widget in page.findChildren(QWidget):
        if not widget.isVisible() or not widget.visibleRegion().boundingRect().isValid():
            continue
        text, need = needed_width(widget)
        if text and widget.width() + 1 < need:
            yield f"{type(widget).__name__} {text!r}: {widget.width()} of {need} px"
        elif text and not is_within(widget, page):
            yield f"{type(widget).__name__} {text!r}: cut at the edge of its frame"
        if text and isinstance(widget, QLabel) and widget.wordWrap():
            high = widget.heightForWidth(widget.width())
            if widget.height() + 1 < high:
                yield f"{type(widget).__name__} {text!r}: {widget.height()} of {high} px high"


def needed_width(widget: QWidget) -> tuple[str, int]:
    """The words of a widget, and the least width that shows them."""
    if isinstance(widget, ElidedLabel):
        return widget.text(), 0  # cut on purpose, the whole is in its tool tip
    if isinstance(widget, QLabel):
        words = widget.text()
        return words, 0 if widget.wordWrap() else widget.sizeHint().width()
    if isinstance(widget, QComboBox):
        option = QStyleOptionComboBox()
        widget.initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        field = widget.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, part, widget
        )
        words = widget.fontMetrics().horizontalAdvance(widget.currentText())
        icon = 0 if widget.itemIcon(widget.currentIndex()).isNull() else widget.iconSize().width()
        return widget.currentText(), widget.width() - field.width() + words + icon
    if isinstance(widget, QAbstractButton):
        return widget.text() if shows_words(widget) else "", widget.sizeHint().width()
    if isinstance(widget, QTabBar) and widget.count():
        return widget.tabText(0), widget.sizeHint().width() if not widget.usesScrollButtons() else 0
    return "", 0


def shows_words(button: QAbstractButton) -> bool:
    """Whether the words stand on the button."""
    style = Qt.ToolButtonStyle.ToolButtonIconOnly
    return not isinstance(button, QToolButton) or (
        button.toolButtonStyle() is not style or button.icon().isNull()
    )


def is_within(widget: QWidget, page: QWidget) -> bool:
    """Whether no frame between it and the page cuts it at the left or right."""
    parent = widget.parentWidget()
    while parent is not None and parent is not page:
        if isinstance(parent.parentWidget(), QAbstractItemView):
            return True
        left = widget.mapTo(parent, QPoint(0, 0)).x()
        room = QRect(QPoint(0, 0), parent.size())
        if left < room.left() - 1 or left + widget.width() > room.right() + 2:
            return False
        parent = parent.parentWidget()
    return True


def problems_of(page: QWidget) -> list[str]:
    """What does not fit, each a line."""
    area = outer_area(page)
    problems = list(cut_texts(page))
    if area.horizontalScrollBar().maximum():
        problems.append(f"scrolls sideways: {page.width()} px in {area.viewport().width()}")
    return problems


@pytest.fixture
def text_size(
    window: MainWindow, request: pytest.FixtureRequest
) -> Iterator[Callable[[int, tuple[int, int]], None]]:
    """Sets the text's size in percent and the window's; undone afterwards."""

    def set_sizes(percent: int, size: tuple[int, int]) -> None:
        window.context.settings.font_percent = percent
        window.resize(*size)

    yield set_sizes
    window.context.theme.set_font_percent(100)


def check(qtbot: QtBot, page: QWidget) -> None:
    """Let layouts settle, then hold that everything fits."""
    with contextlib.suppress(qtbot.TimeoutError):
        qtbot.waitUntil(lambda: not problems_of(page), timeout=3000)
    assert not problems_of(page)


@pytest.mark.parametrize(("percent", "size"), CASES)
@pytest.mark.parametrize("name", [entry.name for entry in PAGES])
def test_pages_fit(
    window: MainWindow,
    example: Path,
    text_size: Callable[[int, tuple[int, int]], None],
    name: str,
    percent: int,
    size: tuple[int, int],
    qtbot: QtBot,
) -> None:
    text_size(percent, size)
    window.context.navigator.open_path(example)
    window.show_page(name)
    check(qtbot, window.stack.page(name))


@pytest.mark.parametrize("page", ["data", "runs", "studies"])
def test_every_tab_fits(
    window: MainWindow,
    rich_project: Path,
    text_size: Callable[[int, tuple[int, int]], None],
    page: str,
    qtbot: QtBot,
) -> None:
    make_study(rich_project)
    text_size(200, SMALL)
    window.context.navigator.open_path(rich_project)
    window.show_page(page)
    shown = window.stack.page(page)
    check(qtbot, shown)
    for tabs in shown.findChildren(QTabWidget):
        for place in range(tabs.count()):
            tabs.setCurrentIndex(place)
            check(qtbot, shown)


def test_an_import_fits(
    window: MainWindow,
    rich_project: Path,
    table: Path,
    text_size: Callable[[int, tuple[int, int]], None],
    client: FakeClient,
    qtbot: QtBot,
) -> None:
    client.replies[InspectFile] = lambda command: inspect_file(command, Silent())
    text_size(200, SMALL)
    window.context.navigator.open_path(rich_project)
    window.context.navigator.open_path(table)
    page = window.stack.page("data")
    assert isinstance(page, DataPage)
    qtbot.waitUntil(lambda: page.import_view.isVisible() and page.import_view.table.isVisible())
    check(qtbot, page)


def test_a_comparison_fits(
    window: MainWindow,
    rich_project: Path,
    text_size: Callable[[int, tuple[int, int]], None],
    qtbot: QtBot,
) -> None:
    text_size(200, SMALL)
    window.context.navigator.open_path(rich_project)
    runs = [run.run_id for run in window.context.runs.all()[:2]]
    window.context.navigator.show_compare(runs)
    page = window.stack.page("compare")
    assert isinstance(page, ComparePage)
    qtbot.waitUntil(page.comparing.isVisible)
    check(qtbot, page)


@pytest.mark.parametrize("kind", [StudyKind.LENGTH, StudyKind.INITIALISATION])
def test_a_new_study_fits(
    window: MainWindow,
    rich_project: Path,
    text_size: Callable[[int, tuple[int, int]], None],
    kind: StudyKind,
    qtbot: QtBot,
) -> None:
    text_size(200, SMALL)
    window.context.navigator.open_path(rich_project)
    window.show_page("studies")
    page = window.stack.page("studies")
    assert isinstance(page, StudiesPage)
    check(qtbot, page)
    page.begin(kind)
    check(qtbot, page)


def test_parts_of_a_page_turn_with_the_room_and_remember_their_sizes(
    context: AppContext, qtbot: QtBot
) -> None:
    first, second = QLabel("First"), QLabel("Second")
    for part in (first, second):
        part.setMinimumWidth(200)
    splitter = PageSplitter(
        first, second, settings=context.settings, key="test/parts", width_chars=20
    )
    host = QWidget()
    qtbot.addWidget(host)
    layout = QVBoxLayout(host)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(splitter)
    host.resize(600, 300)
    host.show()
    assert splitter.orientation() is Qt.Orientation.Horizontal
    assert splitter.minimumSizeHint().width() == 200, "the page may be narrower than both"
    splitter.moveSplitter(250, 1)
    host.resize(300, 300)
    qtbot.waitUntil(lambda: splitter.orientation() is Qt.Orientation.Vertical)
    assert second.y() > first.y()
    host.resize(600, 300)
    qtbot.waitUntil(lambda: splitter.orientation() is Qt.Orientation.Horizontal)
    assert splitter.sizes()[0] == pytest.approx(250, abs=10)
    second.setMinimumWidth(500)
    qtbot.waitUntil(lambda: splitter.orientation() is Qt.Orientation.Vertical)
    first.hide()
    qtbot.waitUntil(lambda: splitter.orientation() is Qt.Orientation.Horizontal)
