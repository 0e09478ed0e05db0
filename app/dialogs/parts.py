"""What several dialogs have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QScrollArea,
    QWidget,
)

from app.qt.boxes import hbox, vbox
from app.qt.sizes import chars, icon_size, room, set_minimum_chars
from app.shell.project_control import unused_folder
from app.theme import SPACE_L, SPACE_M, SPACE_S, scaled_font
from app.widgets.buttons import push_button
from app.widgets.labels import WrappedLabel


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


class NewFolderEdit(QLineEdit):
    """A folder to make: it follows a name until the user types another or chooses where.

    Args:
        name: for readers.
        start: the folder to make it in.
        title: of the dialog in which the user chooses another one to make it in.
    """

    def __init__(self, name: str, start: Path, title: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._start, self._title = start, title
        self._follows, self._name = True, ""
        self.textEdited.connect(self._stop_following)

    def folder(self) -> Path:
        """The folder that was typed or follows the name."""
        return Path(self.text().strip()).expanduser()

    def follow(self, name: str) -> None:
        """Show a free folder of this name, unless the user typed another."""
        self._name = name
        if self._follows:
            self.setText(str(unused_folder(self._start, name)))

    def choose(self) -> None:
        """Let the user choose the folder to make it in."""
        chosen = QFileDialog.getExistingDirectory(self, self._title, str(self._start))
        if chosen:
            self._start, self._follows = Path(chosen), True
            self.follow(self._name)

    def _stop_following(self) -> None:
        self._follows = False


def choices(name: str, texts: Mapping[Any, str]) -> QComboBox:
    """A box to choose from these values, which are its data; `name` is for readers."""
    box = QComboBox()
    box.setAccessibleName(name)
    for value, text in texts.items():
        box.addItem(text, value)
    return box


def notice(sign: QIcon, heading: str, *lines: QWidget) -> QHBoxLayout:
    """A sign beside a bold heading and what is below it."""
    image, title = QLabel(), WrappedLabel(heading)
    image.setPixmap(sign.pixmap(icon_size(200), image.devicePixelRatio()))
    title.setFont(scaled_font(120, bold=True))
    words = vbox(title, *lines, spacing=SPACE_S)
    return hbox((image, 0, Qt.AlignmentFlag.AlignTop), (words, 1), spacing=SPACE_M)


def bullets(texts: Iterable[str]) -> list[QWidget]:
    """A list of points, one a label."""
    return [WrappedLabel(f"•  {text}") for text in texts]


def ok_and_cancel(dialog: QDialog, ok_text: str) -> QDialogButtonBox:
    """Buttons that accept and reject the dialog."""
    buttons = QDialogButtonBox(
        QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
    )
    buttons.button(QDialogButtonBox.StandardButton.Ok).setText(ok_text)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    return buttons


def close_button(dialog: QDialog) -> QDialogButtonBox:
    """The only button of a dialog that asks nothing and is deleted when it is closed."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    return buttons
