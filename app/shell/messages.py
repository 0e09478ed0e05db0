"""How pages speak to the window: which page to show, and what was done where it is not seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QUndoStack

from engine.contract.reading.reading import ReadOptions


class Navigator(QObject):
    """Where pages ask to be taken.

    Signals:
        page_requested: name of a page, as `page_list.PAGES` has it.
        runs_requested: run id to select in Runs, or "".
        compare_requested: tuple of run ids to compare.
        write_requested: folder of a run or prefix, or ""; a table as `Path`, or None; how that is
            read as `ReadOptions`, or None.
        open_requested: a dropped or chosen `Path`, for the window to find out what it is.
    """

    page_requested = Signal(str)
    runs_requested = Signal(str)
    compare_requested = Signal(object)
    write_requested = Signal(str, object, object)
    open_requested = Signal(object)

    def show_data(self) -> None:
        """Go to the Data page."""
        self.page_requested.emit("data")

    def show_runs(self, run_id: str = "") -> None:
        """Go to the Runs page, and select a run there."""
        self.page_requested.emit("runs")
        self.runs_requested.emit(run_id)

    def show_compare(self, run_ids: Iterable[str] = ()) -> None:
        """Go to the Compare page, with these runs chosen."""
        self.page_requested.emit("compare")
        self.compare_requested.emit(tuple(run_ids))

    def show_write(
        self, system: str = "", table: Path | None = None, reading: ReadOptions | None = None
    ) -> None:
        """Go to the Write page, with this run or prefix, or about this table."""
        self.page_requested.emit("write")
        self.write_requested.emit(system, table, reading)

    def open_path(self, path: Path) -> None:
        """Open a file or folder, whatever it is."""
        self.open_requested.emit(path)


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
        posted: `Message`, which replaces the one before.
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
