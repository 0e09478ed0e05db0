"""The numbers of the score table: quality with its uncertainty, and cost beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.pages.compare.comparison import Comparison
from app.pages.compare.systems.rows import Rows
from app.pages.compare.systems.systems import ComparedSystem, Kind, SystemEntry, letter
from engine.contract.metrics import higher_is_better, metric_title
from engine.contract.runs.scores import (
    BOOTSTRAP_SEED,
    RESAMPLES,
    BaselineScores,
    MeanDifference,
    OutputsMeta,
)


@dataclass(frozen=True)
class ScoreRow:
    """One system.

    Attributes:
        compared: number of the system's rows that are compared.
        corpus_difference: to the reference system, or None where there is none: for the
            reference system itself, or where the scores are over different rows.
        mean_difference: of the row scores, or None while it is computed or impossible.
        is_baseline: whether it is the prediction that is the same for each row; it has scores and
            nothing else.
    """

    letter: str
    system: ComparedSystem
    compared: int
    corpus_difference: float | None
    mean_difference: MeanDifference | None
    is_baseline: bool = False

    @property
    def scored(self) -> int:
        """Number of rows that the corpus scores cover."""
        return self.compared if self.is_baseline else len(self.system.rows)

    @property
    def own_rows(self) -> bool:
        """Whether the corpus scores cover rows that are not compared."""
        return self.scored != self.compared

    @property
    def tokens_per_s(self) -> float | None:
        """Speed of decoding, or None."""
        return (self.system.meta and self.system.meta.tokens_per_s) or None


@dataclass(frozen=True)
class ScoreTable:
    """All systems, the reference system first, and the baseline last.

    Attributes:
        metrics: that have a column.
        metric: whose differences are shown.
        is_computing: whether mean differences are on their way.
        failure: why there are none, as a sentence.
    """

    metrics: tuple[str, ...]
    metric: str
    rows: tuple[ScoreRow, ...]
    is_computing: bool = False
    failure: str = ""

    @property
    def is_single(self) -> bool:
        """Whether there are not two systems, and so no differences."""
        return sum(not row.is_baseline for row in self.rows) < 2


def score_table(
    comparison: Comparison,
    metric: str,
    means: Mapping[tuple[str, int], MeanDifference],
    *,
    is_computing: bool = False,
    failure: str = "",
    baseline: BaselineScores | None = None,
) -> ScoreTable:
    """Gather the table; `means` holds what was computed, by (metric, system)."""
    systems = comparison.systems
    metrics = dict.fromkeys(name for system in systems for name in system.scores)
    rows = [
        ScoreRow(
            letter(index),
            system,
            len(comparison.examples),
            _corpus_difference(comparison, metric, index),
            means.get((metric, index)),
        )
        for index, system in enumerate(systems)
    ]
    if baseline is not None:
        rows.append(_baseline_row(baseline, len(comparison.examples)))
    return ScoreTable(tuple(metrics), metric, tuple(rows), is_computing, failure)


def _baseline_row(baseline: BaselineScores, compared: int) -> ScoreRow:
    entry = SystemEntry("", Kind.BASELINE, f"Baseline: {baseline.name}", Path(), ready=True)
    meta = OutputsMeta(baseline.name, "", "", "", "", scores=baseline.scores)
    system = ComparedSystem(entry, Rows(), meta)
    return ScoreRow("–", system, compared, None, None, is_baseline=True)


def _corpus_difference(comparison: Comparison, metric: str, index: int) -> float | None:
    if index == 0 or not (comparison.covers_all(0) and comparison.covers_all(index)):
        return None
    score = comparison.systems[index].scores.get(metric)
    reference = comparison.systems[0].scores.get(metric)
    return score.value - reference.value if score and reference else None


def footnotes(table: ScoreTable) -> tuple[str, ...]:
    """What has to be said under the table, in words."""
    notes = []
    if not table.is_single:
        title, reference = metric_title(table.metric), table.rows[0]
        notes.append(
            f"Differences are to {reference.letter}. Mean row {title} difference: 95 % paired "
            f"bootstrap over {reference.compared:,} rows, {RESAMPLES:,} resamples, "
            f"seed {BOOTSTRAP_SEED}; it covers the choice of test rows, not another training seed."
        )
    if table.failure:
        notes.append(f"The mean row differences are missing: {table.failure}")
    lower = [metric_title(metric) for metric in table.metrics if not higher_is_better(metric)]
    if lower:
        notes.append(f"Lower is better: {', '.join(lower)}.")
    if any(row.own_rows and row.system.scores for row in table.rows):
        notes.append("† over all rows of that system.")
    return tuple(notes)


def signatures(table: ScoreTable) -> tuple[str, ...]:
    """One line a distinct signature, with the systems that it holds for."""
    letters: dict[tuple[str, str], list[str]] = {}
    for row in table.rows:
        for metric, score in row.system.scores.items():
            letters.setdefault((metric, score.signature), []).append(row.letter)
    return tuple(
        f"{metric_title(metric)} of {', '.join(systems)}: {signature}"
        for (metric, signature), systems in letters.items()
    )
