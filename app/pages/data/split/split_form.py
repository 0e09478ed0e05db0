"""The controls of a split: who decides, the shares, the seed, the limits."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QWidget

from app.pages.data.current import CurrentDataset
from app.pages.data.words import SPLIT_HINTS, SPLIT_TITLES
from app.qt.boxes import combo_box, form_layout
from app.theme import SPACE_S
from app.widgets.setting_editor import IgnoreWheel, make_editor
from app.words import mnemonic
from engine.contract.options import OPTIONS
from engine.contract.specs.data import Split, SplitKind

_FIELDS = {
    "valid_fraction": "i",
    "test_fraction": "a",
    "seed": "d",
    "max_train_rows": "",
    "max_valid_inputs": "",
    "max_test_inputs": "",
}
"""Settings with their access keys."""


class SplitForm(QWidget):
    """Writes each change to the project as one undoable edit, and shows what is there."""

    def __init__(self, current: CurrentDataset) -> None:
        super().__init__()
        self._current = current
        self.kind = combo_box("Split", chars=15)
        for index, (kind, title) in enumerate(SPLIT_TITLES.items()):
            self.kind.addItem(title, kind)
            self.kind.setItemData(index, SPLIT_HINTS[kind], Qt.ItemDataRole.ToolTipRole)
        self.kind.activated.connect(self._set_kind)
        layout, wheel = form_layout(SPACE_S, SPACE_S), IgnoreWheel(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addRow("S&plit", self.kind)
        self.setLayout(layout)
        self.editors = {
            name: make_editor(name, OPTIONS[f"data.split.{name}"], wheel) for name in _FIELDS
        }
        for name, editor in self.editors.items():
            label = OPTIONS[f"data.split.{name}"].setting.label
            layout.addRow(mnemonic(label, _FIELDS[name]), editor.widget)
            editor.edited.connect(
                lambda value, name=name, label=label: self._edit(
                    f"Change “{label}”", f"split {name}", **{name: value}
                )
            )
        current.shown.connect(self._show)
        current.entry_changed.connect(self._show)
        current.refused.connect(self._show)
        self._show()

    def _show(self) -> None:
        entry = self._current.entry
        split = entry.split if entry is not None else Split()
        self.setEnabled(entry is not None)
        for name, editor in self.editors.items():
            editor.show(getattr(split, name))
        with QSignalBlocker(self.kind):
            self.kind.setCurrentIndex(self.kind.findData(split.kind))
        self.kind.setToolTip(SPLIT_HINTS[split.kind])

    def _set_kind(self) -> None:
        kind: SplitKind = self.kind.currentData()
        self._edit(f"Split {SPLIT_TITLES[kind].lower()}", kind=kind)

    def _edit(self, text: str, merge: str = "", **change: object) -> None:
        self._current.edit(
            text,
            lambda entry: replace(
                entry,
                split=replace(entry.split, **change),  # type: ignore[arg-type]
            ),
            merge=merge,
        )
