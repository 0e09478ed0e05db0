"""The numbers of the score table: quality with its doubt, and cost beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.pages.compare.comparison import Comparison
from app.pages.compare.systems.systems import SystemCost, letter
from engine.contract.metrics import higher_is_better, metric_title
from engine.contract.runs.scores import BOOTSTRAP_SEED, RESAMPLES, MeanDifference, Score


@dataclass(frozen=True)
class ScoreRow:
    """One system.

    Attributes:
        rows: that its corpus scores were taken over, and `compared` those in this table.
        scores: corpus scores by metric.
        corpus_difference: to the reference system, or None where it cannot be taken: for the
            reference system itself, or where the scores are over different rows.
        mean_difference: of the row scores, or None while it is computed or impossible.
        tokens_per_s: decoding speed, or None.
    """

    letter: str
    name: str
    look: int
    rows: int
    compared: int
    scores: Mapping[str, Score]
    corpus_difference: float | None
    mean_difference: MeanDifference | None
    cost: SystemCost
    tokens_per_s: float | None
    decoding: str

    @property
    def own_rows(self) -> bool:
        """Whether the corpus scores cover rows that are not compared."""
        return self.rows != self.compared


@dataclass(frozen=True)
class ScoreTable:
    """All systems, the reference system first.

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


def score_table(
    comparison: Comparison,
    metric: str,
    means: Mapping[tuple[str, int], MeanDifference],
    *,
    is_computing: bool = False,
    failure: str = "",
) -> ScoreTable:
    """Gather the table; `means` holds what was computed, by (metric, system)."""
    found: dict[str, None] = {}
    for system in comparison.systems:
        for score in system.meta.scores if system.meta else ():
            found[score.metric] = None
    rows = []
    for place, system in enumerate(comparison.systems):
        scores = {score.metric: score for score in system.meta.scores} if system.meta else {}
        speed = system.meta.tokens_per_s if system.meta else 0.0
        rows.append(
            ScoreRow(
                letter=letter(place),
                name=system.name,
                look=system.entry.look,
                rows=len(system.rows),
                compared=len(comparison.examples),
                scores=scores,
                corpus_difference=_corpus_difference(comparison, metric, place),
                mean_difference=means.get((metric, place)),
                cost=system.entry.cost,
                tokens_per_s=speed or None,
                decoding=system.decoding,
            )
        )
    return ScoreTable(tuple(found), metric, tuple(rows), is_computing, failure)


def _corpus_difference(comparison: Comparison, metric: str, place: int) -> float | None:
    if place == 0 or not (comparison.covers_all(0) and comparison.covers_all(place)):
        return None
    values = []
    for system in (comparison.systems[place], comparison.systems[0]):
        scores = system.meta.scores if system.meta else ()
        values += [score.value for score in scores if score.metric == metric]
    return values[0] - values[1] if len(values) == 2 else None


def footnotes(table: ScoreTable) -> tuple[str, ...]:
    """What has to be said under the table, in words."""
    notes = []
    if len(table.rows) > 1:
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
    if any(row.own_rows and row.scores for row in table.rows):
        notes.append("† over all rows of that system.")
    return tuple(notes)


def signatures(table: ScoreTable) -> tuple[str, ...]:
    """One line a distinct signature, with the systems that it holds for."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in table.rows:
        for metric, score in row.scores.items():
            found.setdefault((metric, score.signature), []).append(row.letter)
    return tuple(
        f"{metric_title(metric)} of {', '.join(letters)}: {signature}"
        for (metric, signature), letters in found.items()
    )
