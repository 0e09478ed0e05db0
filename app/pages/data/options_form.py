"""How a file is read: encoding, delimiter, quoting, header; detected or chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from app.pages.data.words import DELIMITERS, ENCODINGS, HEADERS, QUOTES, visible
from app.theme import SPACE_M, SPACE_XS
from app.widgets.labels import Label
from engine.contract.reading import ReadOptions

Value = str | bool

_PARTS: dict[str, tuple[str, Mapping[Value, str]]] = {
    "encoding": ("En&coding", ENCODINGS),
    "delimiter": ("&Delimiter", DELIMITERS),
    "quote": ("&Quoting", QUOTES),
    "header": ("Column &names", HEADERS),
}


class OptionsForm(QWidget):
    """Four menus; the detected value of each says so, and choosing it means "as detected".

    Signals:
        chosen: `ReadOptions`; None in it where the detected value is to be used.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._detected = ReadOptions()
        self.boxes: dict[str, QComboBox] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_M)
        for name, (title, _known) in _PARTS.items():
            box = QComboBox()
            box.setAccessibleName(title.replace("&", ""))
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContentsOnFirstShow)
            box.setMinimumContentsLength(10)
            box.activated.connect(self._choose)
            label = Label(title)
            label.setBuddy(box)
            column = QVBoxLayout()
            column.setSpacing(SPACE_XS)
            column.addWidget(label)
            column.addWidget(box)
            row.addLayout(column, 1)
            self.boxes[name] = box

    def show_options(self, chosen: ReadOptions, used: ReadOptions) -> None:
        """Show what is chosen and, for the rest, what was detected.

        Args:
            used: the options of the latest report, all filled in.
        """
        for part in fields(ReadOptions):
            picked, value = getattr(chosen, part.name), getattr(used, part.name)
            if picked is None:
                self._detected = replace(self._detected, **{part.name: value})
            detected = getattr(self._detected, part.name)
            self._fill(part.name, detected, detected if picked is None else picked)

    def forget(self) -> None:
        """Another file follows: nothing is detected yet."""
        self._detected = ReadOptions()
        for box in self.boxes.values():
            box.clear()

    def _fill(self, name: str, detected: Value | None, current: Value | None) -> None:
        box = self.boxes[name]
        known = dict(_PARTS[name][1])
        for value in (detected, current):
            if value is not None and value not in known:
                known[value] = visible(str(value))
        with QSignalBlocker(box):
            box.clear()
            for value, title in known.items():
                box.addItem(f"{title}  (detected)" if value == detected else title, value)
            box.setCurrentIndex(list(known).index(current) if current is not None else -1)

    def _choose(self) -> None:
        values: dict[str, Value | None] = {}
        for name, box in self.boxes.items():
            value = box.currentData()
            values[name] = None if value == getattr(self._detected, name) else value
        self.chosen.emit(ReadOptions(**values))  # type: ignore[arg-type]
