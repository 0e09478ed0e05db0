"""What went wrong: a sentence and what to do, and the traceback of an unexpected error."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QWidget

from app.assets import icon
from app.dialogs.parts import bullets, close_button, fill, notice
from app.qt.boxes import vbox
from app.theme import SPACE_M, Theme, fixed_font
from app.widgets.buttons import push_button
from app.widgets.labels import WrappedLabel
from engine.contract.errors import UserError
from engine.contract.protocol.commands import Failure
from engine.contract.runs.events import Blame


class ProblemDialog(QDialog):
    """Shows a failure.

    Args:
        title: what was being done, such as "Import huts.csv".
        diagnostics: makes the text of *Copy diagnostics* from the traceback.
    """

    def __init__(
        self,
        theme: Theme,
        title: str,
        failure: Failure,
        *,
        diagnostics: Callable[[str], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.failure = failure
        self._diagnostics = diagnostics
        ours = failure.blame is Blame.ENGINE
        self.setWindowTitle("Unexpected error" if ours else title)
        colors = theme.colors
        sign = icon("error", colors.bad) if ours else icon("warning", colors.warning)
        self.message = WrappedLabel(failure.message)
        self.message.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        remedies = bullets(remedy.label for remedy in failure.remedies)
        layout = vbox(notice(sign, title, self.message, *remedies), spacing=SPACE_M)
        if failure.traceback:
            layout.addWidget(_traceback_view(failure.traceback), 1)
        buttons = close_button(self)
        if ours:
            tip = "Versions, the traceback and the end of the log; nothing is sent anywhere"
            slot = self.copy_diagnostics
            copy = push_button("Copy diagnostics", slot, icon="copy", tip=tip)
            buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        fill(self, layout, buttons, width_chars=70)

    def copy_diagnostics(self) -> None:
        """Put the error, versions and the end of the log on the clipboard."""
        error = f"{self.windowTitle()}: {self.failure.message}\n\n{self.failure.traceback}"
        QGuiApplication.clipboard().setText(self._diagnostics(error))


def _traceback_view(text: str) -> QPlainTextEdit:
    view = QPlainTextEdit(text.rstrip())
    view.setReadOnly(True)
    view.setAccessibleName("Traceback")
    view.setFont(fixed_font())
    view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    view.setMinimumHeight(view.fontMetrics().lineSpacing() * 9)
    return view


def failure_of(error: BaseException) -> Failure:
    """An exception as a failure, split by blame."""
    if isinstance(error, UserError):
        return Failure(Blame.USER, error.message, error.remedies, code=error.code)
    text = "".join(traceback.format_exception(error))
    return Failure(
        Blame.ENGINE,
        "Something unexpected happened in the program. Your project is saved as you work; you can "
        "continue, or restart the program if it misbehaves.",
        traceback=text,
    )
