"""The rows of a dataset as a Qt table that reads what is looked at and nothing more."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QObject,
    Qt,
    QTimer,
    Signal,
)

from app.pages.data.rows.qt_index import ROOT, Index
from app.pages.data.rows.row_pages import RowPages
from app.pages.data.words import ROLE_HINTS, ROLE_TITLES, one_line
from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.specs.data import Mapping, Role

ROLE_OF_COLUMN = Qt.ItemDataRole.UserRole + 1
"""Header data: the `Role` of a column."""
TIP_CHARACTERS = 2000


class RowsModel(QAbstractTableModel):
    """Rows × columns of one dataset; a cell's text is one line, its tooltip the whole cell.

    Signals:
        broken: a sentence, once a dataset; the file became unreadable under our hands.
    """

    broken = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pages: RowPages | None = None
        self._columns: tuple[str, ...] = ()
        self._roles: tuple[Role, ...] = ()
        self._row_count = 0
        self._fault = ""

    def set_store(self, store: DatasetStore | None) -> None:
        """Show the rows of another dataset, or of none."""
        self.beginResetModel()
        self._pages = RowPages(store) if store is not None else None
        self._columns = store.meta.columns if store is not None else ()
        self._row_count = store.meta.row_count if store is not None else 0
        self._roles = (Role.IGNORED,) * len(self._columns)
        self._fault = ""
        self.endResetModel()

    def set_mapping(self, mapping: Mapping) -> None:
        """Show these roles in the column headers."""
        by_name = {column.name: column.role for column in mapping.columns}
        roles = tuple(by_name.get(name, Role.IGNORED) for name in self._columns)
        if roles != self._roles:
            self._roles = roles
            last = len(self._columns) - 1
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, last)

    def rowCount(self, parent: Index = ROOT) -> int:
        """Rows; none below a cell."""
        return 0 if parent.isValid() else self._row_count

    def columnCount(self, parent: Index = ROOT) -> int:
        """Columns; none below a cell."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text of a cell, or the tool tip that holds the whole of it."""
        if not index.isValid() or role not in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
        ):
            return None
        cell = self._cell(index.row() + 1, index.column())
        return one_line(cell) if role == Qt.ItemDataRole.DisplayRole else cell[:TIP_CHARACTERS]

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Texts of the headers."""
        if orientation == Qt.Orientation.Vertical:
            return section + 1 if role == Qt.ItemDataRole.DisplayRole else None
        if not 0 <= section < len(self._columns):
            return None
        name, column_role = self._columns[section], self._roles[section]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return name
            case _ if role == ROLE_OF_COLUMN:
                return column_role
            case Qt.ItemDataRole.ToolTipRole:
                return f"{name}: {ROLE_TITLES[column_role]}\n{ROLE_HINTS[column_role]}"
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{name}, role {ROLE_TITLES[column_role]}"
        return None

    def _cell(self, number: int, column: int) -> str:
        if self._pages is None or self._fault:
            return ""
        try:
            return self._pages.row(number).cells[column]
        except UserError as error:
            self._fault = error.message
        # Not from within a view's painting.
        QTimer.singleShot(0, self, self._tell)
        return ""

    def _tell(self) -> None:
        if self._fault:
            self.broken.emit(self._fault)
