"""The list of keyboard shortcuts, taken from the actions themselves."""

from __future__ import annotations

from PySide6.QtCore import QSize, QSortFilterProxyModel, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QWidget

from app.qt.boxes import vbox
from app.qt.sizes import chars, room
from app.shell.actions import ActionRegistry
from app.widgets.search_field import SearchField
from app.widgets.table_view import TableView


class ShortcutsDialog(QDialog):
    """Every action with keys, searchable."""

    def __init__(self, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        model = QStandardItemModel(0, 3, self)
        model.setHorizontalHeaderLabels(["Action", "Keys", "Menu"])
        for entry in actions.all():
            shortcuts = entry.action.shortcuts()
            if shortcuts:
                keys = ", ".join(sequence.toString() for sequence in shortcuts)
                cells = (entry.title, keys, entry.menu.capitalize())
                model.appendRow([_item(text) for text in cells])
        shown = QSortFilterProxyModel(self)
        shown.setSourceModel(model)
        shown.setFilterKeyColumn(-1)
        shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.table = TableView("Keyboard shortcuts")
        self.table.setModel(shown)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.table.fit_columns()
        self.search = SearchField("Search for an action or a key")
        self.search.searched.connect(shown.setFilterFixedString)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        vbox(self.search, self.table, buttons, parent=self, margins=None)
        self.resize(QSize(chars(80), self.fontMetrics().height() * 30).boundedTo(room()))


def _item(text: str) -> QStandardItem:
    item = QStandardItem(text)
    item.setEditable(False)
    return item
