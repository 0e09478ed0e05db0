"""How a file is read: encoding, delimiter, sheet, language …; detected or chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QSpinBox, QWidget

from app.pages.data.words import DELIMITERS, ESCAPES, HEADERS, QUOTES, single_line, visible
from app.qt.boxes import vbox
from app.qt.sizes import set_minimum_chars
from app.theme import SPACE_XS
from app.widgets.flow import FlowLayout
from app.widgets.labels import Label
from engine.contract.reading.formats import format_info
from engine.contract.reading.options import ENCODING_TITLES
from engine.contract.reading.reading import FileReport, ReadOptions

_TITLES = {
    "encoding": "En&coding",
    "delimiter": "&Delimiter",
    "quote": "&Quoting",
    "escape": "Quotes in te&xts",
    "sheet": "&Sheet",
    "header": "Column &names",
    "language": "&Language",
    "skip_lines": "S&kip lines",
}
_KNOWN: dict[str, dict[Any, str]] = {
    "encoding": dict(ENCODING_TITLES),
    "delimiter": DELIMITERS,
    "quote": QUOTES,
    "escape": ESCAPES,
    "header": HEADERS,
}
"""Titles of the values that can always be chosen."""
_TIPS = {
    "skip_lines": "Lines above the table that are not read, such as a title",
    "language": "Texts in other languages are left out, since all texts of an input are used as "
    "its references.",
}
_MOST_SKIPPED_LINES = 10_000
LEAST_CHARS = 12


class OptionsForm(QWidget):
    """Menus and a number; the detected value says so, and choosing it means "as detected".

    Signals:
        chosen: `ReadOptions`; None in it where the detected value is to be used.
    """

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._detected = ReadOptions()
        self.boxes = {name: QComboBox() for name in _TITLES if name != "skip_lines"}
        for box in self.boxes.values():
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            set_minimum_chars(box, LEAST_CHARS)
            box.activated.connect(self._choose)
        self.skip_lines = QSpinBox()
        self.skip_lines.setRange(0, _MOST_SKIPPED_LINES)
        self.skip_lines.setKeyboardTracking(False)
        self.skip_lines.valueChanged.connect(self._choose)
        controls: dict[str, QWidget] = {**self.boxes, "skip_lines": self.skip_lines}
        self._fields = {name: _labelled(name, control) for name, control in controls.items()}
        self.setLayout(FlowLayout(*self._fields.values()))

    def show_options(self, chosen: ReadOptions, report: FileReport | None) -> None:
        """Show what is chosen and, for the rest, what was detected.

        Args:
            report: the latest of the file, with its options filled in; None: there is none yet.
        """
        used = ReadOptions() if report is None else report.options
        if report is None:
            self._detected = ReadOptions()
            shown = set(_TITLES) - {"sheet", "language"}
        elif format_info(report.format).is_table:
            shown = {name for name in _TITLES if getattr(used, name) is not None}
        else:
            shown = {"language"} if report.languages else set()
        self.setVisible(bool(shown))
        for name, field in self._fields.items():
            field.setVisible(name in shown)
            value = getattr(chosen, name)
            if value is None:
                value = getattr(used, name)
                self._detected = replace(self._detected, **{name: value})
            detected = getattr(self._detected, name)
            if name == "skip_lines":
                self._fill_number(detected, value)
            else:
                self._fill(name, detected, value, report)

    def _fill_number(self, detected: int | None, value: int | None) -> None:
        with QSignalBlocker(self.skip_lines):
            self.skip_lines.setSuffix("  (detected)" if value == detected and detected else "")
            self.skip_lines.setValue(value or 0)

    def _fill(self, name: str, detected: object, value: object, report: FileReport | None) -> None:
        box, titles = self.boxes[name], dict(_KNOWN.get(name, {}))
        if report is not None and name == "sheet":
            titles = {sheet: single_line(sheet) for sheet in report.sheets}
        elif report is not None and name == "language":
            titles = {language: visible(language) for language in sorted(report.languages)}
        for other in (detected, value):
            if other is not None:
                titles.setdefault(other, visible(str(other)))
        with QSignalBlocker(box):
            box.clear()
            for item, title in titles.items():
                is_detected = item == detected and name != "language"
                box.addItem(f"{title}  (detected)" if is_detected else title, item)
            box.setCurrentIndex(list(titles).index(value) if value is not None else -1)

    def _choose(self) -> None:
        values: dict[str, Any] = {name: box.currentData() for name, box in self.boxes.items()}
        for name, value in values.items():
            values[name] = None if value == getattr(self._detected, name) else value
        lines = self.skip_lines.value()
        skip_lines = None if lines == (self._detected.skip_lines or 0) else lines
        self.chosen.emit(ReadOptions(**values, skip_lines=skip_lines))


def _labelled(name: str, control: QWidget) -> QWidget:
    """A control under its label."""
    title, field = _TITLES[name], QWidget()
    label = Label(title)
    label.setBuddy(control)
    control.setAccessibleName(title.replace("&", ""))
    control.setToolTip(_TIPS.get(name, ""))
    vbox(label, control, parent=field, spacing=SPACE_XS)
    return field
