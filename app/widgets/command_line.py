"""The strip that shows the command for what the window is about to do."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app.assets import icon
from app.qt.boxes import hbox
from app.qt.sizes import icon_size
from app.theme import SPACE_S, Theme, fixed_font
from app.widgets.buttons import flat_button
from app.widgets.labels import ElidedLabel, Label


class CommandLine(QWidget):
    """One line of fixed-width text with a button that copies it whole."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._sign = Label()
        self._sign.setToolTip("The equivalent command")
        self._line = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        copy = flat_button("copy", "Copy the command", self.copy)
        hbox(self._sign, (self._line, 1), copy, parent=self, spacing=SPACE_S)
        theme.changed.connect(self._restyle)
        self._restyle()

    def command(self) -> str:
        """The whole command."""
        return self._line.full_text()

    def set_command(self, arguments: Sequence[str]) -> None:
        """Show `python main.py` with these arguments, quoted for a shell."""
        self._line.set_full_text(shlex.join(["python", "main.py", *arguments]))

    def copy(self) -> None:
        """Put the command on the clipboard."""
        QGuiApplication.clipboard().setText(self.command())

    def _restyle(self) -> None:
        self._line.setFont(fixed_font())
        muted = icon("command", self._theme.colors.muted)
        self._sign.setPixmap(muted.pixmap(icon_size()))
