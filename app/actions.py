"""One registry of actions that feeds menus, the command palette, the shortcut list and tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QIcon, QKeySequence
from PySide6.QtWidgets import QWidget

Shortcut = str | QKeySequence | QKeySequence.StandardKey | None


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


class ActionRegistry(QObject):
    """All actions of the window by name.

    Signals:
        added: `ActionEntry`.
    """

    added = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
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
        if shortcut is not None:
            action.setShortcuts(_sequences(shortcut))
        if tip:
            action.setToolTip(tip)
            action.setStatusTip(tip)
        if slot is not None:
            call = slot
            action.triggered.connect(lambda _checked=False: call())
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
    if isinstance(shortcut, QKeySequence.StandardKey):
        return QKeySequence.keyBindings(shortcut)[:1]  # the others are keys such as "Open"
    if isinstance(shortcut, str):
        return [QKeySequence(part) for part in shortcut.split("; ")]
    return [shortcut] if shortcut is not None else []
