"""Requests of one page to show another; the window listens."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal


class Navigator(QObject):
    """Where pages ask to be taken.

    Signals:
        page_requested: name of a page ("start", "data", "runs", "compare", "prefixes",
            "studies").
        runs_requested: run id to select in Runs, or "".
        compare_requested: tuple of run ids to compare.
        open_requested: a dropped or chosen `Path`, for the window to find out what it is.
    """

    page_requested = Signal(str)
    runs_requested = Signal(str)
    compare_requested = Signal(object)
    open_requested = Signal(object)

    def show_start(self) -> None:
        """Go to the Start page."""
        self.page_requested.emit("start")

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

    def show_prefixes(self) -> None:
        """Go to the Prefixes page."""
        self.page_requested.emit("prefixes")

    def open_path(self, path: Path) -> None:
        """Open a file or folder, whatever it is."""
        self.open_requested.emit(path)
