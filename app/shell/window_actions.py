"""The window's own actions; pages add theirs to the same registry."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol, runtime_checkable

from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QUndoStack
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from app.assets import icon
from app.qt.plain_text import caption
from app.settings import Settings
from app.shell.actions import ActionRegistry
from app.shell.messages import Navigator
from app.shell.page_list import PAGES
from app.theme import Scheme

Keys = QKeySequence.StandardKey
Commands = dict[str, Callable[[], object]]


def add_file_actions(actions: ActionRegistry, commands: Commands) -> None:
    """New, open, import, close, preferences, quit; `commands` holds a function for each."""
    table = (
        ("project.new", "&New project…", Keys.New, "add", "Create an empty project"),
        (
            "project.new_from_table", "New project from &data…", "Ctrl+Shift+N", "new-table",
            "Choose a table and create a project for it",
        ),
        ("project.open", "&Open project…", Keys.Open, "open", "Open a project's folder"),
        (
            "project.example", "Open the &example project", None, "runs",
            "Finished runs on the sample table, their prefixes and a small study to explore",
        ),
        (
            "project.sample", "New project from the &sample table", None, "sample",
            "332 invented walking trails to try everything on",
        ),
        (
            "exchange.import_prefix", "&Import prefix…", "Ctrl+I", "import",
            "Copy a native or PEFT prefix folder into the project",
        ),
        ("this.rename", "&Rename project…", None, "edit", "Rename the project"),
        ("this.show", "Sho&w project folder", None, "folder", "Show the project's files"),
        (
            "this.archive", "&Archive project…", None, "export",
            "Save the project as one .zip file, without checkpoints",
        ),
        (
            "this.delete", "&Delete project…", None, "delete",
            "Close the project and move its folder to the trash",
        ),
        ("close.project", "C&lose project", "Ctrl+W", None, "Save and close the project"),
        ("app.preferences", "&Preferences…", "Ctrl+,", "settings", "Colours, text size, folders"),
        ("app.quit", "&Quit", "Ctrl+Q", None, "Close the window"),
    )  # fmt: skip
    for ident, text, shortcut, picture, tip in table:
        action = actions.add(
            ident,
            text,
            slot=commands[ident],
            menu="file",
            shortcut=shortcut,
            icon=icon(picture) if picture else None,
            tip=tip,
        )
        # macOS moves them to the application menu; elsewhere this changes nothing.
        roles = {"app.preferences": QAction.MenuRole.PreferencesRole}
        roles["app.quit"] = QAction.MenuRole.QuitRole
        action.setMenuRole(roles.get(ident, QAction.MenuRole.NoRole))


def add_edit_actions(actions: ActionRegistry, undo: QUndoStack) -> None:
    """Undo and redo of the project's stack, and copy from what has the focus."""
    for name, keys, stack_slot, can, changed, words in (
        ("undo", Keys.Undo, undo.undo, undo.canUndo, undo.canUndoChanged, undo.undoTextChanged),
        ("redo", Keys.Redo, undo.redo, undo.canRedo, undo.canRedoChanged, undo.redoTextChanged),
    ):
        action = actions.add(
            f"edit.{name}",
            f"&{name.capitalize()}",
            slot=stack_slot,
            menu="edit",
            shortcut=keys,
            icon=icon(name),
        )
        action.setEnabled(can())
        changed.connect(action.setEnabled)
        words.connect(partial(_show_step, action, f"&{name.capitalize()}"))
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


def add_page_actions(actions: ActionRegistry, navigator: Navigator) -> dict[str, QAction]:
    """One checkable action a page, Ctrl+1 and up; returns them by the page's name."""
    group = QActionGroup(actions)
    made = {}
    for number, entry in enumerate(PAGES, start=1):
        action = actions.add(
            f"page.{entry.name}",
            entry.title,
            slot=partial(navigator.page_requested.emit, entry.name),
            menu="view",
            shortcut=f"Ctrl+{number}",
            icon=icon(entry.picture),
            checkable=True,
        )
        group.addAction(action)
        made[entry.name] = action
    return made


def add_view_actions(actions: ActionRegistry, commands: Commands) -> None:
    """Full screen and reset layout."""
    actions.add(
        "view.full_screen", "&Full screen", slot=commands["view.full_screen"], menu="view",
        shortcut=Keys.FullScreen if QKeySequence.keyBindings(Keys.FullScreen) else "F11",
    )  # fmt: skip
    actions.add(
        "view.reset_layout", "&Reset layout", slot=commands["view.reset_layout"], menu="view",
        tip="Reset the window, its splitters and columns to their defaults",
    )  # fmt: skip


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
        action = actions.add(
            f"view.scheme.{scheme.value}",
            words,
            slot=partial(setattr, settings, "scheme", scheme),
            checkable=True,
        )
        group.addAction(action)
        menu.addAction(action)
        made[scheme] = action

    def follow() -> None:
        made[settings.scheme].setChecked(True)

    settings.changed.connect(follow)
    follow()
    return menu


def add_help_actions(actions: ActionRegistry, commands: Commands) -> None:
    """Guide, shortcuts, palette, about, diagnostics."""
    for ident, text, shortcut, picture in (
        ("help.guide", "User's &guide", Keys.HelpContents, "info"),
        ("help.shortcuts", "&Keyboard shortcuts", "Ctrl+/", None),
        ("help.palette", "Command &palette…", "Ctrl+Shift+P; Ctrl+K", "command"),
        ("about.program", "&About Prefix Workbench", None, None),
        ("about.diagnostics", "Copy &diagnostics", None, "copy"),
    ):
        actions.add(
            ident,
            text,
            slot=commands[ident],
            menu="help",
            shortcut=shortcut,
            icon=icon(picture) if picture else None,
        )


def _show_step(action: QAction, verb: str, text: str) -> None:
    action.setText(f"{verb} {caption(text)}".rstrip())
