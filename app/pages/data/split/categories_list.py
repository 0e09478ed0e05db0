"""Categories with a box each: the ticked ones are held out as unseen."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from app.pages.data.current import CurrentDataset
from app.pages.data.split.split_counts import SplitCountsView
from app.widgets.plain_delegate import PlainDelegate
from app.words import plural
from engine.contract.specs.data import SplitKind

NAME = Qt.ItemDataRole.UserRole + 1


class CategoriesList(QListWidget):
    """Shown where the split is by category and a column holds categories."""

    def __init__(self, current: CurrentDataset, counts: SplitCountsView) -> None:
        super().__init__()
        self._current = current
        self._counts = counts
        self.setAccessibleName("Categories held out as unseen")
        # Boxes on the ground of fields would not show in the dark.
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self.setItemDelegate(PlainDelegate(self))
        self.itemChanged.connect(self._tick)
        current.shown.connect(self._show)
        current.entry_changed.connect(self._show)
        counts.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        entry = self._current.entry
        by_category = entry is not None and entry.split.kind is SplitKind.CATEGORY
        unseen = entry.split.unseen_categories if entry is not None else ()
        rows = dict(self._counts.categories)
        for name in unseen:  # never hide what is set, though it be unknown to the file
            rows.setdefault(name, 0)
        self.setVisible(by_category and bool(rows))
        with QSignalBlocker(self):
            if [self.item(i).data(NAME) for i in range(self.count())] != list(rows):
                self.clear()
                for name in rows:
                    item = QListWidgetItem(self)
                    item.setData(NAME, name)
                    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            for place, (name, number) in enumerate(rows.items()):
                item = self.item(place)
                item.setText(f"{name or '(empty)'}  ·  {plural(number, 'row')}")
                on = name in unseen
                item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def _tick(self, item: QListWidgetItem) -> None:
        name: str = item.data(NAME)
        on = item.checkState() is Qt.CheckState.Checked
        entry = self._current.entry
        if entry is None:
            return
        others = tuple(other for other in entry.split.unseen_categories if other != name)
        unseen = (*others, name) if on else others
        self._current.edit(
            f"Hold out category ‘{name}’" if on else f"Train on category ‘{name}’",
            lambda old: replace(old, split=replace(old.split, unseen_categories=unseen)),
        )
