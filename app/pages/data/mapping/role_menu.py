"""A menu of roles for one or several columns."""

from __future__ import annotations

from collections.abc import Callable, Collection

from PySide6.QtCore import Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from app.pages.data.current import CurrentDataset
from app.pages.data.mapping.mapping_model import set_role
from app.pages.data.words import ROLE_HINTS, ROLE_TITLES
from engine.contract.specs.data import Role


def role_menu(parent: QWidget, current: CurrentDataset, names: Collection[str]) -> QMenu:
    """A menu that sets the role of these columns, with a mark at the one they have."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.setToolTipsVisible(True)
    title = f"Role of ‘{next(iter(names))}’" if len(names) == 1 else f"Role of {len(names)} columns"
    menu.addSection(title)
    menu.setAccessibleName(title)
    held = {column.role for column in current.mapping.columns if column.name in names}
    group = QActionGroup(menu)
    for role, words in ROLE_TITLES.items():
        action = menu.addAction(words)
        action.setCheckable(True)
        action.setChecked(held == {role})
        action.setToolTip(ROLE_HINTS[role])
        group.addAction(action)
        action.triggered.connect(_setter(current, tuple(names), role))
    return menu


def _setter(current: CurrentDataset, names: tuple[str, ...], role: Role) -> Callable[[bool], bool]:
    return lambda _checked: set_role(current, names, role)
