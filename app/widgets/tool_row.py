"""A row of buttons that may be narrower than its buttons: what has no room is in a menu."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSizePolicy, QToolBar, QToolButton, QWidget

ICON_PX = 16


class ToolRow(QToolBar):
    """Actions as flat buttons, and other widgets; a button at the end shows what is hidden."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.setMovable(False)
        side = max(ICON_PX, self.fontMetrics().height())
        self.setIconSize(QSize(side, side))
        self.setStyleSheet("QToolBar { border: none; background: transparent; }")

    def add(self, action: QAction, *, words: bool = True) -> None:
        """Put an action's button at the end, with its words or as its icon alone."""
        self.addAction(action)
        button = self.widgetForAction(action)
        assert isinstance(button, QToolButton)
        style = Qt.ToolButtonStyle
        button.setToolButtonStyle(
            style.ToolButtonTextBesideIcon if words else style.ToolButtonIconOnly
        )
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a tool bar would leave it to the mouse
        button.setAccessibleName(action.toolTip() or action.text().replace("&", ""))

    def add_space(self) -> None:
        """Push what follows to the right."""
        space = QWidget()
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(space)
