"""The list of keyboard shortcuts, taken from the actions themselves."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from app.qt.sizes import chars, room
from app.qt.table_model import SortedRows, TableColumn, TableModel
from app.shell.actions import ActionEntry, ActionRegistry
from app.widgets.search_field import SearchField
from app.widgets.table_view import TableView


def _keys(entry: ActionEntry) -> str:
    return ", ".join(sequence.toString() for sequence in entry.action.shortcuts())


COLUMNS = (
    TableColumn[ActionEntry]("Action", lambda entry: entry.title),
    TableColumn[ActionEntry]("Keys", _keys),
    TableColumn[ActionEntry]("Menu", lambda entry: entry.menu.capitalize()),
)


class ShortcutsDialog(QDialog):
    """Every action with keys, searchable."""

    def __init__(self, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rows = [entry for entry in actions.all() if entry.action.shortcuts()]
        shown = SortedRows(TableModel(COLUMNS, rows, parent=self), self)
        self.table = TableView("Keyboard shortcuts")
        self.table.setModel(shown)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.table.fit_columns()
        self.search = SearchField("Search for an action or a key")
        self.search.searched.connect(shown.setFilterFixedString)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.table)
        layout.addWidget(buttons)
        self.resize(QSize(chars(80), self.fontMetrics().height() * 30).boundedTo(room()))
