"""The controls of a split: who decides, the shares, the seed, the limits, the categories."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from app.pages.data.current import CurrentDataset
from app.pages.data.words import SPLIT_HINTS, SPLIT_TITLES
from app.qt.boxes import combo_box, form_layout
from app.theme import SPACE_S
from app.widgets.plain_delegate import PlainDelegate
from app.widgets.setting_editor import make_editor
from app.words import mnemonic, plural
from engine.contract.options import OPTIONS
from engine.contract.specs.data import Split, SplitKind

NAME = Qt.ItemDataRole.UserRole + 1
"""Item data: the category."""
_FIELDS = {
    "valid_fraction": "i",
    "test_fraction": "a",
    "seed": "d",
    "max_train_rows": "",
    "per_label": "",
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
        layout = self._layout = form_layout(SPACE_S, SPACE_S)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addRow("S&plit", self.kind)
        self.setLayout(layout)
        self.editors = {name: make_editor(name, OPTIONS[f"data.split.{name}"]) for name in _FIELDS}
        for name, editor in self.editors.items():
            label = OPTIONS[f"data.split.{name}"].setting.label
            layout.addRow(mnemonic(label, _FIELDS[name]), editor.widget)
            editor.edited.connect(partial(self._set, name))
        current.shown.connect(self._show)
        current.entry_changed.connect(self._show)
        current.refused.connect(self._show)
        self._show()

    def _show(self) -> None:
        entry = self._current.entry
        split = entry.split if entry is not None else Split()
        self.setEnabled(entry is not None)
        answer = self._current.mapping.answer
        for name, editor in self.editors.items():
            editor.show(getattr(split, name))
            answers = OPTIONS[f"data.split.{name}"].setting.answers
            self._layout.setRowVisible(editor.widget, not answers or answer in answers)
        with QSignalBlocker(self.kind):
            self.kind.setCurrentIndex(self.kind.findData(split.kind))
        self.kind.setToolTip(SPLIT_HINTS[split.kind])

    def _set_kind(self) -> None:
        kind: SplitKind = self.kind.currentData()
        self._current.edit_part(f"Split {SPLIT_TITLES[kind].lower()}", "split", kind=kind)

    def _set(self, name: str, value: object) -> None:
        text = f"Change “{OPTIONS[f'data.split.{name}'].setting.label}”"
        self._current.edit_part(text, "split", merge=f"split {name}", **{name: value})


class CategoriesList(QListWidget):
    """Visible where the split is by category and a column holds categories."""

    def __init__(self, current: CurrentDataset) -> None:
        super().__init__()
        self._current = current
        self.setAccessibleName("Categories held out as unseen")
        # Boxes on the ground of fields would not show in the dark.
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self.setItemDelegate(PlainDelegate(self))
        self.itemChanged.connect(self._tick)

    def show_categories(self, counted: Mapping[str, int]) -> None:
        """Show categories with their numbers of rows, as far as they were counted."""
        entry = self._current.entry
        by_category = entry is not None and entry.split.kind is SplitKind.CATEGORY
        unseen = entry.split.unseen_categories if entry is not None else ()
        rows = {
            **counted,
            **{name: counted.get(name, 0) for name in unseen},
        }  # hide none that is set
        self.setVisible(by_category and bool(rows))
        with QSignalBlocker(self):
            if [self.item(i).data(NAME) for i in range(self.count())] != list(rows):
                self.clear()
                for name in rows:
                    item = QListWidgetItem(self)
                    item.setData(NAME, name)
                    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            for index, (name, number) in enumerate(rows.items()):
                item, states = self.item(index), Qt.CheckState
                item.setText(f"{name or '(empty)'}  ·  {plural(number, 'row')}")
                item.setCheckState(states.Checked if name in unseen else states.Unchecked)

    def _tick(self, item: QListWidgetItem) -> None:
        name: str = item.data(NAME)
        is_on = item.checkState() is Qt.CheckState.Checked
        entry = self._current.entry
        if entry is None:
            return
        others = tuple(other for other in entry.split.unseen_categories if other != name)
        unseen = (*others, name) if is_on else others
        text = f"Hold out category ‘{name}’" if is_on else f"Train on category ‘{name}’"
        self._current.edit_part(text, "split", unseen_categories=unseen)
