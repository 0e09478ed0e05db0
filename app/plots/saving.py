"""Asks where to save a plot, and saves it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from app.plots.board import PlotBoard
from app.plots.export import number_lines, save_png, save_svg
from app.plots.lines import INFO
from app.settings import Settings
from app.table_saving import ask_where_to_save, save_table
from app.theme import Theme
from engine.contract.errors import UserError

_FILTERS = {"png": "PNG picture (*.png)", "svg": "SVG picture (*.svg)"}


class PlotSaver(QObject):
    """Serves the Export menu of a board.

    Signals:
        saved: the `Path` that was written.
        failed: a sentence.
    """

    saved = Signal(object)
    failed = Signal(str)

    def __init__(
        self, board: PlotBoard, theme: Theme, *, settings: Settings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._board = board
        self._theme = theme
        self._settings = settings
        board.controls.export_asked.connect(self.ask)

    def ask(self, kind: str) -> None:
        """Ask for a file of this kind, then write it; "table" is one of numbers."""
        name = self._title().lower().replace(" ", "-")
        if kind == "table":
            title = "Save the numbers"
            ask_where_to_save(
                self._board, self._settings, title, name=name, chosen=self.save_numbers
            )
            return
        chosen, _filter = QFileDialog.getSaveFileName(
            self._board, "Save the plot", f"{name}.{kind}", _FILTERS[kind]
        )
        if chosen:
            path = Path(chosen)
            self.save(kind, path if path.suffix else path.with_suffix(f".{kind}"))

    def save_numbers(self, path: Path) -> None:
        """Write the numbers of the shown runs, as CSV or as a workbook."""
        for run in self._board.view.runs:
            run.series.update()
        save_table(
            path,
            number_lines(self._board.view.runs),
            self,
            done=lambda _count: self.saved.emit(path),
            failed=lambda error: self.failed.emit(error.message),
        )

    def save(self, kind: str, path: Path) -> None:
        """Write what is plotted to `path`; `saved` or `failed` tells how it went."""
        self._board.refresher.draw_now()
        try:
            if kind == "svg":
                save_svg(self._board.picture, path, self._title())
            else:
                save_png(self._board.picture, path, self._theme.colors.window)
        except UserError as error:
            self.failed.emit(str(error))
        else:
            self.saved.emit(path)

    def _title(self) -> str:
        quantity = self._board.view.quantity
        return "All plots" if quantity is None else INFO[quantity].title
