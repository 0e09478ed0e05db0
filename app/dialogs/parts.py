"""Rows of widgets that several dialogs have."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
)

from app.theme import SPACE_S


def add_folder_row(
    form: QFormLayout, label: str, field: QLineEdit, choose: Callable[[], None], *, tip: str
) -> None:
    """A folder to type, with a button that lets the user choose it.

    Args:
        label: with the key that goes to the field.
        choose: what the button does.
        tip: the button's accessible name.
    """
    button = QPushButton("Choose…")
    button.setAccessibleName(tip)
    button.clicked.connect(choose)
    row = QHBoxLayout()
    row.setSpacing(SPACE_S)
    row.addWidget(field, 1)
    row.addWidget(button)
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
