"""How a file is read: encoding, delimiter, sheet, names, lines above …; detected or chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QSpinBox, QWidget

from app.pages.data.words import DELIMITERS, ESCAPES, HEADERS, QUOTES, one_line, visible
from app.qt.boxes import hbox, vbox
from app.qt.sizes import set_minimum_chars
from app.theme import SPACE_S, SPACE_XS
from app.widgets.flow import FlowLayout
from app.widgets.labels import Label
from engine.contract.reading.options import ENCODING_TITLES
from engine.contract.reading.reading import FileReport, ReadOptions

Value = str | bool

_PARTS: dict[str, tuple[str, Mapping[Any, str]]] = {
    "encoding": ("En&coding", ENCODING_TITLES),
    "delimiter": ("&Delimiter", DELIMITERS),
    "quote": ("&Quoting", QUOTES),
    "escape": ("Quotes in te&xts", ESCAPES),
    "sheet": ("&Sheet", {}),
    "header": ("Column &names", HEADERS),
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
        self._sheets: tuple[str, ...] = ()
        self._fields: dict[str, QWidget] = {}
        self.boxes: dict[str, QComboBox] = {}
        row = FlowLayout()
        self.setLayout(row)
        for name, (title, _known) in _PARTS.items():
            box = QComboBox()
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            set_minimum_chars(box, LEAST_CHARS)
            box.activated.connect(self._choose)
            self.boxes[name] = box
            self._fields[name] = _labelled(title, box, self)
        self.skip_lines = QSpinBox()
        self.skip_lines.setRange(0, _MOST_SKIPPED_LINES)
        self.skip_lines.setKeyboardTracking(False)
        self.skip_lines.setToolTip("Lines above the table that are not read, such as a title")
        self.skip_lines.valueChanged.connect(self._choose)
        self._fields["skip_lines"] = _labelled("S&kip lines", self.skip_lines, self)
        for field in self._fields.values():
            row.addWidget(field)
        self._lay_out(ReadOptions())

    def show_options(
        self, chosen: ReadOptions, used: ReadOptions, *, sheets: tuple[str, ...] = ()
    ) -> None:
        """Show what is chosen and, for the rest, what was detected.

        Args:
            used: the options of the latest report, those of its format filled in.
            sheets: names to choose from.
        """
        self._sheets = sheets
        self._lay_out(used)
        for name in (*self.boxes, "skip_lines"):
            picked, value = getattr(chosen, name), getattr(used, name)
            if picked is None:
                self._detected = replace(self._detected, **{name: value})
            detected = getattr(self._detected, name)
            current = detected if picked is None else picked
            if name == "skip_lines":
                self._fill_number(detected, current)
            else:
                self._fill(name, detected, current)

    def forget(self) -> None:
        """Another file follows: nothing is detected yet."""
        self._detected = ReadOptions()
        for box in self.boxes.values():
            box.clear()
        self._fill_number(None, None)

    def _lay_out(self, used: ReadOptions) -> None:
        """Show the options that the format has; those of text while that is not known."""
        shown = [name for name in self._fields if getattr(used, name) is not None]
        shown = shown or [name for name in self._fields if name != "sheet"]
        for name, field in self._fields.items():
            field.setVisible(name in shown)

    def _fill_number(self, detected: int | None, current: int | None) -> None:
        with QSignalBlocker(self.skip_lines):
            self.skip_lines.setSuffix("  (detected)" if current == detected and detected else "")
            self.skip_lines.setValue(current or 0)

    def _fill(self, name: str, detected: Value | None, current: Value | None) -> None:
        box = self.boxes[name]
        known = dict(_PARTS[name][1] or {name: one_line(name) for name in self._sheets})
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
        lines = self.skip_lines.value()
        skip_lines = None if lines == self._detected.skip_lines else lines
        self.chosen.emit(ReadOptions(**values, skip_lines=skip_lines))  # type: ignore[arg-type]


def _labelled(title: str, control: QWidget, parent: QWidget) -> QWidget:
    """A control under its label."""
    label = Label(title)
    field = QWidget(parent)
    label.setBuddy(control)
    control.setAccessibleName(title.replace("&", ""))
    vbox(label, control, parent=field, spacing=SPACE_XS)
    return field


TIP = (
    "Texts in other languages are left out, since all texts of an input are used as its references."
)


class LanguageBox(QWidget):
    """A menu of the languages; hidden where a file has one.

    Signals:
        chosen: the language, as the file marks it.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.box = QComboBox()
        self.box.setAccessibleName("Language of the texts")
        self.box.setToolTip(TIP)
        self.box.activated.connect(lambda: self.chosen.emit(self.box.currentData()))
        label = Label("&Language")
        label.setToolTip(TIP)
        label.setBuddy(self.box)
        hbox(label, self.box, 1, parent=self, spacing=SPACE_S)
        self.hide()

    def show_report(self, report: FileReport | None) -> None:
        """Show the languages of a file, and which of them is read."""
        languages = report.languages if report is not None else ()
        self.setVisible(bool(languages))
        if report is None or not languages:
            return
        with QSignalBlocker(self.box):
            self.box.clear()
            for language in sorted(languages):
                self.box.addItem(visible(language), language)
            self.box.setCurrentIndex(self.box.findData(report.options.language))
