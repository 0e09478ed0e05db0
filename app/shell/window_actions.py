"""The window's own actions; pages add theirs to the same registry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from app.assets import icon
from app.context import AppContext
from app.dialogs.about import AboutDialog, ShortcutsDialog
from app.qt.plain_text import caption
from app.settings import Settings
from app.shell.actions import ActionRegistry
from app.shell.page_list import PAGES
from app.shell.project_commands import DELETE
from app.theme import Scheme

if TYPE_CHECKING:
    from app.shell.main_window import MainWindow

Keys = QKeySequence.StandardKey
Row = tuple[str, str, Callable[[], object], str | Keys | None, str, str]
"""Name, text, what it does, keys, icon and tip of an action."""


def add_window_actions(window: MainWindow) -> dict[str, QAction]:
    """Fill File, Edit, View and Help.

    Returns:
        The checkable actions that show the pages, by the page's name.
    """
    context, actions = window.context, window.context.actions
    _add(actions, "file", _file_actions(window))
    _add_edit_actions(context)
    pages = _add_page_actions(window)
    _add(actions, "view", _view_actions(window))
    _add(actions, "help", _help_actions(window))
    return pages


def _file_actions(window: MainWindow) -> Sequence[Row]:
    control, commands, projects = window.control, window.commands, window.projects
    return (
        ("project.new", "&New project…", commands.new_project, Keys.New, "add",
         "Create an empty project"),
        ("project.new_from_table", "New project from &data…", commands.new_from_table,
         "Ctrl+Shift+N", "new-table", "Choose a table and create a project for it"),
        ("project.open", "&Open project…", commands.open_project, Keys.Open, "open",
         "Open a project's folder"),
        ("project.example", "Open the &example project",
         partial(commands.leave, "Open the example project", control.open_example), None, "runs",
         "Finished runs on the sample table, their prefixes and a small study to explore"),
        ("project.sample", "New project from the &sample table",
         partial(commands.leave, "New project from the sample table", control.open_sample), None,
         "sample", "332 invented walking trails to try everything on"),
        ("exchange.import_prefix", "&Import prefix…", window.import_prefix, "Ctrl+I", "import",
         "Copy a native or PEFT prefix folder into the project"),
        ("this.rename", "&Rename project…", projects.ask_for_name, None, "edit",
         "Rename the project"),
        ("this.show", "Sho&w project folder", projects.show, None, "folder",
         "Show the project's files"),
        ("this.archive", "&Archive project…", projects.ask_for_archive, None, "export",
         "Save the project as one .zip file, without checkpoints"),
        ("this.delete", "&Delete project…",
         partial(commands.attempt, DELETE, projects.ask_to_delete), None, "delete",
         "Close the project and move its folder to the trash"),
        ("close.project", "C&lose project",
         partial(commands.leave, "Close the project", control.close), "Ctrl+W", "",
         "Save and close the project"),
        ("app.preferences", "&Preferences…", commands.show_preferences, "Ctrl+,", "settings",
         "Colours, text size, folders"),
        ("app.quit", "&Quit", window.close, "Ctrl+Q", "", "Close the window"),
    )  # fmt: skip


def _view_actions(window: MainWindow) -> Sequence[Row]:
    tip = "Reset the window, its splitters and columns to their defaults"
    return (
        ("view.full_screen", "&Full screen", window.toggle_full_screen, Keys.FullScreen, "", ""),
        ("view.reset_layout", "&Reset layout", window.reset_layout, None, "", tip),
    )


def _help_actions(window: MainWindow) -> Sequence[Row]:
    theme, commands = window.context.theme, window.commands
    shortcuts, about = partial(ShortcutsDialog, window.context.actions), partial(AboutDialog, theme)
    return (
        ("help.guide", "User's &guide", window.show_guide, Keys.HelpContents, "info", ""),
        ("help.shortcuts", "&Keyboard shortcuts", lambda: shortcuts(window).open(), "Ctrl+/", "",
         ""),
        ("help.palette", "Command &palette…", commands.show_palette, "Ctrl+Shift+P; Ctrl+K",
         "command", ""),
        ("about.program", "&About Prefix Workbench", lambda: about(window).open(), None, "", ""),
        ("about.diagnostics", "Copy &diagnostics", commands.copy_diagnostics, None, "copy", ""),
    )  # fmt: skip


def _add(actions: ActionRegistry, menu: str, rows: Sequence[Row]) -> None:
    for ident, text, slot, shortcut, icon_name, tip in rows:
        sign = icon(icon_name) if icon_name else None
        actions.add(ident, text, slot=slot, menu=menu, shortcut=shortcut, icon=sign, tip=tip)


def _add_edit_actions(context: AppContext) -> None:
    """Undo and redo of the project's stack, and copy from what has the focus."""
    actions, undo = context.actions, context.undo
    for name, keys, slot, can, words in (
        ("undo", Keys.Undo, undo.undo, undo.canUndoChanged, undo.undoTextChanged),
        ("redo", Keys.Redo, undo.redo, undo.canRedoChanged, undo.redoTextChanged),
    ):
        action = actions.add(
            f"edit.{name}",
            f"&{name.capitalize()}",
            slot=slot,
            menu="edit",
            shortcut=keys,
            icon=icon(name),
        )
        action.setEnabled(False)
        can.connect(action.setEnabled)
        words.connect(_StepText(action).show)
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


def _add_page_actions(window: MainWindow) -> dict[str, QAction]:
    """One for each page, Ctrl+1 and up."""
    actions = window.context.actions
    group = QActionGroup(actions)
    made = {}
    for number, entry in enumerate(PAGES, start=1):
        made[entry.name] = action = actions.add(
            f"page.{entry.name}",
            entry.title,
            slot=partial(window.show_page, entry.name, soon=True),
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


class _StepText(QObject):
    """Says in an action's text which step it is about; Qt disconnects it when the action goes.

    The undo stack lives longer than the actions, and is cleared when it is deleted.
    """

    def __init__(self, action: QAction) -> None:
        super().__init__(action)
        self._action, self._verb = action, action.text()

    def show(self, step: str) -> None:
        self._action.setText(f"{self._verb} {caption(step)}".rstrip())
