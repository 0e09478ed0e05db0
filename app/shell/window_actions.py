"""The window's own actions; pages add theirs to the same registry."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol, runtime_checkable

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from app.assets import icon
from app.context import AppContext
from app.qt.plain_text import caption
from app.settings import Settings
from app.shell.actions import ActionRegistry
from app.shell.page_list import PAGES
from app.theme import Scheme

Keys = QKeySequence.StandardKey
Commands = dict[str, Callable[[], object]]

_ACTIONS = (
    ("file", "project.new", "&New project…", Keys.New, "add", "Create an empty project"),
    (
        "file", "project.new_from_table", "New project from &data…", "Ctrl+Shift+N", "new-table",
        "Choose a table and create a project for it",
    ),
    ("file", "project.open", "&Open project…", Keys.Open, "open", "Open a project's folder"),
    (
        "file", "project.example", "Open the &example project", None, "runs",
        "Finished runs on the sample table, their prefixes and a small study to explore",
    ),
    (
        "file", "project.sample", "New project from the &sample table", None, "sample",
        "332 invented walking trails to try everything on",
    ),
    (
        "file", "exchange.import_prefix", "&Import prefix…", "Ctrl+I", "import",
        "Copy a native or PEFT prefix folder into the project",
    ),
    ("file", "this.rename", "&Rename project…", None, "edit", "Rename the project"),
    ("file", "this.show", "Sho&w project folder", None, "folder", "Show the project's files"),
    (
        "file", "this.archive", "&Archive project…", None, "export",
        "Save the project as one .zip file, without checkpoints",
    ),
    (
        "file", "this.delete", "&Delete project…", None, "delete",
        "Close the project and move its folder to the trash",
    ),
    ("file", "close.project", "C&lose project", "Ctrl+W", "", "Save and close the project"),
    (
        "file", "app.preferences", "&Preferences…", "Ctrl+,", "settings",
        "Colours, text size, folders",
    ),
    ("file", "app.quit", "&Quit", "Ctrl+Q", "", "Close the window"),
    ("view", "view.full_screen", "&Full screen", Keys.FullScreen, "", ""),
    (
        "view", "view.reset_layout", "&Reset layout", None, "",
        "Reset the window, its splitters and columns to their defaults",
    ),
    ("help", "help.guide", "User's &guide", Keys.HelpContents, "info", ""),
    ("help", "help.shortcuts", "&Keyboard shortcuts", "Ctrl+/", "", ""),
    ("help", "help.palette", "Command &palette…", "Ctrl+Shift+P; Ctrl+K", "command", ""),
    ("help", "about.program", "&About Prefix Workbench", None, "", ""),
    ("help", "about.diagnostics", "Copy &diagnostics", None, "copy", ""),
)  # fmt: skip


def add_window_actions(context: AppContext, commands: Commands) -> dict[str, QAction]:
    """Fill File, Edit, View and Help; `commands` holds a function for each action of `_ACTIONS`.

    Returns:
        The checkable actions that show the pages, by the page's name.
    """
    actions = context.actions
    _add_commands(actions, commands, "file")
    _add_edit_actions(context)
    pages = _add_page_actions(context)
    _add_commands(actions, commands, "view")
    _add_commands(actions, commands, "help")
    return pages


def _add_commands(actions: ActionRegistry, commands: Commands, menu: str) -> None:
    for listed, ident, text, shortcut, icon_name, tip in _ACTIONS:
        if listed == menu:
            actions.add(
                ident, text, slot=commands[ident], menu=menu, tip=tip, shortcut=shortcut,
                icon=icon(icon_name) if icon_name else None,
            )  # fmt: skip


def _add_edit_actions(context: AppContext) -> None:
    """Undo and redo of the project's stack, and copy from what has the focus."""
    actions, undo = context.actions, context.undo
    for name, keys, slot, can, words in (
        ("undo", Keys.Undo, undo.undo, undo.canUndoChanged, undo.undoTextChanged),
        ("redo", Keys.Redo, undo.redo, undo.canRedoChanged, undo.redoTextChanged),
    ):
        text = f"&{name.capitalize()}"
        action = actions.add(
            f"edit.{name}", text, slot=slot, menu="edit", shortcut=keys, icon=icon(name)
        )
        action.setEnabled(False)
        can.connect(action.setEnabled)
        words.connect(partial(_show_step, action, text))
    actions.add(
        "copy.selection", "&Copy", slot=copy_selection, menu="edit", shortcut=Keys.Copy,
        icon=icon("copy"), tip="Copy what is selected; rows of a table as tab-separated text",
    )  # fmt: skip


def copy_selection() -> None:
    """Copy from the widget that has the focus, if it knows how."""
    widget = QApplication.focusWidget()
    if isinstance(widget, _Copying):
        widget.copy()


@runtime_checkable
class _Copying(Protocol):
    """A field of text, or a table of ours."""

    def copy(self) -> None: ...


def _add_page_actions(context: AppContext) -> dict[str, QAction]:
    """One for each page, Ctrl+1 and up."""
    group = QActionGroup(context.actions)
    made = {}
    for number, entry in enumerate(PAGES, start=1):
        made[entry.name] = action = context.actions.add(
            f"page.{entry.name}",
            entry.title,
            slot=partial(context.navigator.page_requested.emit, entry.name),
            menu="view",
            shortcut=f"Ctrl+{number}",
            icon=icon(entry.name),
            checkable=True,
        )
        group.addAction(action)
    return made


def make_scheme_menu(actions: ActionRegistry, settings: Settings, parent: QWidget) -> QMenu:
    """View ▸ Colour scheme; the palette finds each choice by name."""
    menu = QMenu("Colour &scheme", parent)
    group = QActionGroup(menu)
    made = {}
    for scheme, words in (
        (Scheme.SYSTEM, "&Follow system"),
        (Scheme.LIGHT, "&Light"),
        (Scheme.DARK, "&Dark"),
    ):
        choose = partial(setattr, settings, "scheme", scheme)
        made[scheme] = actions.add(
            f"view.scheme.{scheme.value}", words, slot=choose, checkable=True
        )
        group.addAction(made[scheme])
    menu.addActions(group.actions())

    def follow() -> None:
        made[settings.scheme].setChecked(True)

    settings.changed.connect(follow)
    follow()
    return menu


def _show_step(action: QAction, verb: str, text: str) -> None:
    action.setText(f"{verb} {caption(text)}".rstrip())
