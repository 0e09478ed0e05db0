"""The menu bar, filled from the action registry as actions are registered."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from app.qt.plain_text import caption
from app.settings import Settings
from app.shell.actions import ActionEntry, ActionRegistry
from app.shell.navigator import Navigator
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
        self._menus: dict[str, QMenu] = {}
        for name, title in MENUS.items():
            self._menus[name] = self.addMenu(title)
            self._menus[name].setToolTipsVisible(True)
            self._fill(name)
        actions.added.connect(self._on_added)

    def menu_named(self, name: str) -> QMenu:
        """One of the menus by the registry's name for it."""
        return self._menus[name]

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
