"""The score table as an item model."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QColor

from app.pages.compare import formats
from app.pages.compare.model import CompareModel
from app.pages.compare.table.score_table import ScoreRow, ScoreTable
from app.qt.table_model import LEFT, RIGHT, TableColumn, TableModel
from app.theme import Theme
from app.widgets.swatch import look_of, swatch_pixmap
from engine.contract.metrics import metric_info, metric_title

COMPUTING = "computing…"
Column = TableColumn[ScoreRow]


class ScoreModel(TableModel[ScoreRow]):
    """One row a system; columns follow the metrics that there are."""

    def __init__(self, model: CompareModel, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent=parent, key=lambda row: row.letter)
        self._model, self._theme = model, theme
        model.comparison_changed.connect(self._reset)
        model.scores_changed.connect(self._take)
        theme.changed.connect(self.touch)
        self._reset()

    def _reset(self) -> None:
        self.table: ScoreTable = self._model.score_table
        self.show_table(score_columns(self.table, self._theme), self.table.rows)

    def _take(self) -> None:
        self.table = self._model.score_table
        self.set_columns(score_columns(self.table, self._theme))
        self.set_rows(self.table.rows)


def score_columns(table: ScoreTable, theme: Theme) -> tuple[Column, ...]:
    """The columns of a table."""
    number = partial(Column, align=RIGHT)
    return (
        Column(
            "System",
            lambda row: f"{row.letter}  {row.name}",
            title_tip="A is the reference system",
            align=LEFT,
            tip=lambda row: _facts(row, table.metric),
            icon=lambda row: swatch_pixmap(look_of(theme, row.look)),
        ),
        *map(_metric, table.metrics),
        *(_differences(table, theme) if len(table.rows) > 1 else ()),
        number(
            "Stored",
            lambda row: formats.bytes_text(row.cost.stored_bytes),
            title_tip="Saved on disk in addition to the backbone",
        ),
        number(
            "Training",
            lambda row: formats.duration_text(row.cost.training_s),
            title_tip="Time until the last optimiser step, evaluations included, pauses not",
        ),
        number(
            "Trainable",
            lambda row: formats.count_text(row.cost.trainable),
            title_tip="Parameters that were trained",
            tip=lambda row: f"{row.cost.trainable:,}" if row.cost.trainable is not None else None,
        ),
        number(
            "Decoding",
            _speed,
            title_tip="Speed of decoding the test inputs; that of training is on the Runs page",
        ),
    )


def _differences(table: ScoreTable, theme: Theme) -> tuple[Column, ...]:
    """What only two systems or more have."""
    metric, title = table.metric, metric_title(table.metric)
    way = metric_info(metric).direction

    def corpus_tip(row: ScoreRow) -> str | None:
        if row.own_rows:
            return "The corpus scores were computed over different rows"
        return None if row.corpus_difference is None else f"Corpus {title} minus that of A"

    def mean_text(row: ScoreRow) -> str:
        is_awaited = table.is_computing and row is not table.rows[0]
        if row.mean_difference is None and is_awaited:
            return COMPUTING
        return formats.mean_text(row.mean_difference, metric)

    def mean_tip(row: ScoreRow) -> str | None:
        return formats.mean_tip(row.mean_difference, title) if row.mean_difference else None

    def color(row: ScoreRow) -> QColor | None:
        mean = row.mean_difference
        return theme.colors.muted if mean and not mean.excludes_zero else None

    return (
        Column(
            f"Δ {title}",
            lambda row: formats.signed(row.corpus_difference, metric),
            title_tip=f"Corpus {title} minus that of A. {way}",
            align=RIGHT,
            tip=corpus_tip,
        ),
        Column(
            f"Mean row Δ {title}",
            mean_text,
            title_tip=f"Mean of the rows' {title} differences to A, with its 95 % paired bootstrap "
            f"interval; grey where the interval includes 0. {way}",
            align=RIGHT,
            tip=mean_tip,
            color=color,
        ),
    )


def _metric(metric: str) -> Column:
    def text(row: ScoreRow) -> str:
        score = row.scores.get(metric)
        return formats.score_text(score) + ("†" if score is not None and row.own_rows else "")

    def tip(row: ScoreRow) -> str:
        score = row.scores.get(metric)
        if score is None:
            return "Not scored yet"
        note = f"\n† over all {row.rows:,} rows of this system" if row.own_rows else ""
        return formats.score_tip(score) + note

    meaning = f"{metric_info(metric).tip} The corpus score ± half its 95 % bootstrap interval"
    return Column(metric_title(metric), text, title_tip=meaning, align=RIGHT, tip=tip)


def _speed(row: ScoreRow) -> str:
    return f"{formats.speed_text(row.tokens_per_s)} tokens/s" if row.tokens_per_s else formats.NONE


def _facts(row: ScoreRow, metric: str) -> str:
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
    return "\n".join(lines)
