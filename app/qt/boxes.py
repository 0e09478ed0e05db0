"""A box of widgets in one call: what stands in it, how far apart, and how far from the edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

Box = TypeVar("Box", bound=QBoxLayout)
Margins = int | tuple[int, int, int, int] | None


@dataclass(frozen=True)
class Gap:
    """Room of so many pixels between two parts."""

    pixels: int


Alone = QWidget | QLayout
Part = Alone | Gap | int | tuple[Alone, int] | tuple[Alone, int, Qt.AlignmentFlag]
"""A widget or layout, with its stretch and alignment; a gap; a number: a stretch between parts."""


def vbox(
    *parts: Part, parent: QWidget | None = None, margins: Margins = 0, spacing: int | None = None
) -> QVBoxLayout:
    """One part under the other.

    Args:
        parent: the widget that is laid out.
        margins: in pixels, the same at each side or (left, top, right, bottom); None: the style's.
        spacing: in pixels; None: the style's.
    """
    return _fill(QVBoxLayout(), parts, parent, margins, spacing)


def hbox(
    *parts: Part, parent: QWidget | None = None, margins: Margins = 0, spacing: int | None = None
) -> QHBoxLayout:
    """One part beside the other, otherwise as `vbox`."""
    return _fill(QHBoxLayout(), parts, parent, margins, spacing)


def _fill(
    box: Box, parts: tuple[Part, ...], parent: QWidget | None, margins: Margins, spacing: int | None
) -> Box:
    if parent is not None:
        parent.setLayout(box)
    if isinstance(margins, tuple):
        box.setContentsMargins(*margins)
    elif margins is not None and (margins or parent is not None):  # the style knows what is nested
        box.setContentsMargins(margins, margins, margins, margins)
    if spacing is not None:
        box.setSpacing(spacing)
    for part in parts:
        match part:
            case int():
                box.addStretch(part)
            case Gap():
                box.addSpacing(part.pixels)
            case (QLayout() as layout, int() as stretch, *_):
                box.addLayout(layout, stretch)
            case (QWidget() as widget, int() as stretch):
                box.addWidget(widget, stretch)
            case (QWidget() as widget, int() as stretch, alignment):
                box.addWidget(widget, stretch, alignment)
            case QLayout():
                box.addLayout(part)
            case QWidget():
                box.addWidget(part)
    return box


def stack(*widgets: QWidget) -> QStackedWidget:
    """Widgets of which one is shown, the first to begin with."""
    made = QStackedWidget()
    for widget in widgets:
        made.addWidget(widget)
    return made


def form_layout(across: int, down: int) -> QFormLayout:
    """Labels with fields beside them, so many pixels apart."""
    made = QFormLayout()
    made.setHorizontalSpacing(across)
    made.setVerticalSpacing(down)
    return made


def fill_grid(grid: QGridLayout, widgets: Sequence[QWidget], columns: int) -> None:
    """Put widgets into so many columns of equal width, row after row."""
    for index, widget in enumerate(widgets):
        grid.addWidget(widget, index // columns, index % columns)
    for column in range(max(grid.columnCount(), columns)):
        grid.setColumnStretch(column, 1 if column < columns else 0)


def combo_box(name: str, *, chars: int, tip: str = "") -> QComboBox:
    """A box to choose from that may be so few letters wide; `name` is for readers."""
    made = QComboBox()
    made.setAccessibleName(name)
    made.setToolTip(tip)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(chars)
    return made
