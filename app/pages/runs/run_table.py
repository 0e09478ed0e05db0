"""The run table with its buttons and menu."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, QSortFilterProxyModel, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.context import AppContext
from app.models.run import RunModel
from app.pages.runs.run_actions import RunActions
from app.pages.runs.runs_view import RunsView
from app.pages.runs.table_cells import TITLES, Column
from app.pages.runs.table_delegates import (
    NameDelegate,
    ProgressDelegate,
    StateDelegate,
    SwatchDelegate,
)
from app.pages.runs.table_model import RUN_ROLE, SORT_ROLE, RunTableModel
from app.theme import SPACE_XS
from app.widgets.table_view import TableView

LAYOUT = "runs/table"
SORT_MARK_PX = 26
_WIDTHS_CHARS = {
    Column.SHOWN: 9, Column.NAME: 38, Column.STATE: 17, Column.PROGRESS: 14,
    Column.LOSS: 8, Column.VALID_BLEU: 8, Column.TEST_BLEU: 8, Column.LEFT: 12, Column.SPEED: 8,
    Column.METHOD: 22, Column.TAGS: 14, Column.CREATED: 16,
}  # fmt: skip


class RunTable(QWidget):
    """Sortable rows; selection and current run go to the view model and come from it."""

    def __init__(
        self,
        context: AppContext,
        view: RunsView,
        actions: RunActions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._context, self._view, self._actions = context, view, actions
        self.model = RunTableModel(context.runs, view, self)
        self.model.renamed.connect(lambda run, meta: actions.set_meta(run, meta, "Rename run"))
        self.model.tagged.connect(lambda run, meta: actions.set_meta(run, meta, "Change tags"))
        self.model.dataChanged.connect(actions.update)
        self.proxy = QSortFilterProxyModel(self)
        self.proxy.setSourceModel(self.model)
        self.proxy.setSortRole(SORT_ROLE)
        self.table = self._make_table()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_XS)
        layout.addLayout(self._make_buttons())
        layout.addWidget(self.table, 1)
        view.current_changed.connect(self._follow_current)
        actions.rename_asked.connect(self.rename)
        context.theme.changed.connect(self.table.fit_rows)

    def rename(self, run: RunModel) -> None:
        """Let the user type another name."""
        self.table.edit(self._index(run.run_id, Column.NAME))

    def reset_layout(self) -> None:
        """Put the columns back as they first were."""
        header = self.table.horizontalHeader()
        for column in Column:
            header.moveSection(header.visualIndex(column), column)
        self._fit_columns(self.table)
        self.table.sortByColumn(Column.CREATED, Qt.SortOrder.AscendingOrder)

    def _save_layout(self) -> None:
        self._context.settings.set_layout(LAYOUT, self.table.horizontalHeader().saveState())

    def _fit_columns(self, table: TableView) -> None:
        metrics = table.fontMetrics()
        for column, chars in _WIDTHS_CHARS.items():
            title = metrics.horizontalAdvance(TITLES[column][0]) + SORT_MARK_PX
            table.setColumnWidth(column, max(metrics.averageCharWidth() * chars, title))

    def _make_table(self) -> TableView:
        table = TableView("Runs", self)
        table.setModel(self.proxy)
        table.setSortingEnabled(True)
        table.sortByColumn(Column.CREATED, Qt.SortOrder.AscendingOrder)
        table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        table.setItemDelegateForColumn(Column.SHOWN, SwatchDelegate(self._view, table))
        table.setItemDelegateForColumn(Column.NAME, NameDelegate(table))
        table.setItemDelegateForColumn(Column.STATE, StateDelegate(self._context.theme, table))
        table.setItemDelegateForColumn(
            Column.PROGRESS, ProgressDelegate(self._context.theme, table)
        )
        self._fit_columns(table)
        header = table.horizontalHeader()
        header.setSectionsMovable(True)
        header.restoreState(self._context.settings.layout(LAYOUT))
        for changed in (header.sectionResized, header.sectionMoved, header.sortIndicatorChanged):
            changed.connect(self._save_layout)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._show_menu)
        selection = table.selectionModel()
        selection.selectionChanged.connect(lambda _on, _off: self._tell_selection())
        selection.currentRowChanged.connect(lambda index, _old: self._tell_current(index))
        return table

    def _make_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(SPACE_XS, SPACE_XS, SPACE_XS, 0)
        row.setSpacing(0)
        actions = self._actions
        for action in (actions.stop_and_save, actions.pause, actions.resume):
            row.addWidget(_button(action, words=True))
        for action in (actions.duplicate, actions.compare, actions.delete):
            row.addWidget(_button(action, words=False))
        row.addStretch(1)
        return row

    def _show_menu(self, position: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in self._actions.menu_actions():
            if action is None:
                menu.addSeparator()
            else:
                menu.addAction(action)
        menu.popup(self.table.viewport().mapToGlobal(position))

    def _index(self, run_id: str, column: int = 0) -> QModelIndex:
        row = self.model.row_of(run_id)
        return self.proxy.mapFromSource(self.model.index(row, column))

    def _tell_selection(self) -> None:
        rows = self.table.selected_rows()
        ids = [self.proxy.index(row, 0).data(RUN_ROLE).run_id for row in rows]
        self._view.set_selected(ids)

    def _tell_current(self, index: QModelIndex) -> None:
        run = index.data(RUN_ROLE)
        self._view.set_current(run.run_id if run is not None else "")

    def _follow_current(self) -> None:
        run = self._view.current
        if run is None:
            return
        index = self._index(run.run_id)
        if index.isValid() and index.row() != self.table.currentIndex().row():
            self.table.select_row(index.row())


def _button(action: QAction, *, words: bool) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setAutoRaise(True)
    style = (
        Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        if words
        else Qt.ToolButtonStyle.ToolButtonIconOnly
    )
    button.setToolButtonStyle(style)
    button.setAccessibleName(action.text().replace("&", ""))
    return button
