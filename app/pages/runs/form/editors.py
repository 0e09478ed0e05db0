"""An editor widget for each kind of setting."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from app.pages.runs.form.fields import Choice, Field, Real, Switch, Whole

WIDTH_CHARS = 10


class Editor(QObject):
    """A widget for one setting.

    Attributes:
        widget: what to put into a layout.

    Signals:
        edited: the new value, by the user's hand only.
    """

    edited = Signal(object)

    def __init__(self, widget: QWidget, show: Callable[[Any], object]) -> None:
        super().__init__(widget)
        self.widget = widget
        self._show = show

    def show(self, value: object) -> None:
        """Show a value without telling of an edit."""
        blocker = QSignalBlocker(self.widget)
        self._show(value)
        blocker.unblock()


class IgnoreWheel(QObject):
    """Lets the wheel scroll the form instead of turning a number under the pointer."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hand a wheel turn over a widget without the focus to what is beneath."""
        is_wheel = event.type() is QEvent.Type.Wheel
        if is_wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


class RealSpin(QDoubleSpinBox):
    """A number in short form ("5e-05"); with a factor, the arrows multiply."""

    def __init__(self, kind: Real, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._factor = kind.factor
        self.setDecimals(12)
        self.setRange(kind.low, kind.high)
        self.setSingleStep(kind.step)

    def textFromValue(self, value: float) -> str:
        """At most six digits."""
        return f"{value:.6g}"

    def valueFromText(self, text: str) -> float:
        """As Python reads it."""
        try:
            return float(text.strip().replace(",", "."))
        except ValueError:
            return self.value()

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Digits and what belongs to a number; whole only when it reads as one."""
        if not set(text.strip()) <= set("0123456789+-.,eE"):
            return QValidator.State.Invalid, text, position
        try:
            value = float(text.strip().replace(",", "."))
        except ValueError:
            return QValidator.State.Intermediate, text, position
        inside = self.minimum() <= value <= self.maximum()
        state = QValidator.State.Acceptable if inside else QValidator.State.Intermediate
        return state, text, position

    def stepBy(self, steps: int) -> None:
        """Up and down by a step, or by the factor."""
        if self._factor == 1.0:
            super().stepBy(steps)
            return
        value = self.value() * self._factor**steps
        digits = 2 - math.floor(math.log10(value)) - 1 if value > 0 else 6
        self.setValue(round(value, digits))
        self.selectAll()


def make_editor(field: Field, calm: IgnoreWheel) -> Editor:
    """The editor for a setting, named and explained."""
    match field.kind:
        case Whole() as kind:
            editor = _whole(kind)
        case Real() as kind:
            editor = _real(kind)
        case Choice() as kind:
            editor = _choice(kind)
        case Switch():
            editor = _switch(field.label)
        case _:
            editor = _words()
    widget = editor.widget
    widget.setObjectName(field.name)
    widget.setAccessibleName(field.label)
    widget.setAccessibleDescription(field.tip)
    widget.setToolTip(field.tip)
    if isinstance(widget, (QAbstractSpinBox, QComboBox)):
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        widget.installEventFilter(calm)
        widget.setMinimumWidth(widget.fontMetrics().averageCharWidth() * WIDTH_CHARS)
    return editor


def _whole(kind: Whole) -> Editor:
    spin = QSpinBox()
    lowest = kind.low - 1 if kind.none else kind.low
    spin.setRange(lowest, kind.high)
    spin.setGroupSeparatorShown(True)
    spin.setKeyboardTracking(False)
    if kind.none:
        spin.setSpecialValueText(kind.none)

    def show(value: int | None) -> None:
        spin.setValue(lowest if value is None else value)

    editor = Editor(spin, show)
    none = bool(kind.none)
    spin.valueChanged.connect(
        lambda value: editor.edited.emit(None if none and value == lowest else value)
    )
    return editor


def _real(kind: Real) -> Editor:
    spin = RealSpin(kind)
    spin.setKeyboardTracking(False)
    editor = Editor(spin, spin.setValue)
    spin.valueChanged.connect(editor.edited.emit)
    return editor


def _choice(kind: Choice) -> Editor:
    box = QComboBox()
    members: list[enum.Enum] = []
    for member, words in kind.words:
        box.addItem(words)
        members.append(member)
    editor = Editor(box, lambda value: box.setCurrentIndex(members.index(value)))
    box.currentIndexChanged.connect(lambda place: editor.edited.emit(members[place]))
    return editor


def _switch(label: str) -> Editor:
    box = QCheckBox(label)
    editor = Editor(box, box.setChecked)
    box.toggled.connect(editor.edited.emit)
    return editor


def _words() -> Editor:
    line = QLineEdit()

    def show(text: str) -> None:
        if line.text() != text:  # keeps the cursor while the user types
            line.setText(text)
            line.setCursorPosition(0)

    editor = Editor(line, show)
    line.textEdited.connect(editor.edited.emit)
    return editor
