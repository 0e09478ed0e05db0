"""The rows of a dataset as a Qt table that reads what is looked at and nothing more."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.pages.data.rows.row_pages import RowPages
from app.pages.data.words import ROLE_HINTS, ROLE_TITLES, one_line
from app.qt.table_model import TableColumn, TableModel
from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.specs.data import Column, Mapping, Role

ROLE_OF_COLUMN = Qt.ItemDataRole.UserRole + 1
"""Header data: the `Role` of a column."""
TIP_CHARACTERS = 2000
Cells = Sequence[str]


def cell_columns(columns: Sequence[Column], is_word: str = "") -> list[TableColumn[Cells]]:
    """The columns of a dataset; a cell's text is one line, its tool tip the whole cell.

    Args:
        is_word: stands before the role in the tool tips of the heads.
    """

    def column(index: int, name: str, role: Role) -> TableColumn[Cells]:
        def cell(cells: Cells) -> str:
            return cells[index] if index < len(cells) else ""

        title = ROLE_TITLES[role]
        return TableColumn(
            name,
            lambda cells: one_line(cell(cells)),
            tip=lambda cells: cell(cells)[:TIP_CHARACTERS],
            title_tip=f"{name}: {is_word}{title}\n{ROLE_HINTS[role]}",
            titles={
                ROLE_OF_COLUMN: role,
                Qt.ItemDataRole.AccessibleTextRole: f"{name}, role {title}",
            },
        )

    return [column(index, shown.name, shown.role) for index, shown in enumerate(columns)]


class _StoredRows:
    """Rows of a store by their number from 0; empty ones once the file is unreadable."""

    def __init__(self, store: DatasetStore, model: RowsModel) -> None:
        self._pages, self._model = RowPages(store), model
        self._count, self._is_broken = store.meta.row_count, False

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Cells:
        if not self._is_broken:
            try:
                return self._pages.row(index + 1).cells
            except UserError as error:
                self._is_broken, message = True, error.message
                # Not from within a view's painting.
                QTimer.singleShot(0, self._model, lambda: self._model.broken.emit(message))
        return ()


class RowsModel(TableModel[Cells]):
    """Rows × columns of one dataset.

    Signals:
        broken: a sentence, once a dataset; the file became unreadable under our hands.
    """

    broken = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent=parent, row_title=lambda row: row + 1)
        self._shown: tuple[Column, ...] = ()

    def set_store(self, store: DatasetStore | None) -> None:
        """Show the rows of another dataset, or of none."""
        names = store.meta.columns if store is not None else ()
        self._shown = tuple(Column(name, Role.IGNORED) for name in names)
        rows = _StoredRows(store, self) if store is not None else ()
        self.show_table(cell_columns(self._shown), rows)

    def set_mapping(self, mapping: Mapping) -> None:
        """Show these roles in the column headers."""
        roles = {column.name: column.role for column in mapping.columns}
        shown = tuple(Column(c.name, roles.get(c.name, Role.IGNORED)) for c in self._shown)
        if shown != self._shown:
            self._shown = shown
            self.set_columns(cell_columns(shown))
