"""Buttons: without a frame, with one, and a row of them with a menu for what has no room."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolBar,
    QToolButton,
    QWidget,
)

from app.assets import icon
from app.qt.sizes import icon_size
from app.qt.timers import Slot

Button = TypeVar("Button", bound=QAbstractButton)


def flat_button(
    icon: str = "",
    tip: str = "",
    slot: Slot | None = None,
    *,
    text: str = "",
    name: str = "",
    menu: QMenu | None = None,
) -> QToolButton:
    """A button without a frame: an icon, with words beside it if there are any.

    Args:
        name: for readers; without one, the words, or else the tip.
        menu: opens at once.
    """
    button = _dress(QToolButton(), icon, tip, slot, text=text, name=name or text or tip)
    button.setAutoRaise(True)
    if text and icon:
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    if menu is not None:
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(menu)
    return button


def push_button(
    text: str, slot: Slot | None = None, *, icon: str = "", tip: str = "", name: str = ""
) -> QPushButton:
    """A button with a frame; `name` is for readers, where the words do not say it."""
    return _dress(QPushButton(), icon, tip, slot, text=text, name=name)


def action_button(action: QAction, *, text: str = "") -> QToolButton:
    """A flat button that follows an action, with other words if need be."""
    button = flat_button(name=text or action.toolTip())
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    if text:
        button.setText(text)
    return button


def _dress(
    button: Button, icon_name: str, tip: str, slot: Slot | None, *, text: str, name: str
) -> Button:
    if icon_name:
        button.setIcon(icon(icon_name))
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(name)
    if slot is not None:
        button.clicked.connect(slot)
    return button


class ToolRow(QToolBar):
    """Actions as flat buttons, and other widgets; a button at the end shows what is hidden."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.setMovable(False)
        self.setIconSize(icon_size())
        self.setStyleSheet("QToolBar { border: none; background: transparent; }")

    def add(self, action: QAction, *, words: bool = True) -> None:
        """Put an action's button at the end, with its words or as its icon alone."""
        self.addAction(action)
        button = self.widgetForAction(action)
        assert isinstance(button, QToolButton)
        if words:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a tool bar would leave it to the mouse
        button.setAccessibleName(action.toolTip() or action.text().replace("&", ""))

    def add_space(self) -> None:
        """Push what follows to the right."""
        space = QWidget()
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(space)
