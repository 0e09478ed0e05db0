"""Short messages about what was done where it cannot be seen; the window shows them for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QUndoStack


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        button: the words of its button, or "" for none.
        action: what the button does.
        expires: whether the next step of the undo stack takes it away: its button is *Undo*.
    """

    text: str
    button: str = ""
    action: Callable[[], object] | None = None
    expires: bool = False


class Messages(QObject):
    """Where pages say that something is done.

    Signals:
        posted: `Message`, in place of the one before.
    """

    posted = Signal(object)

    def post(self, text: str, button: str = "", action: Callable[[], object] | None = None) -> None:
        """Show a message, with a button that goes on from it."""
        self.posted.emit(Message(text, button, action))

    def post_undo(self, text: str, undo: QUndoStack) -> None:
        """Show a message about the latest step of `undo`, with a button that takes it back."""
        self.posted.emit(Message(text, "Undo", undo.undo, expires=True))

    def post_file(self, text: str, path: Path) -> None:
        """Show a message about a file or folder that was written, with a button that shows it."""
        folder = path if path.is_dir() else path.parent
        self.post(text, "Show", lambda: show_folder(folder))


def show_folder(folder: Path) -> None:
    """Show a folder in the system's own program for them."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
