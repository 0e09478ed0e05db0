"""Scores of decoded rows, each with its full signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.contract.errors import UserError
from engine.contract.metrics import current_name
from engine.contract.runs.scores import RESAMPLES, Absent, Encoder, OutputRow, Score
from engine.metrics import bootstrap
from engine.metrics.division import Division, division_of
from engine.metrics.known import metric_named
from engine.metrics.metric import Metric, Unavailable
from engine.reporter import Reporter, Silent

_SILENT = Silent()
CHARACTERS = 20
"""Characters that count as a word where words are longer, as those of an attack may be."""


@dataclass(frozen=True)
class ScorableRows:
    """Rows that a metric can score, with what it holds each output against.

    Attributes:
        indices: which of all rows they are.
        groups: references of each, or the values of its input.
    """

    indices: tuple[int, ...]
    groups: tuple[tuple[str, ...], ...]


def score_rows(
    rows: Sequence[OutputRow],
    metrics: Sequence[str],
    *,
    decoding: str,
    encoder: Encoder | None = None,
    division: Division | None = None,
    seed: int = 0,
    reporter: Reporter = _SILENT,
) -> tuple[tuple[Score, ...], tuple[OutputRow, ...]]:
    """`score_whole`, where every metric must be available.

    Raises:
        Unavailable: a metric cannot be computed on this machine or of these rows.
        UserError: as `score_whole`.
    """
    scores, filled = score_whole(
        rows, metrics, decoding=decoding, encoder=encoder, division=division, seed=seed,
        reporter=reporter, may_be_absent=False,
    )  # fmt: skip
    return tuple(score for score in scores if isinstance(score, Score)), filled


def score_whole(
    rows: Sequence[OutputRow],
    metrics: Sequence[str],
    *,
    decoding: str,
    encoder: Encoder | None = None,
    division: Division | None = None,
    seed: int = 0,
    reporter: Reporter = _SILENT,
    may_be_absent: bool = True,
) -> tuple[tuple[Score | Absent, ...], tuple[OutputRow, ...]]:
    """Score rows as a corpus and row by row; what is unavailable is absent with its reason.

    A row without references (or with those only that hold nothing which a metric counts) is left
    out and gets no row scores; the signature says so ("n:198/200"). Slot errors need no reference,
    but an input with values.

    Args:
        rows: outputs with their references.
        metrics: names as in `engine.contract.metrics`; a repeated one counts once.
        decoding: how the outputs were made, as `OutputsMeta.decoding` has it.
        encoder: for bertscore.
        division: how texts are divided; None is what suits the references.
        seed: of the bootstrap.
        reporter: gets the rows done, for each metric anew.
        may_be_absent: else the first unavailable metric raises `Unavailable`.

    Returns:
        One score a metric, in the order asked for; and the rows in their order, with
        `row_scores` holding these metrics and no others.

    Raises:
        UserError: no row has a reference, no metric was named, or one is unknown.
    """
    division = division or division_of(row.references for row in rows)
    scores: list[Score | Absent] = []
    row_scores: list[list[tuple[str, float]]] = [[] for _ in rows]
    for metric in metrics_named(metrics, encoder=encoder, division=division):
        try:
            scorable = references_for(metric, rows, division)
            score, own = _scored(
                metric, rows, scorable, decoding=decoding, seed=seed, reporter=reporter
            )
        except Unavailable as error:
            if not may_be_absent:
                raise
            scores.append(Absent(metric.name, error.message))
            continue
        scores.append(score)
        for i, value in own.items():
            row_scores[i].append((metric.name, value))
    filled = zip(rows, row_scores, strict=True)
    return tuple(scores), tuple(replace(row, row_scores=tuple(own)) for row, own in filled)


def metrics_named(
    names: Sequence[str], *, encoder: Encoder | None = None, division: Division | None = None
) -> list[Metric]:
    """The metrics, each once; raise `UserError` where there is none or one is unknown."""
    known = [
        metric_named(name, encoder=encoder, division=division)
        for name in dict.fromkeys(map(current_name, names))
    ]
    if not known:
        raise UserError("no-metric-named", "No metric was named. Name at least one, such as bleu.")
    return known


def _scored(
    metric: Metric,
    rows: Sequence[OutputRow],
    scorable: ScorableRows,
    *,
    decoding: str,
    seed: int,
    reporter: Reporter,
) -> tuple[Score, dict[int, float]]:
    """The corpus score, and the rows' own scores by their index."""
    outputs = [rows[i].output for i in scorable.indices]
    statistics = metric.statistics(outputs, scorable.groups, reporter=reporter)
    low, high = bootstrap.interval(metric, statistics, seed=seed) or (None, None)
    value = float(metric.from_sums(statistics.sum(axis=0)))
    signature = signature_of(metric, scorable, len(rows), decoding=decoding, seed=seed)
    own = zip(scorable.indices, metric.rows(statistics).tolist(), strict=True)
    return Score(metric.name, value, signature, low=low, high=high), dict(own)


def references_for(metric: Metric, rows: Sequence[OutputRow], division: Division) -> ScorableRows:
    """What of the rows the metric can score.

    Raises:
        Unavailable: no row's input has values to look for, no reference holds anything that the
            metric counts, or a text is too long for it.
        UserError: no row has a reference.
    """
    expected = [metric.expected(row) for row in rows]
    example = next((group[0] for group in expected if group), None)
    if example is None:
        raise metric.nothing_expected(len(rows))
    for number, (row, group) in enumerate(zip(rows, expected, strict=True), start=1):
        _refuse_long(metric, division, number, row.output, group)
    groups = [tuple(filter(metric.keeps, group)) for group in expected]
    indices = tuple(i for i, group in enumerate(groups) if group)
    if indices:
        return ScorableRows(indices, tuple(groups[i] for i in indices))
    raise Unavailable(
        "no-countable-words",
        "No reference has a word that {metric} counts ({example!r} has none). Leave {metric} "
        "out, or choose chrf.",
        metric=metric.name,
        example=example[:40],
    )


def _refuse_long(
    metric: Metric, division: Division, number: int, output: str, group: Sequence[str]
) -> None:
    limit = metric.longest()
    for what, texts in (("output", (output,)), ("reference", group)):
        longest = max((division.count(text) for text in texts), default=0)
        characters = max(map(len, texts), default=0) // CHARACTERS
        if max(longest, characters) > limit:
            raise Unavailable(
                "text-too-long-for-metric",
                "The {side} of row {row} has {words:,} words, and {metric} accepts texts of "
                "up to {limit:,}. Shorten it, or leave {metric} out.",
                side=what,
                row=number,
                words=max(longest, characters),
                metric=metric.name,
                limit=limit,
            )


def signature_of(
    metric: Metric, scorable: ScorableRows, count: int, *, decoding: str, seed: int
) -> str:
    """The whole signature of a score over `count` rows."""
    numbers = [len(group) for group in scorable.groups]
    fewest, most = min(numbers), max(numbers)
    scored, key = len(scorable.indices), metric.expected_key
    return "|".join(
        (
            metric.name,
            metric.signature(),
            f"{key}:{most}" if fewest == most else f"{key}:{fewest}-{most}",
            f"n:{count}" if scored == count else f"n:{scored}/{count}",
            f"decoding:{decoding.replace('|', ',') or 'unknown'}",
            f"bs:{RESAMPLES if scored > 1 else 0}",
            f"seed:{seed}",
        )
    )
