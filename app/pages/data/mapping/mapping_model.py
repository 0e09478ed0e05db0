"""The columns of the shown dataset with their roles, as an editable Qt table."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QObject, Qt

from app.pages.data.current import CurrentDataset
from app.pages.data.edits import moved, with_role
from app.pages.data.rows.qt_index import ROOT, Index
from app.pages.data.words import ROLE_HINTS, ROLE_TITLES
from engine.contract.specs.data import Column, Role

NAME, ROLE = 0, 1
HEADERS = ("Column", "Role")


def set_role(current: CurrentDataset, names: Collection[str], role: Role) -> bool:
    """Give columns a role as one undoable edit; False where it was refused."""
    one = next(iter(names)) if len(names) == 1 else ""
    what = f"role of ‘{one}’" if one else f"roles of {len(names)} columns"
    text = f"Set {what} to {ROLE_TITLES[role]}"
    return current.edit(text, lambda entry: with_role(entry, names, role))


class MappingModel(QAbstractTableModel):
    """Column and role, in the order in which fields are written; roles can be edited."""

    def __init__(self, current: CurrentDataset, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._current = current
        self._columns: tuple[Column, ...] = current.mapping.columns
        current.shown.connect(self._take)
        current.entry_changed.connect(self._take)

    def column_at(self, row: int) -> Column:
        """The column in this row."""
        return self._columns[row]

    def row_of(self, name: str) -> int:
        """The row of a column, or -1."""
        names = [column.name for column in self._columns]
        return names.index(name) if name in names else -1

    def move(self, row: int, step: int) -> None:
        """Write a field earlier (-1) or later (1) than it is."""
        name = self._columns[row].name
        way = "up" if step < 0 else "down"
        self._current.edit(f"Move ‘{name}’ {way}", lambda entry: moved(entry, name, step))

    def rowCount(self, parent: Index = ROOT) -> int:
        """Rows; none below a cell."""
        return 0 if parent.isValid() else len(self._columns)

    def columnCount(self, parent: Index = ROOT) -> int:
        """Columns; none below a cell."""
        return 0 if parent.isValid() else len(HEADERS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Name or role of a column."""
        if not index.isValid():
            return None
        column = self._columns[index.row()]
        if index.column() == NAME:
            shown = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
            return column.name if role in shown else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return ROLE_TITLES[column.role]
            case Qt.ItemDataRole.EditRole:
                return column.role
            case Qt.ItemDataRole.ToolTipRole:
                return ROLE_HINTS[column.role]
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{column.name}, role {ROLE_TITLES[column.role]}"
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Give a column another role; False where that is refused."""
        if not index.isValid() or index.column() != ROLE or not isinstance(value, Role):
            return False
        return set_role(self._current, (self._columns[index.row()].name,), value)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Only roles can be edited."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == ROLE else flags

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Texts of the headers."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section] if 0 <= section < len(HEADERS) else None
        return None

    def _take(self) -> None:
        columns = self._current.mapping.columns
        if [c.name for c in columns] != [c.name for c in self._columns]:
            self.beginResetModel()
            self._columns = columns
            self.endResetModel()
        elif columns != self._columns:
            self._columns = columns
            self.dataChanged.emit(self.index(0, ROLE), self.index(len(columns) - 1, ROLE))
