"""The columns of the score table, in the window and in its copies."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QColor

from app.pages.compare.table import formats
from app.pages.compare.table.score_table import ScoreRow, ScoreTable
from app.qt.table_model import LEFT, RIGHT, TableColumn
from app.theme import Theme
from app.widgets.swatch import style_of, swatch_pixmap
from engine.contract.metrics import metric_info, metric_title

COMPUTING = "computing…"
Column = TableColumn[ScoreRow]
_number = partial(Column, align=RIGHT)


def score_columns(table: ScoreTable, theme: Theme) -> tuple[Column, ...]:
    """System, a column a metric, differences where there are two systems, cost."""
    return (
        Column(
            "System",
            lambda row: f"{row.letter}  {row.system.name}",
            title_tip="A is the reference system",
            align=LEFT,
            tip=lambda row: _facts(row, table.metric),
            icon=lambda row: swatch_pixmap(style_of(theme, row.system.entry.style)),
        ),
        *map(_metric, table.metrics),
        *(() if table.is_single else _differences(table, theme)),
        _number(
            "Size",
            lambda row: formats.bytes_text(row.system.entry.stored_bytes),
            title_tip="Saved on disk in addition to the backbone",
        ),
        _number(
            "Training",
            lambda row: formats.duration_text(row.system.entry.training_s),
            title_tip="Time until the last optimiser step, evaluations included, pauses not",
        ),
        _number(
            "Trainable",
            lambda row: formats.count_text(row.system.entry.trainable),
            title_tip="Parameters that were trained",
            tip=_exact_parameters,
        ),
        _number(
            "Speed",
            lambda row: formats.speed_text(row.tokens_per_s),
            title_tip="Tokens written per second for the test inputs, or read where none are "
            "written; the speed of training is on the Runs page",
        ),
    )


def _differences(table: ScoreTable, theme: Theme) -> tuple[Column, ...]:
    metric, title = table.metric, metric_title(table.metric)
    way = metric_info(metric).direction

    def corpus_tip(row: ScoreRow) -> str | None:
        if row.own_rows:
            return "The corpus scores were computed over different rows"
        return None if row.corpus_difference is None else f"Corpus {title} minus that of A"

    def mean_text(row: ScoreRow) -> str:
        is_awaited = table.is_computing and row is not table.rows[0] and not row.is_baseline
        if row.mean_difference is None and is_awaited:
            return COMPUTING
        return formats.mean_text(row.mean_difference, metric)

    def mean_tip(row: ScoreRow) -> str | None:
        return formats.mean_tip(row.mean_difference, title) if row.mean_difference else None

    def color(row: ScoreRow) -> QColor | None:
        mean = row.mean_difference
        return theme.colors.muted if mean and not mean.excludes_zero else None

    return (
        _number(
            f"Δ {title}",
            lambda row: formats.signed(row.corpus_difference, metric),
            title_tip=f"Corpus {title} minus that of A. {way}",
            tip=corpus_tip,
        ),
        _number(
            f"Mean row Δ {title}",
            mean_text,
            title_tip=f"Mean of the rows' {title} differences to A, with its 95 % paired bootstrap "
            f"interval; grey where the interval includes 0. {way}",
            tip=mean_tip,
            color=color,
        ),
    )


def _metric(metric: str) -> Column:
    def text(row: ScoreRow) -> str:
        score = row.system.scores.get(metric)
        return formats.score_text(score) + ("†" if score is not None and row.own_rows else "")

    def tip(row: ScoreRow) -> str:
        score = row.system.scores.get(metric)
        if score is None:
            return "Not scored yet"
        note = f"\n† over all {len(row.system.rows):,} rows of this system" if row.own_rows else ""
        return formats.score_tip(score) + note

    meaning = f"{metric_info(metric).tip} The corpus score ± half its 95 % bootstrap interval"
    return _number(metric_title(metric), text, title_tip=meaning, tip=tip)


def _exact_parameters(row: ScoreRow) -> str | None:
    return None if row.system.entry.trainable is None else f"{row.system.entry.trainable:,}"


def _facts(row: ScoreRow, metric: str) -> str:
    entry, decoding = row.system.entry, row.system.decoding.replace("|", ", ") or "not known"
    lines = [row.system.name]
    if row.mean_difference is not None:
        lines.append(f"Mean row difference: {formats.mean_text(row.mean_difference, metric)}")
    if row.corpus_difference is not None:
        difference = formats.signed(row.corpus_difference, metric)
        lines.append(f"Difference of the corpus scores: {difference}")
    lines += [
        f"Outputs: {decoding}, {formats.speed_text(row.tokens_per_s)}",
        f"Rows: {row.scored:,}",
        f"Size: {formats.bytes_text(entry.stored_bytes)}",
        f"Training: {formats.duration_text(entry.training_s)}",
        f"Trainable: {formats.count_text(entry.trainable)}",
    ]
    return "\n".join(lines)
