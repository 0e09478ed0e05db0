"""One registry of actions that feeds menus, the command palette, the shortcut list and tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QIcon, QKeySequence
from PySide6.QtWidgets import QWidget

Shortcut = str | QKeySequence.StandardKey | None
_NOT_EVERYWHERE = {QKeySequence.StandardKey.FullScreen: "F11"}


@dataclass(frozen=True)
class ActionEntry:
    """A registered action; `menu` is "file", "edit", "view", "run", "help" or "" for none."""

    ident: str
    menu: str
    action: QAction

    @property
    def title(self) -> str:
        """The words without the ampersand and dots of menus."""
        return self.action.text().replace("&", "").rstrip("….")


_NEEDS = {
    "edit.undo": "nothing to undo",
    "edit.redo": "nothing to redo",
    "project": "not installed",
    "this.archive": "the project is being archived",
    "runs.train": "needs data with a target, and settings without errors",
    "runs.stop": "select a run that is running",
    "runs.pause": "select a run that is training",
    "runs.resume": "select a run that was stopped, paused or interrupted",
    "runs.export": "select a finished run",
    "runs.use": "select a finished run",
    "runs.compare": "select finished runs",
    "runs": "select a run",
    "playground.stop": "nothing is being written",
    "playground": "tick a system",
    "write.edit": "select a row",
    "write.again": "select rows that have texts, at most 2,000",
    "write.restore": "select rows whose text was changed",
    "write.save": "write some texts first",
    "write": "open a table first",
    "prefixes.show_run": "select a prefix that a run of this project trained",
    "prefixes.export": "select a prefix that is whole",
    "prefixes.pack": "select a prefix that is whole",
    "prefixes.inspect": "select a prefix that is whole",
    "prefixes.serve": "select prefixes that are whole",
    "prefixes": "select a prefix",
    "studies.pause": "select a study that is running",
    "studies.stop": "select a study that is running",
    "studies.continue": "select a study that was paused or stopped",
    "studies.retry": "select a study with failed runs",
    "studies": "select a study",
}
"""Why an action is disabled, by its name or the longest beginning of it that is listed."""
_WITHOUT_PROJECT = ("edit.", "project.")


def why_not(entry: ActionEntry, *, has_project: bool) -> str:
    """A few words: what is missing for an action that is disabled."""
    if not has_project and not entry.ident.startswith(_WITHOUT_PROJECT):
        return "open a project first"
    named = [name for name in _NEEDS if entry.ident.startswith(name)]
    return _NEEDS[max(named, key=len)] if named else "not possible now"


class ActionRegistry(QObject):
    """All actions of the window by name.

    Signals:
        added: `ActionEntry`.
    """

    added = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._entries: dict[str, ActionEntry] = {}

    def add(
        self,
        ident: str,
        text: str,
        *,
        slot: Callable[[], object] | None = None,
        menu: str = "",
        shortcut: Shortcut = None,
        icon: QIcon | None = None,
        tip: str = "",
        checkable: bool = False,
        scope: QWidget | None = None,
    ) -> QAction:
        """Make and register an action.

        Args:
            ident: unique, such as "runs.train".
            text: as menus show it, with "&" before the key and "…" if a dialog follows.
            slot: called without arguments when it is triggered.
            menu: the menu that lists it, in order of registration.
            scope: the widget that must have the focus for the shortcut; None: the window.
        """
        if ident in self._entries:
            raise ValueError(f"there is an action {ident!r} already")
        action = QAction(text, scope if scope is not None else self)
        action.setObjectName(ident)
        action.setCheckable(checkable)
        if icon is not None:
            action.setIcon(icon)
        action.setShortcuts(_sequences(shortcut))
        if tip:
            action.setToolTip(tip)
            action.setStatusTip(tip)
        if slot is not None:
            action.triggered.connect(lambda _checked=False: slot())
        if scope is not None:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            scope.addAction(action)
        entry = ActionEntry(ident, menu, action)
        self._entries[ident] = entry
        self.added.emit(entry)
        return action

    def get(self, ident: str) -> QAction:
        """The action of this name; raise `KeyError` where there is none."""
        return self._entries[ident].action

    def all(self) -> list[ActionEntry]:
        """All entries in the order of registration."""
        return list(self._entries.values())


def _sequences(shortcut: Shortcut) -> list[QKeySequence]:
    if isinstance(shortcut, QKeySequence.StandardKey):  # the others are keys such as "Open"
        return QKeySequence.keyBindings(shortcut)[:1] or _sequences(_NOT_EVERYWHERE.get(shortcut))
    return [QKeySequence(part) for part in shortcut.split("; ")] if shortcut else []
