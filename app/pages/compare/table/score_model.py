"""The score table as an item model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.pages.compare import formats
from app.pages.compare.model import CompareModel
from app.pages.compare.table.score_table import ScoreRow, ScoreTable
from app.theme import Theme
from app.widgets.swatch import look_of, swatch_pixmap
from engine.contract.metrics import metric_info, metric_title

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
COMPUTING = "computing…"


@dataclass(frozen=True)
class Heading:
    """A column: its title, what it means, and what a row shows in it (text, tool tip)."""

    title: str
    tip: str
    cell: Callable[[ScoreRow], tuple[str, str]]


class ScoreModel(QAbstractTableModel):
    """One row a system; columns follow the metrics that there are."""

    def __init__(self, model: CompareModel, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model, self._theme = model, theme
        self.table: ScoreTable = model.score_table
        self._headings = headings(self.table)
        model.comparison_changed.connect(self._reset)
        model.scores_changed.connect(self._take)
        theme.changed.connect(self._repaint)

    def rowCount(self, parent: Index = _ROOT) -> int:
        """One row a system."""
        return 0 if parent.isValid() else len(self.table.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """System, metrics, differences, cost."""
        return 0 if parent.isValid() else len(self._headings)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles, with their meaning as a tool tip."""
        if orientation is not Qt.Orientation.Horizontal or section >= len(self._headings):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._headings[section].title
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._headings[section].tip
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What one cell shows."""
        if not index.isValid():
            return None
        row = self.table.rows[index.row()]
        heading = self._headings[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return heading.cell(row)[0]
        if role == Qt.ItemDataRole.ToolTipRole:
            return heading.cell(row)[1] or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return swatch_pixmap(look_of(self._theme, row.look))
        if role == Qt.ItemDataRole.ForegroundRole and heading.title.startswith("Mean"):
            mean = row.mean_difference
            return self._theme.colors.muted if mean and not mean.excludes_zero else None
        return None

    def _reset(self) -> None:
        self.beginResetModel()
        self.table = self._model.score_table
        self._headings = headings(self.table)
        self.endResetModel()

    def _take(self) -> None:
        self.table = self._model.score_table
        self._headings = headings(self.table)
        self._repaint()

    def _repaint(self) -> None:
        if self.table.rows:
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)


def headings(table: ScoreTable) -> tuple[Heading, ...]:
    """The columns of a table."""
    title = metric_title(table.metric)
    way = metric_info(table.metric).direction
    found = [Heading("System", "A is the reference system", lambda row: _name(row, table.metric))]
    found += [_metric(metric) for metric in table.metrics]
    if len(table.rows) > 1:
        found += _differences(table, title, way)
    found += [
        Heading(
            "Stored",
            "Saved on disk in addition to the backbone",
            lambda row: (formats.bytes_text(row.cost.stored_bytes), ""),
        ),
        Heading(
            "Training",
            "Time until the last optimiser step, evaluations included, pauses not",
            lambda row: (formats.duration_text(row.cost.training_s), ""),
        ),
        Heading(
            "Trainable",
            "Parameters that were trained",
            lambda row: (
                formats.count_text(row.cost.trainable),
                f"{row.cost.trainable:,}" if row.cost.trainable is not None else "",
            ),
        ),
        Heading(
            "Decoding",
            "Speed of decoding the test inputs; that of training is on the Runs page",
            lambda row: (_speed(row), ""),
        ),
    ]
    return tuple(found)


def _differences(table: ScoreTable, title: str, way: str) -> list[Heading]:
    """What only two systems or more have."""
    metric = table.metric

    def mean(row: ScoreRow) -> tuple[str, str]:
        if row.mean_difference is not None:
            tip = formats.mean_tip(row.mean_difference, title)
            return formats.mean_text(row.mean_difference, metric), tip
        return COMPUTING if table.is_computing and row is not table.rows[0] else formats.NONE, ""

    return [
        Heading(f"Δ {title}", f"Corpus {title} minus that of A. {way}", _corpus(metric)),
        Heading(
            f"Mean row Δ {title}",
            f"Mean of the rows' {title} differences to A, with its 95 % paired bootstrap "
            f"interval; grey where the interval includes 0. {way}",
            mean,
        ),
    ]


def _speed(row: ScoreRow) -> str:
    return f"{formats.speed_text(row.tokens_per_s)} tokens/s" if row.tokens_per_s else formats.NONE


def _name(row: ScoreRow, metric: str) -> tuple[str, str]:
    decoding = row.decoding.replace("|", ", ") or "not known"
    lines = [row.name]
    if row.mean_difference is not None:
        lines.append(f"Mean row difference: {formats.mean_text(row.mean_difference, metric)}")
    if row.corpus_difference is not None:
        lines.append(
            f"Difference of the corpus scores: {formats.signed(row.corpus_difference, metric)}"
        )
    lines += [
        f"Decoding: {decoding}, {_speed(row)}",
        f"Rows: {row.rows:,}",
        f"Stored: {formats.bytes_text(row.cost.stored_bytes)}",
        f"Training: {formats.duration_text(row.cost.training_s)}",
        f"Trainable: {formats.count_text(row.cost.trainable)}",
    ]
    return f"{row.letter}  {row.name}", "\n".join(lines)


def _metric(metric: str) -> Heading:
    def cell(row: ScoreRow) -> tuple[str, str]:
        score = row.scores.get(metric)
        if score is None:
            return formats.NONE, "Not scored yet"
        mark = "†" if row.own_rows else ""
        note = f"\n† over all {row.rows:,} rows of this system" if mark else ""
        return formats.score_text(score) + mark, formats.score_tip(score) + note

    tip = f"{metric_info(metric).tip} The corpus score ± half its 95 % bootstrap interval"
    return Heading(metric_title(metric), tip, cell)


def _corpus(metric: str) -> Callable[[ScoreRow], tuple[str, str]]:
    def cell(row: ScoreRow) -> tuple[str, str]:
        tip = (
            f"Corpus {metric_title(metric)} minus that of A"
            if row.corpus_difference is not None
            else ""
        )
        if row.own_rows:
            tip = "The corpus scores were computed over different rows"
        return formats.signed(row.corpus_difference, metric), tip

    return cell


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
