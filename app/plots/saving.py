"""Asks where to save a plot, and saves it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from app.plots.board import PlotBoard
from app.plots.export import CsvExport, save_png, save_svg
from app.plots.lines import INFO
from app.theme import Theme
from engine.contract.errors import UserError

_FILTERS = {"png": "PNG picture (*.png)", "svg": "SVG picture (*.svg)", "csv": "CSV table (*.csv)"}


class PlotSaver(QObject):
    """Serves the Export menu of a board.

    Signals:
        saved: the `Path` that was written.
        failed: a sentence.
    """

    saved = Signal(object)
    failed = Signal(str)

    def __init__(self, board: PlotBoard, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._board = board
        self._theme = theme
        board.controls.export_asked.connect(self.ask)

    def ask(self, kind: str) -> None:
        """Ask for a file of this kind, then write it."""
        name = f"{self._title().lower().replace(' ', '-')}.{kind}"
        chosen, _filter = QFileDialog.getSaveFileName(
            self._board, "Save the plot", name, _FILTERS[kind]
        )
        if chosen:
            path = Path(chosen)
            self.save(kind, path if path.suffix else path.with_suffix(f".{kind}"))

    def save(self, kind: str, path: Path) -> None:
        """Write what is plotted to `path`; `saved` or `failed` tells how it went."""
        if kind == "csv":
            for run in self._board.view.runs:
                run.series.update()
            export = CsvExport(self._board.view.runs, path, self)
            export.finished.connect(lambda: self.saved.emit(path))
            export.failed.connect(self.failed)
            export.finished.connect(export.deleteLater)
            export.failed.connect(export.deleteLater)
            return
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
