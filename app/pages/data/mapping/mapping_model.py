"""The columns of the shown dataset with their roles, as an editable Qt table."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QObject

from app.pages.data.current import CurrentDataset
from app.pages.data.edits import moved, with_role
from app.pages.data.words import ROLE_HINTS, ROLE_TITLES
from app.qt.table_model import TableColumn, TableModel
from engine.contract.specs.data import Column, Role

NAME, ROLE = 0, 1


def set_role(current: CurrentDataset, names: Collection[str], role: Role) -> bool:
    """Give columns a role as one undoable edit; False where it was refused."""
    one = next(iter(names)) if len(names) == 1 else ""
    what = f"role of ‘{one}’" if one else f"roles of {len(names)} columns"
    text = f"Set {what} to {ROLE_TITLES[role]}"
    return current.edit(text, lambda entry: with_role(entry, names, role))


class MappingModel(TableModel[Column]):
    """Column and role, in the order in which fields are written; roles can be edited."""

    def __init__(self, current: CurrentDataset, parent: QObject | None = None) -> None:
        columns = (
            TableColumn[Column](
                "Column", lambda column: column.name, tip=lambda column: column.name
            ),
            TableColumn[Column](
                "Role",
                lambda column: ROLE_TITLES[column.role],
                tip=lambda column: ROLE_HINTS[column.role],
                spoken=lambda column: f"{column.name}, role {ROLE_TITLES[column.role]}",
                edited=lambda column: column.role,
                edit=self._edit,
            ),
        )
        super().__init__(
            columns, current.mapping.columns, parent=parent, key=lambda column: column.name
        )
        self._current = current
        current.shown.connect(self._take)
        current.entry_changed.connect(self._take)

    def move(self, row: int, step: int) -> None:
        """Write a field earlier (-1) or later (1) than it is."""
        name = self.rows[row].name
        way = "up" if step < 0 else "down"
        self._current.edit(f"Move ‘{name}’ {way}", lambda entry: moved(entry, name, step))

    def _edit(self, column: Column, role: object) -> bool:
        """Give a column another role; False where that is refused."""
        return isinstance(role, Role) and set_role(self._current, (column.name,), role)

    def _take(self) -> None:
        if self._current.mapping.columns != self.rows:
            self.set_rows(self._current.mapping.columns)
