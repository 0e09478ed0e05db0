"""An editor widget for a setting, made from its type and metadata."""

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

from engine.contract.schema import Setting, SettingField

WIDTH_CHARS = 10
_LARGEST_WHOLE = 2**31 - 1
"""What a `QSpinBox` can hold."""
_LARGEST_REAL = 1e9


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
        with QSignalBlocker(self.widget):
            self._show(value)


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

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self._setting = setting
        self._scale, self._sign = (100, " %") if setting.percent else (1, "")
        self.setDecimals(12)
        self.setRange(*_range(setting, _LARGEST_REAL))

    def textFromValue(self, value: float) -> str:
        """At most six digits."""
        return f"{value * self._scale:.6g}{self._sign}"

    def valueFromText(self, text: str) -> float:
        """As Python reads it."""
        try:
            return self._read(text)
        except ValueError:
            return self.value()

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Digits and what belongs to a number; whole only when it reads as one."""
        if not set(text.strip()) <= set("0123456789+-.,eE" + self._sign):
            return QValidator.State.Invalid, text, position
        try:
            value = self._read(text)
        except ValueError:
            return QValidator.State.Intermediate, text, position
        inside = abs(value) <= _LARGEST_REAL and self._setting.allows(value)
        state = QValidator.State.Acceptable if inside else QValidator.State.Intermediate
        return state, text, position

    def _read(self, text: str) -> float:
        number = text.replace(",", ".").removesuffix("%")
        return round(float(number) / self._scale, self.decimals())

    def stepBy(self, steps: int) -> None:
        """Up and down by a step, or by the factor, within the bounds."""
        value, digits = self.value(), self.decimals()
        if self._setting.factor:
            value *= self._setting.factor**steps
            digits = 2 - math.floor(math.log10(value)) - 1 if value > 0 else 6
        else:
            value += self._setting.step * steps
        value = round(value, digits)
        if self._setting.allows(value):
            self.setValue(value)
            self.selectAll()


def make_editor(name: str, item: SettingField) -> Editor:
    """The editor for a setting, named and explained.

    Args:
        name: of the widget as an object.
    """
    setting = item.setting
    if item.kind is bool:
        editor = _switch(setting)
    elif item.kind is int:
        editor = _whole(setting)
    elif item.kind is float:
        editor = _real(setting)
    elif issubclass(item.kind, enum.Enum):
        editor = _choice(setting)
    else:
        editor = _text(setting)
    widget = editor.widget
    widget.setObjectName(name)
    widget.setAccessibleName(setting.label)
    widget.setAccessibleDescription(setting.help)
    widget.setToolTip(setting.help)
    if isinstance(widget, (QAbstractSpinBox, QComboBox)):
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        widget.installEventFilter(IgnoreWheel(widget))
        widget.setMinimumWidth(widget.fontMetrics().averageCharWidth() * WIDTH_CHARS)
    return editor


def _range(setting: Setting, largest: float) -> tuple[float, float]:
    """What an editor can hold: the bounds, as far as there are any and Qt has room for them."""
    low = setting.low if setting.above is None else setting.above
    high = setting.high if setting.below is None else setting.below
    return (-largest if low is None else low, largest if high is None else min(high, largest))


def _whole(setting: Setting) -> Editor:
    """None stands below the lowest number."""
    spin = QSpinBox()
    low, high = map(int, _range(setting, _LARGEST_WHOLE))
    lowest = low - 1 if setting.none else low
    spin.setRange(lowest, high)
    spin.setGroupSeparatorShown(True)
    if setting.high is None:
        spin.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
    spin.setKeyboardTracking(False)
    spin.setSpecialValueText(setting.none)

    def show(value: int | None) -> None:
        spin.setValue(lowest if value is None else min(value, high))

    editor = Editor(spin, show)
    none = bool(setting.none)
    spin.valueChanged.connect(
        lambda value: editor.edited.emit(None if none and value == lowest else value)
    )
    return editor


def _real(setting: Setting) -> Editor:
    spin = RealSpin(setting)
    spin.setKeyboardTracking(False)
    editor = Editor(spin, spin.setValue)
    spin.valueChanged.connect(editor.edited.emit)
    return editor


def _choice(setting: Setting) -> Editor:
    box = QComboBox()
    members = [member for member, _label in setting.labels]
    box.addItems([label for _member, label in setting.labels])
    editor = Editor(box, lambda value: box.setCurrentIndex(members.index(value)))
    box.currentIndexChanged.connect(lambda index: editor.edited.emit(members[index]))
    return editor


def _switch(setting: Setting) -> Editor:
    box = QCheckBox(setting.label)
    editor = Editor(box, box.setChecked)
    box.toggled.connect(editor.edited.emit)
    return editor


def _text(setting: Setting) -> Editor:
    line = QLineEdit()
    line.setPlaceholderText(setting.none)

    def show(text: str) -> None:
        if line.text() != text:  # the cursor stays while the user types
            line.setText(text)
            line.setCursorPosition(0)

    editor = Editor(line, show)
    line.textEdited.connect(editor.edited.emit)
    return editor
