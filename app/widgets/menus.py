"""Menus: the bar, filled from the registry of actions; recent projects; columns of a table."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from app.qt.plain_text import caption
from app.settings import Settings
from app.shell.actions import ActionEntry, ActionRegistry
from app.shell.messages import Navigator
from app.widgets.table_view import TableView
from app.words import from_home

MENUS = {"file": "&File", "edit": "&Edit", "view": "&View", "run": "&Run", "help": "&Help"}
LAST_GROUP = "app"
"""Actions named "app.…" (preferences, quit) stay at the end of their menu."""


class MenuBar(QMenuBar):
    """File, Edit, View, Run and Help; a line separates actions whose names begin differently."""

    def __init__(self, actions: ActionRegistry) -> None:
        super().__init__()
        self._registry = actions
        self._submenus: dict[str, QMenu] = {}
        self._menus = {name: self.addMenu(title) for name, title in MENUS.items()}
        for name, menu in self._menus.items():
            menu.setToolTipsVisible(True)
            self._fill(name)
        actions.added.connect(self._on_added)

    def add_submenu(self, name: str, menu: QMenu, *, after: str) -> None:
        """Put a submenu behind the action called `after`."""
        self._submenus[after] = menu
        self._fill(name)

    def _on_added(self, entry: ActionEntry) -> None:
        if entry.menu:
            self._fill(entry.menu)

    def _fill(self, name: str) -> None:
        """List the menu's actions anew: a menu is short, and order is easier than insertion."""
        menu = self._menus[name]
        menu.clear()
        entries = [entry for entry in self._registry.all() if entry.menu == name]
        entries.sort(key=lambda entry: _group(entry) == LAST_GROUP)  # stable
        for before, entry in zip([None, *entries], entries, strict=False):
            if before is not None and _group(before) != _group(entry):
                menu.addSeparator()
            menu.addAction(entry.action)
            if entry.ident in self._submenus:
                menu.addMenu(self._submenus[entry.ident])
        menu.menuAction().setVisible(bool(entries))


def _group(entry: ActionEntry) -> str:
    return entry.ident.split(".")[0]


def _caption(path: Path) -> str:
    return f"{caption(path.name)}  ({caption(from_home(path.parent))})"


class RecentMenu(QMenu):
    """Recent projects; those that are missing are greyed."""

    def __init__(self, settings: Settings, navigator: Navigator, parent: QWidget) -> None:
        super().__init__("Open &recent", parent)
        self._settings, self._navigator = settings, navigator
        settings.recent_changed.connect(self._note)
        self.aboutToShow.connect(self.fill)
        self._note()

    def fill(self) -> None:
        """List the projects as they are now."""
        self.clear()
        for path in self._settings.recent_projects:
            action = self.addAction(_caption(path))
            action.setEnabled(path.is_dir())
            action.triggered.connect(partial(self._navigator.open_path, path))
        self.addSeparator()
        self.addAction("&Clear this list", self._settings.clear_recent)

    def _note(self) -> None:
        self.menuAction().setEnabled(bool(self._settings.recent_projects))


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
