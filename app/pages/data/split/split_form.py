"""The controls of a split: who decides, the shares, the seed, the limits."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QWidget

from app.pages.data.current import CurrentDataset
from app.pages.data.words import SPLIT_HINTS, SPLIT_TITLES
from app.theme import SPACE_S
from app.widgets.labels import Label
from app.widgets.setting_editor import IgnoreWheel, make_editor
from app.words import mnemonic
from engine.contract.options import OPTIONS
from engine.contract.specs.data import Split, SplitKind

_ACCESS_KEYS = {"valid_fraction": "i", "test_fraction": "a", "seed": "d"}
_FIELDS = (
    *("valid_fraction", "test_fraction", "seed"),
    *("max_train_rows", "max_valid_inputs", "max_test_inputs"),
)


class SplitForm(QWidget):
    """Writes each change to the project as one undoable edit, and shows what is there."""

    def __init__(self, current: CurrentDataset) -> None:
        super().__init__()
        self._current = current
        self.kind = QComboBox()
        self.kind.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.kind.setMinimumContentsLength(15)
        for kind, title in SPLIT_TITLES.items():
            self.kind.addItem(title, kind)
            place = self.kind.count() - 1
            self.kind.setItemData(place, SPLIT_HINTS[kind], Qt.ItemDataRole.ToolTipRole)
        self.kind.activated.connect(self._set_kind)
        wheel = IgnoreWheel(self)
        self.editors = {
            name: make_editor(name, OPTIONS[f"data.split.{name}"], wheel) for name in _FIELDS
        }
        self._lay_out()
        for name, editor in self.editors.items():
            editor.edited.connect(lambda value, name=name: self._set(name, value))
        current.shown.connect(self._show)
        current.entry_changed.connect(self._show)
        current.refused.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_S)
        layout.setColumnStretch(1, 1)
        rows: list[tuple[str, QWidget]] = [("S&plit", self.kind)]
        for name, editor in self.editors.items():
            title = OPTIONS[f"data.split.{name}"].setting.label
            rows.append((mnemonic(title, _ACCESS_KEYS.get(name, "")), editor.widget))
        for line, (text, widget) in enumerate(rows):
            label = Label(text)
            label.setBuddy(widget)
            layout.addWidget(label, line, 0)
            layout.addWidget(widget, line, 1)
            widget.setAccessibleName(text.replace("&", ""))

    def _show(self) -> None:
        entry = self._current.entry
        split = entry.split if entry is not None else Split()
        self.setEnabled(entry is not None)
        for name, editor in self.editors.items():
            editor.show(getattr(split, name))
        with QSignalBlocker(self.kind):
            self.kind.setCurrentIndex(self.kind.findData(split.kind))
        self.kind.setToolTip(SPLIT_HINTS[split.kind])

    def _edit(self, text: str, merge: str = "", **change: object) -> None:
        self._current.edit(
            text,
            lambda entry: replace(
                entry,
                split=replace(entry.split, **change),  # type: ignore[arg-type]
            ),
            merge=merge,
        )

    def _set_kind(self) -> None:
        kind: SplitKind = self.kind.currentData()
        self._edit(f"Split {SPLIT_TITLES[kind].lower()}", kind=kind)

    def _set(self, name: str, value: object) -> None:
        label = OPTIONS[f"data.split.{name}"].setting.label
        self._edit(f"Change “{label}”", f"split {name}", **{name: value})
