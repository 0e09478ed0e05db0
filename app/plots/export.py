"""Saving plots as pictures, PNG or SVG, and their numbers as a table; asking where to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, QPoint, QRect, QSize, Signal
from PySide6.QtGui import QColor, QImage, QImageWriter, QPaintDevice, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QFileDialog, QWidget

from app.plots.board import PlotBoard
from app.plots.lines import INFO
from app.plots.plot_view import ShownRun
from app.plots.series import EVALUATION_COLUMNS, METRIC_COLUMNS, Axis
from app.settings import Settings
from app.table_saving import ask_where_to_save, save_table
from app.theme import Theme
from engine.contract.errors import UserError
from engine.contract.files.writing import explain_disk_errors
from engine.contract.tables.saving import Cell, Line

PNG_SCALE = 2.0
PICTURES = {"png": "PNG image (*.png)", "svg": "SVG image (*.svg)"}
"""Kinds, which are endings, and how the file dialog calls them."""


def save_image(
    widgets: Sequence[QWidget], path: Path, *, kind: str, background: QColor, title: str
) -> None:
    """Draw widgets, one under another, as an SVG, or as a PNG of twice their size.

    Raises:
        UserError: the file cannot be written.
    """
    width = max(widget.width() for widget in widgets)
    size = QSize(width, sum(widget.height() for widget in widgets))
    image = QImage(size * PNG_SCALE, QImage.Format.Format_ARGB32_Premultiplied)
    device: QPaintDevice = image
    if kind == "svg":
        device = generator = QSvgGenerator()
        generator.setFileName(str(path))
        generator.setSize(size)
        generator.setViewBox(QRect(QPoint(), size))
        generator.setTitle(title)
        # Opened here first: the generator only warns where it cannot write.
        with explain_disk_errors(path), open(path, "wb"):
            pass
    image.setDevicePixelRatio(PNG_SCALE)
    image.fill(background)
    painter = QPainter(device)
    for widget in widgets:
        widget.render(painter, QPoint())
        painter.translate(0, widget.height())
    painter.end()
    if device is image and not QImageWriter(str(path), QByteArray(b"PNG")).write(image):
        raise UserError(
            "picture-not-written",
            "The image cannot be written to {path}. Choose another folder.",
            path=path,
        )


def number_lines(runs: Sequence[ShownRun]) -> Iterator[Line]:
    """The column names, a line a step and one an evaluation, each with the columns that it has."""
    metrics = tuple(dict.fromkeys(name for run in runs for name in run.series.score_metrics()))
    yield ["run_id", "run", "kind", *METRIC_COLUMNS, "valid_loss", "is_best", *metrics]
    # Copies of all runs first: they may grow, or be cut back, while the file is written.
    copies = [
        ([run.series.metrics[name].copy() for name in METRIC_COLUMNS], _evaluations(run, metrics))
        for run in runs
    ]
    for run, (columns, evaluations) in zip(runs, copies, strict=True):
        head = [run.run_id, run.name]
        for values in zip(*columns, strict=True):
            yield [*head, "step", *map(_number, values), "", "", *[""] * len(metrics)]
        for cells in evaluations:
            yield [*head, "evaluation", *cells]


def _evaluations(run: ShownRun, metrics: Sequence[str]) -> list[list[Cell]]:
    evaluations = run.series.evaluations
    columns = {name: evaluations[name] for name in EVALUATION_COLUMNS}
    columns["tokens"] = run.series.evaluation_x(Axis.TOKENS)
    columns |= {metric: run.series.scores(metric) for metric in metrics}
    names = (*METRIC_COLUMNS, "valid_loss", "is_best", *metrics)
    return [
        [_number(columns[name][row]) if name in columns else "" for name in names]
        for row in range(evaluations.size)
    ]


def _number(value: float) -> float:
    """Whole numbers without a point; others in full."""
    return int(value) if float(value).is_integer() else float(value)


def choose_image_file(parent: QWidget, title: str, name: str, *kinds: str) -> Path | None:
    """Let the user choose a file for a picture of one of these kinds, which gets its ending."""
    filters = {PICTURES[kind]: f".{kind}" for kind in kinds}
    file, chosen = QFileDialog.getSaveFileName(
        parent, title, f"{name}.{kinds[0]}", ";;".join(filters)
    )
    if not file:
        return None
    path = Path(file)
    return path if path.suffix else path.with_suffix(filters.get(chosen, f".{kinds[0]}"))


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
        self._board, self._theme, self._settings = board, theme, settings
        board.controls.export_asked.connect(self.ask)

    def ask(self, kind: str) -> None:
        """Ask for a file of this kind, then write it; "table" is one of numbers."""
        name = self._title().lower().replace(" ", "-")
        if kind == "table":
            title, chosen = "Save the numbers", self.save_numbers
            ask_where_to_save(self._board, self._settings, title, name=name, chosen=chosen)
        elif path := choose_image_file(self._board, "Save the plot", name, kind):
            self.save(kind, path)

    def save_numbers(self, path: Path) -> None:
        """Write the numbers of the shown runs, as CSV or as a workbook."""
        runs = self._board.view.runs
        for run in runs:
            run.series.update()
        save_table(
            path,
            number_lines(runs),
            self,
            done=lambda _count: self.saved.emit(path),
            failed=lambda error: self.failed.emit(error.message),
        )

    def save(self, kind: str, path: Path) -> None:
        """Write what is plotted to `path`; `saved` or `failed` reports how it went."""
        self._board.refresher.draw_now()
        board, background = self._board, self._theme.colors.window
        try:
            save_image(board.parts, path, kind=kind, background=background, title=self._title())
        except UserError as error:
            self.failed.emit(str(error))
        else:
            self.saved.emit(path)

    def _title(self) -> str:
        quantity = self._board.view.choice.quantity
        return "All plots" if quantity is None else INFO[quantity].title
