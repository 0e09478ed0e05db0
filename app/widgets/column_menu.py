"""Which columns of a table are shown: by a menu of its header."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from app.qt.plain_text import caption
from app.widgets.table_view import TableView


class ColumnMenu(QMenu):
    """A tick for each column that has a title; one at least stays.

    Args:
        changed: called when a column was shown or hidden.
    """

    def __init__(self, table: TableView, changed: Callable[[], None] | None = None) -> None:
        super().__init__("Columns", table)
        self._table, self._changed = table, changed
        self.aboutToShow.connect(self._fill)
        header = table.horizontalHeader()
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._pop_up)

    def _fill(self) -> None:
        self.clear()
        table, model = self._table, self._table.model()
        titles = [str(model.headerData(column, Qt.Orientation.Horizontal) or "")
                  for column in range(model.columnCount())]  # fmt: skip
        shown = [column for column, title in enumerate(titles)
                 if title and not table.isColumnHidden(column)]  # fmt: skip
        for column, title in enumerate(titles):
            if title:
                action = QAction(caption(title), self)
                action.setCheckable(True)
                action.setChecked(column in shown)
                action.setEnabled(shown != [column])
                action.toggled.connect(lambda on, column=column: self._show(column, on))
                self.addAction(action)

    def _show(self, column: int, on: bool) -> None:
        self._table.setColumnHidden(column, not on)
        if self._changed is not None:
            self._changed()

    def _pop_up(self, position: QPoint) -> None:
        self.popup(self._table.horizontalHeader().mapToGlobal(position))
