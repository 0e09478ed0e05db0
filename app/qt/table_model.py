"""One table model for all tables: columns are data, rows are any sequence."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
SORT_ROLE = Role.UserRole + 1
"""What a column is sorted by."""
ROW_ROLE = Role.UserRole + 2
"""The row itself, for delegates, and for views over a proxy."""

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTER = Qt.AlignmentFlag.AlignCenter
ROOT = QModelIndex()
"""The parent of a table's cells."""
_TICK = {True: Qt.CheckState.Checked, False: Qt.CheckState.Unchecked}
_CELLS = {
    Role.DisplayRole: "text",
    Role.EditRole: "edited",
    Role.ToolTipRole: "tip",
    Role.AccessibleTextRole: "spoken",
    Role.DecorationRole: "icon",
    Role.ForegroundRole: "color",
    Role.FontRole: "font",
    SORT_ROLE: "sort_key",
}


class TableRows(Protocol[R_co]):
    """What a table shows: a tuple, a list, or a source that makes its rows when asked for."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> R_co: ...


@dataclass(frozen=True)
class TableColumn(Generic[R]):
    """A column; every function takes a row.

    Attributes:
        title_tip, titles: the head's tool tip, and its data in other roles.
        width_chars: how wide it is to begin with, in letters.
        aligns_title: whether the head is aligned as the cells are.
        says_title: whether screen readers get the title before the text.
        spoken: what they get, where that is neither the text nor title and text.
        sort_key: by default what is shown, without regard to case.
        edited: what an editor begins with; `edit` says whether its value was accepted.
        checked: whether the cell's box is ticked; `check` ticks it or not.
    """

    title: str
    text: Callable[[R], object]
    _: KW_ONLY
    title_tip: str = ""
    titles: dict[int, object] = field(default_factory=dict)
    width_chars: int = 0
    align: Qt.AlignmentFlag | None = None
    aligns_title: bool = True
    tip: Callable[[R], str | None] | None = None
    says_title: bool = False
    spoken: Callable[[R], str | None] | None = None
    sort_key: Callable[[R], object] | None = None
    icon: Callable[[R], object] | None = None
    color: Callable[[R], object] | None = None
    font: Callable[[R], object] | None = None
    edited: Callable[[R], object] | None = None
    edit: Callable[[R, Any], bool] | None = None
    checked: Callable[[R], bool] | None = None
    check: Callable[[R, bool], object] | None = None

    def getters(self) -> dict[int, Callable[[R], object]]:
        """Each role that its cells have data in."""
        getters: dict[int, Callable[[R], object]] = {
            ROW_ROLE: lambda row: row,
            SORT_ROLE: lambda row: str(self.text(row)).casefold(),
        }
        if self.says_title:
            getters[Role.AccessibleTextRole] = lambda row: f"{self.title}: {self.text(row)}"
        if self.align is not None:
            getters[Role.TextAlignmentRole] = lambda _row: self.align
        checked = self.checked
        if checked is not None:
            getters[Role.CheckStateRole] = lambda row: _TICK[checked(row)]
        named = {role: getattr(self, name) for role, name in _CELLS.items()}
        return getters | {role: getter for role, getter in named.items() if getter is not None}

    def head(self, role: int) -> object:
        """What its head has in a role."""
        if role == Role.DisplayRole:
            return self.title
        if role == Role.ToolTipRole:
            return self.title_tip or None
        if role == Role.TextAlignmentRole:
            return self.align if self.aligns_title else None
        return self.titles.get(role)


class TableModel(QAbstractTableModel, Generic[R]):
    """Shows rows in columns; a cell is made when it is shown.

    Args:
        key: what a row is known by. Rows with the same keys as before are repainted, which
            keeps the selection, and others reset the table.
        row_title: the vertical head of a row, by its number from 0.
    """

    def __init__(
        self,
        columns: Sequence[TableColumn[R]] = (),
        rows: TableRows[R] = (),
        *,
        parent: QObject | None = None,
        key: Callable[[R], Hashable] | None = None,
        row_title: Callable[[int], object] | None = None,
    ) -> None:
        super().__init__(parent)
        self._key, self._row_title = key, row_title
        self._set(columns, rows)

    @property
    def columns(self) -> tuple[TableColumn[R], ...]:
        """What is shown of a row."""
        return self._columns

    @property
    def rows(self) -> TableRows[R]:
        """What is shown."""
        return self._rows

    def show_table(self, columns: Sequence[TableColumn[R]], rows: TableRows[R]) -> None:
        """Show other columns and rows."""
        self.beginResetModel()
        self._set(columns, rows)
        self.endResetModel()

    def set_columns(self, columns: Sequence[TableColumn[R]]) -> None:
        """Show other heads over the same cells."""
        self._set(columns, self._rows)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(columns) - 1)

    def set_rows(self, rows: TableRows[R]) -> None:
        """Show other rows in these columns."""
        if self._has_keys_of(rows):
            self._rows = rows
            self.touch()
        else:
            self.show_table(self._columns, rows)

    def row_where(self, key: Hashable) -> int:
        """The row that is known by this key, or -1."""
        known = self._key
        assert known is not None
        return next((row for row in range(len(self._rows)) if known(self._rows[row]) == key), -1)

    def append(self, rows: Sequence[R]) -> None:
        """Add rows at the end of a list."""
        assert isinstance(self._rows, list)
        first = len(self._rows)
        self.beginInsertRows(ROOT, first, first + len(rows) - 1)
        self._rows += rows
        self.endInsertRows()

    def remove(self, row: int) -> None:
        """Take a row out of a list."""
        assert isinstance(self._rows, list)
        self.beginRemoveRows(ROOT, row, row)
        del self._rows[row]
        self.endRemoveRows()

    def touch(self, row: int | None = None, *, column: int | None = None) -> None:
        """Cells have changed: all of them, or those of a row or column."""
        rows, columns = self.rowCount(), self.columnCount()
        if rows and columns:
            first = self.index(row or 0, column or 0)
            last_row = rows - 1 if row is None else row
            last_column = columns - 1 if column is None else column
            self.dataChanged.emit(first, self.index(last_row, last_column))

    def rowCount(self, parent: Index = ROOT) -> int:
        """Rows; none below a cell."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        """Columns; none below a cell."""
        return 0 if parent.isValid() else len(self._columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole
    ) -> Any:
        """Titles and what they mean."""
        if orientation is Qt.Orientation.Vertical:
            title = self._row_title
            return title(section) if title is not None and role == Role.DisplayRole else None
        return self._columns[section].head(role) if 0 <= section < len(self._columns) else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        """What a cell has in a role."""
        if not index.isValid():
            return None
        getter = self._getters[index.column()].get(role)
        return None if getter is None else getter(self._rows[index.row()])

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Which cells can be edited or ticked."""
        flags = super().flags(index)
        if index.isValid():
            column = self._columns[index.column()]
            flags |= Qt.ItemFlag.ItemIsEditable if column.edit else Qt.ItemFlag.NoItemFlags
            flags |= Qt.ItemFlag.ItemIsUserCheckable if column.check else Qt.ItemFlag.NoItemFlags
        return flags

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        """Edit or tick a cell; False where that is refused."""
        if not index.isValid():
            return False
        column, row = self._columns[index.column()], self._rows[index.row()]
        if role == Role.CheckStateRole and column.check is not None:
            column.check(row, Qt.CheckState(value) is Qt.CheckState.Checked)
            return True
        return role == Role.EditRole and column.edit is not None and column.edit(row, value)

    def _has_keys_of(self, rows: TableRows[R]) -> bool:
        key, old = self._key, self._rows
        if len(rows) != len(old) or not len(rows):
            return len(rows) == len(old)
        return key is not None and all(key(rows[at]) == key(old[at]) for at in range(len(rows)))

    def _set(self, columns: Sequence[TableColumn[R]], rows: TableRows[R]) -> None:
        self._columns, self._rows = tuple(columns), rows
        self._getters = [column.getters() for column in columns]


class SortedRows(QSortFilterProxyModel):
    """Sorts by `SORT_ROLE`, and shows the rows in which any column holds a text."""

    def __init__(self, model: QAbstractTableModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setSortRole(SORT_ROLE)
        self.setFilterKeyColumn(-1)
        self.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setSourceModel(model)

    def row_at(self, row: int) -> Any:
        """The row of the model that stands here."""
        return self.index(row, 0).data(ROW_ROLE)
