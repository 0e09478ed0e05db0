"""The run table with its buttons and menu."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtWidgets import QAbstractItemView, QMenu, QWidget

from app.context import AppContext
from app.models.run import RunModel
from app.pages.runs.run.view import RunsView
from app.pages.runs.run_actions import RunActions
from app.pages.runs.table.cells import ProgressDelegate, RunColumn
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


class RunTable(QWidget):
    """Sortable rows; selection and current run go to the view model and come from it."""

    def __init__(self, context: AppContext, view: RunsView, actions: RunActions) -> None:
        super().__init__()
        self._context, self._view, self._actions = context, view, actions
        self.model = RunTableModel(context, view, actions.set_meta, self)
        self.model.dataChanged.connect(actions.update)
        self.proxy = RunFilter(self.model, context.studies, self)
        self.table = TableView("Runs", self)
        self._set_up_table()
        self.columns = ColumnMenu(self.table, self._save_layout)
        self._filter_menu = QMenu(self)
        self._filter_menu.aboutToShow.connect(self._fill_filter_menu)
        vbox(self._make_buttons(), (self.table, 1), parent=self, spacing=SPACE_XS)
        view.current_changed.connect(self._follow_current)
        actions.rename_asked.connect(self._rename)
        self._letter_px = self.table.fontMetrics().averageCharWidth()
        context.theme.changed.connect(self._fit_text)
        context.project.closed.connect(lambda: self.choose(None))
        proxy = self.proxy
        for signal in (
            proxy.layoutChanged, proxy.rowsInserted, proxy.rowsRemoved, proxy.modelReset,
        ):  # fmt: skip
            signal.connect(self._span_groups)
        saved = context.settings.choice(GROUP_CHOICE)
        self.set_group(next((group for group in Group if group.value == saved), Group.NONE))

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

    def _set_up_table(self) -> None:
        table, triggers = self.table, QAbstractItemView.EditTrigger
        table.setModel(self.proxy)
        table.setSortingEnabled(True)
        table.sortByColumn(RunColumn.CREATED, Qt.SortOrder.AscendingOrder)
        table.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        for column in (RunColumn.SHOWN, RunColumn.NAME, RunColumn.STATE):
            table.setItemDelegateForColumn(column, PlainDelegate(table))
        progress = ProgressDelegate(self._context.theme, table)
        table.setItemDelegateForColumn(RunColumn.PROGRESS, progress)
        table.set_widths(self.model.columns)
        header = table.horizontalHeader()
        header.setSectionsMovable(True)
        header.restoreState(self._context.settings.layout(LAYOUT))
        for changed in (header.sectionResized, header.sectionMoved, header.sortIndicatorChanged):
            changed.connect(self._save_layout)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._show_menu)
        selection = table.selectionModel()
        selection.selectionChanged.connect(self._on_selected)
        selection.currentRowChanged.connect(self._on_current_row)

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
            "filter", tip, text="All runs", name=name, menu=self._filter_menu
        )
        row.add_space()
        row.addWidget(self.choice_button)
        row.addWidget(self.search)
        return row

    def _fill_filter_menu(self) -> None:
        menu, chosen = self._filter_menu, self.proxy.chosen
        menu.clear()
        _add_choice(menu, "All runs", chosen is None, partial(self.choose, None))
        studies = [study.name for study in self._context.studies.all()]
        tags = {tag for run in self._context.runs.all() for tag in run.meta.tags}
        for title, group, names in (
            ("Study", Group.STUDY, studies),
            ("Tag", Group.TAG, sorted(tags, key=str.casefold)),
        ):
            submenu = menu.addMenu(title)
            submenu.setEnabled(bool(names))
            for name in names:
                choice = Chosen(group, name)
                _add_choice(submenu, name, chosen == choice, partial(self.choose, choice))
        menu.addSeparator()
        for words, group in (
            ("No groups", Group.NONE),
            ("Group by study", Group.STUDY),
            ("Group by tag", Group.TAG),
        ):
            _add_choice(menu, words, self.proxy.group is group, partial(self.set_group, group))
        menu.addSeparator()
        menu.addMenu(self.columns)

    def _show_menu(self, position: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in self._actions.menu:
            if action is None:
                menu.addSeparator()
            else:
                menu.addAction(action)
        menu.popup(self.table.viewport().mapToGlobal(position))

    def _fit_text(self) -> None:
        """Give rows and columns the size of the text, which may be another now."""
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

    def _rename(self, run: RunModel) -> None:
        """Let the user type another name."""
        self.table.edit(self._index(run, RunColumn.NAME))

    def _index(self, run: RunModel, column: int = 0) -> QModelIndex:
        row = self.model.row_where(run.run_id)
        return self.proxy.mapFromSource(self.model.index(row, column))

    def _on_selected(self) -> None:
        rows = self.table.selected_rows()
        ids = [self.proxy.index(row, 0).data(ROW_ROLE).run_id for row in rows]
        self._view.set_selected(ids)

    def _on_current_row(self, index: QModelIndex) -> None:
        run = index.data(ROW_ROLE)
        self._view.set_current(run.run_id if run is not None else "")

    def _follow_current(self) -> None:
        run = self._view.current
        if run is None:
            return
        index = self._index(run)
        if index.isValid() and index.row() != self.table.currentIndex().row():
            self.table.select_row(index.row())


def _add_choice(menu: QMenu, text: str, is_on: bool, slot: Callable[[], None]) -> None:
    action = menu.addAction(caption(text))
    action.setCheckable(True)
    action.setChecked(is_on)
    action.triggered.connect(lambda _on=False: slot())
