"""Categories with a box each: the ticked ones are held out as unseen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from app.pages.data.current import CurrentDataset
from app.widgets.plain_delegate import PlainDelegate
from app.words import plural
from engine.contract.specs.data import SplitKind

NAME = Qt.ItemDataRole.UserRole + 1


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
        self._current.edit(
            f"Hold out category ‘{name}’" if is_on else f"Train on category ‘{name}’",
            lambda old: replace(old, split=replace(old.split, unseen_categories=unseen)),
        )
