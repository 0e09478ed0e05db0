"""The run table with its buttons and menu."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QMenu,
    QWidget,
)

from app.context import AppContext
from app.models.run import RunModel
from app.models.studies import StudyLibrary
from app.pages.runs.run.view import RunsView
from app.pages.runs.run_actions import RunActions
from app.pages.runs.table.cells import RunColumn
from app.pages.runs.table.delegates import ProgressDelegate
from app.pages.runs.table.filter import Chosen, Group, RunFilter
from app.pages.runs.table.model import RunTableModel
from app.qt.boxes import vbox
from app.qt.plain_text import caption
from app.qt.table_model import ROW_ROLE
from app.theme import SPACE_XS
from app.widgets.buttons import ToolRow, flat_button
from app.widgets.menus import ColumnMenu
from app.widgets.plain_delegate import PlainDelegate
from app.widgets.search_field import SearchField
from app.widgets.table_view import TableView

LAYOUT = "runs/columns"
GROUP_CHOICE = "runs/group"
SEARCH_CHARS = 20


class FilterMenu(QMenu):
    """Studies and tags to choose from, groups, columns; made anew when it is opened."""

    def __init__(self, table: RunTable, columns: ColumnMenu) -> None:
        super().__init__(table)
        self._table, self._columns = table, columns
        self.aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        self.clear()
        table, chosen = self._table, self._table.proxy.chosen
        self._add(self, "All runs", chosen is None, partial(table.choose, None))
        studies = [study.name for study in table.library.all()]
        for title, group, names in (
            ("Study", Group.STUDY, studies),
            ("Tag", Group.TAG, table.model.all_tags()),
        ):
            menu = self.addMenu(title)
            menu.setEnabled(bool(names))
            for name in names:
                one = Chosen(group, name)
                self._add(menu, name, chosen == one, partial(table.choose, one))
        self.addSeparator()
        for words, group in (
            ("No groups", Group.NONE),
            ("Group by study", Group.STUDY),
            ("Group by tag", Group.TAG),
        ):
            is_on = table.proxy.group is group
            self._add(self, words, is_on, partial(table.set_group, group))
        self.addSeparator()
        self.addMenu(self._columns)

    def _add(self, menu: QMenu, text: str, is_on: bool, slot: Callable[[], None]) -> None:
        action = menu.addAction(caption(text))
        action.setCheckable(True)
        action.setChecked(is_on)
        action.triggered.connect(lambda _on=False: slot())


class RunTable(QWidget):
    """Sortable rows; selection and current run go to the view model and come from it."""

    def __init__(self, context: AppContext, view: RunsView, actions: RunActions) -> None:
        super().__init__()
        self._context, self._view, self._actions = context, view, actions
        self.model = RunTableModel(context, view, actions.set_meta, self)
        self.model.dataChanged.connect(actions.update)
        self.proxy = RunFilter(self.model, context.studies, self)
        self.table = self._make_table()
        self.columns = ColumnMenu(self.table, self._save_layout)
        self.choice = FilterMenu(self, self.columns)
        vbox(self._make_buttons(), (self.table, 1), parent=self, spacing=SPACE_XS)
        view.current_changed.connect(self._follow_current)
        actions.rename_asked.connect(self.rename)
        self._letter_px = self.table.fontMetrics().averageCharWidth()
        context.theme.changed.connect(self._fit_text)
        context.project.closed.connect(lambda: self.choose(None))
        for signal in (
            self.proxy.layoutChanged,
            self.proxy.rowsInserted,
            self.proxy.rowsRemoved,
            self.proxy.modelReset,
        ):
            signal.connect(self._span_groups)
        found = context.settings.choice(GROUP_CHOICE)
        self.set_group(Group(found) if found in {group.value for group in Group} else Group.NONE)

    @property
    def library(self) -> StudyLibrary:
        """The project's studies."""
        return self._context.studies

    def set_group(self, group: Group) -> None:
        """Group the rows; the groups' column comes first and each name stands once."""
        self._context.settings.set_choice(GROUP_CHOICE, group.value)
        self.proxy.set_group(group)
        if group.column is not None:
            header = self.table.horizontalHeader()
            self.table.setColumnHidden(group.column, False)
            header.moveSection(header.visualIndex(group.column), 0)
        self._span_groups()

    def choose(self, chosen: Chosen | None) -> None:
        """Show the runs of a study or tag, or all."""
        self.proxy.choose(chosen)
        self.choice_button.setText("All runs" if chosen is None else caption(chosen.name))

    def _fit_text(self) -> None:
        """Give rows and columns the size of the text, which may be another one now."""
        table, letter_px = self.table, self.table.fontMetrics().averageCharWidth()
        table.fit_rows()
        if letter_px != self._letter_px:
            for column in RunColumn:
                width = table.columnWidth(column) * letter_px / self._letter_px
                if width:  # a hidden column has none
                    table.setColumnWidth(column, round(width))
            self._letter_px = letter_px

    def _span_groups(self) -> None:
        """Merge the cells of each group."""
        table, column = self.table, self.proxy.group.column
        table.clearSpans()
        if column is None:
            return
        names = [self.proxy.index(row, column).data() for row in range(self.proxy.rowCount())]
        row = 0
        for _name, group in itertools.groupby(names):
            count = len(list(group))
            if count > 1:
                table.setSpan(row, column, count, 1)
            row += count

    def rename(self, run: RunModel) -> None:
        """Let the user type another name."""
        self.table.edit(self._index(run.run_id, RunColumn.NAME))

    def reset_layout(self) -> None:
        """Put the columns back as they first were."""
        header = self.table.horizontalHeader()
        self.set_group(Group.NONE)
        for column in RunColumn:
            self.table.setColumnHidden(column, False)
            header.moveSection(header.visualIndex(column), column)
        self.table.set_widths(self.model.columns)
        self.table.sortByColumn(RunColumn.CREATED, Qt.SortOrder.AscendingOrder)

    def _save_layout(self) -> None:
        self._context.settings.set_layout(LAYOUT, self.table.horizontalHeader().saveState())

    def _make_table(self) -> TableView:
        table = TableView("Runs", self)
        table.setModel(self.proxy)
        table.setSortingEnabled(True)
        table.sortByColumn(RunColumn.CREATED, Qt.SortOrder.AscendingOrder)
        table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        for column in (RunColumn.SHOWN, RunColumn.NAME, RunColumn.STATE):
            table.setItemDelegateForColumn(column, PlainDelegate(table))
        table.setItemDelegateForColumn(
            RunColumn.PROGRESS, ProgressDelegate(self._context.theme, table)
        )
        table.set_widths(self.model.columns)
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

    def _make_buttons(self) -> ToolRow:
        row, actions = ToolRow("Runs"), self._actions
        for action in (actions.stop_and_save, actions.pause, actions.resume):
            row.add(action)
        for action in (actions.duplicate, actions.compare, actions.delete):
            row.add(action, words=False)
        self.search = SearchField("Find runs")
        self.search.setFixedWidth(self.fontMetrics().averageCharWidth() * SEARCH_CHARS)
        self.search.searched.connect(self.proxy.search)
        tip = "Show the runs of a study or tag; groups and columns"
        name = "Filter, groups and columns of the runs"
        self.choice_button = flat_button(
            "filter", tip, text="All runs", name=name, menu=self.choice
        )
        row.add_space()
        row.addWidget(self.choice_button)
        row.addWidget(self.search)
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
        row = self.model.row_where(run_id)
        return self.proxy.mapFromSource(self.model.index(row, column))

    def _tell_selection(self) -> None:
        rows = self.table.selected_rows()
        ids = [self.proxy.index(row, 0).data(ROW_ROLE).run_id for row in rows]
        self._view.set_selected(ids)

    def _tell_current(self, index: QModelIndex) -> None:
        run = index.data(ROW_ROLE)
        self._view.set_current(run.run_id if run is not None else "")

    def _follow_current(self) -> None:
        run = self._view.current
        if run is None:
            return
        index = self._index(run.run_id)
        if index.isValid() and index.row() != self.table.currentIndex().row():
            self.table.select_row(index.row())
