"""Rows of widgets that several dialogs have."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QFrame,
    QLabel,
    QLayout,
    QLineEdit,
    QScrollArea,
    QWidget,
)

from app.qt.boxes import hbox, vbox
from app.qt.sizes import chars, room, set_minimum_chars
from app.theme import SPACE_L, SPACE_M, SPACE_S
from app.widgets.buttons import push_button


def fill(dialog: QDialog, content: QLayout, buttons: QWidget, *, width_chars: int = 60) -> None:
    """Put content above buttons; what has no room on the screen scrolls.

    Args:
        width_chars: how wide the dialog is at least, in letters.
    """
    area = _Content(content, width_chars)
    vbox(
        (area, 1),
        buttons,
        parent=dialog,
        margins=(SPACE_L, SPACE_L, SPACE_L, SPACE_M),
        spacing=SPACE_L,
    )
    set_minimum_chars(dialog, width_chars)


class _Content(QScrollArea):
    """As large as its content, within the screen."""

    def __init__(self, content: QLayout, width_chars: int) -> None:
        super().__init__()
        self._content, self._width_chars = content, width_chars
        inside = QWidget()
        content.setContentsMargins(0, 0, 0, 0)
        inside.setLayout(content)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(inside)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the keyboard scroll, where there is something to scroll."""
        super().resizeEvent(event)
        scrolls = self.verticalScrollBar().maximum() > 0
        policy = Qt.FocusPolicy
        self.setFocusPolicy(policy.TabFocus if scrolls else policy.NoFocus)

    def sizeHint(self) -> QSize:
        """With lines broken at the width there is."""
        layout, limit = self._content, room() - QSize(2, 5) * SPACE_L
        width = max(layout.sizeHint().width(), chars(self._width_chars))
        width = min(width, limit.width())
        height = layout.totalSizeHint().height()
        if layout.hasHeightForWidth():
            height = layout.totalHeightForWidth(width)
        return QSize(width, height).boundedTo(limit)


def add_folder_row(
    form: QFormLayout, label: str, field: QLineEdit, choose: Callable[[], None], *, tip: str
) -> None:
    """A folder to type, with a button that lets the user choose it.

    Args:
        label: with the key that goes to the field.
        choose: what the button does.
        tip: the button's accessible name.
    """
    row = hbox((field, 1), push_button("Choose…", choose, name=tip), spacing=SPACE_S)
    buddy = QLabel(label)
    buddy.setBuddy(field)
    form.addRow(buddy, row)


def ok_and_cancel(dialog: QDialog, ok_text: str) -> QDialogButtonBox:
    """Buttons that accept and reject the dialog."""
    buttons = QDialogButtonBox(
        QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
    )
    buttons.button(QDialogButtonBox.StandardButton.Ok).setText(ok_text)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    return buttons
