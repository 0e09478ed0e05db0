"""The prefix length: a slider that gives short prefixes as much room as long ones."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QSlider, QSpinBox, QWidget

from app.qt.boxes import hbox
from app.theme import SPACE_S
from engine.contract.methods.prefix import MAX_PREFIX_LENGTH, PrefixMethod
from engine.contract.schema import settings_of

_TICKS = 360
"""Slider positions: 40 for each doubling from 1 to 512."""


class LengthControl(QWidget):
    """Slider and spin box for P.

    Signals:
        edited: the new length, by the user's hand only.
    """

    edited = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _TICKS)
        self.slider.setPageStep(_TICKS // 9)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.setTickInterval(_TICKS // 9)
        self.slider.setAccessibleName("Prefix length")
        self.slider.valueChanged.connect(self._on_slid)
        self.spin = QSpinBox()
        self.spin.setRange(1, MAX_PREFIX_LENGTH)
        self.spin.setKeyboardTracking(False)
        self.spin.setAccessibleName("Prefix length in tokens")
        self.spin.valueChanged.connect(self.edited)
        for part in (self.slider, self.spin):
            part.setToolTip(settings_of(PrefixMethod)[0].setting.help)
        hbox((self.slider, 1), self.spin, parent=self, spacing=SPACE_S)

    def show_length(self, length: int) -> None:
        """Show a length without telling of an edit."""
        with QSignalBlocker(self.slider), QSignalBlocker(self.spin):
            if _length_at(self.slider.value()) != length:
                position = _TICKS * math.log(length) / math.log(MAX_PREFIX_LENGTH)
                self.slider.setValue(round(position))
            self.spin.setValue(length)

    def _on_slid(self, position: int) -> None:
        self.spin.setValue(_length_at(position))


def _length_at(position: int) -> int:
    return round(math.pow(MAX_PREFIX_LENGTH, position / _TICKS))
