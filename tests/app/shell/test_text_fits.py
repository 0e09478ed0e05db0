"""Every page at 200 % text in a window of 1024 x 700: nothing scrolls sideways, no text is cut."""

import contextlib
from collections.abc import Iterator
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
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.page_list import PAGES
from app.widgets.labels import ElidedLabel

SIZES = [(1024, 700), (1280, 800)]
PERCENTS = [100, 150, 200]


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


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("percent", PERCENTS)
@pytest.mark.parametrize("name", [entry.name for entry in PAGES])
def test_no_text_is_cut(
    window: MainWindow,
    rich_project: Path,
    name: str,
    percent: int,
    size: tuple[int, int],
    qtbot: QtBot,
    request: pytest.FixtureRequest,
) -> None:
    window.context.settings.font_percent = percent
    request.addfinalizer(lambda: window.context.theme.set_font_percent(100))
    window.context.navigator.open_path(rich_project)
    window.show_page(name)
    window.resize(*size)
    page = window.stack.page(name)
    with contextlib.suppress(qtbot.TimeoutError):
        qtbot.waitUntil(lambda: not problems_of(page), timeout=3000)
    assert not problems_of(page)
