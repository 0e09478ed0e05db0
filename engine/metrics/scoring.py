"""Scores of decoded rows, each with its full signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.contract.errors import UserError
from engine.contract.scores import Absent, Encoder, OutputRow, Score
from engine.metrics import bootstrap
from engine.metrics.known import metric_named
from engine.metrics.metric import Metric, Unavailable
from engine.metrics.slot_error import SlotError, values_of
from engine.reporter import Reporter, Silent

_SILENT = Silent()


@dataclass(frozen=True)
class Held:
    """Rows that a metric can score, with what it holds each output against.

    Attributes:
        places: indices into all rows.
        groups: references of each, or the values of its input.
    """

    places: tuple[int, ...]
    groups: tuple[tuple[str, ...], ...]


def score_rows(
    rows: Sequence[OutputRow],
    metrics: Sequence[str],
    *,
    decoding: str,
    encoder: Encoder | None = None,
    seed: int = 0,
    reporter: Reporter = _SILENT,
) -> tuple[tuple[Score, ...], tuple[OutputRow, ...]]:
    """Score rows as a corpus and one by one.

    A row without references (or with blank ones only) is left out and gets no row scores; the
    signature says so ("n:198/200"). Slot errors need no reference, but an input with values.

    Args:
        rows: outputs with their references.
        metrics: names as in `engine.metrics.known.METRICS`; a repeated one counts once.
        decoding: how the outputs were made, as `OutputsMeta.decoding` has it.
        encoder: for bertscore.
        seed: of the bootstrap.
        reporter: told of rows done, for each metric anew.

    Returns:
        One score a metric, in the order asked for; and the rows in their order, with
        `row_scores` holding these metrics and no others.

    Raises:
        Unavailable: a metric cannot be taken on this machine or of these rows.
        UserError: no row has a reference, no metric was named, or one is unknown.
    """
    scores = []
    row_scores: list[list[tuple[str, float]]] = [[] for _ in rows]
    for metric in metrics_named(metrics, encoder=encoder):
        score, own = _scored(metric, rows, decoding=decoding, seed=seed, reporter=reporter)
        scores.append(score)
        for i, value in own.items():
            row_scores[i].append((metric.name, value))
    filled = zip(rows, row_scores, strict=True)
    return tuple(scores), tuple(replace(row, row_scores=tuple(own)) for row, own in filled)


def score_available(
    rows: Sequence[OutputRow],
    metrics: Sequence[str],
    *,
    decoding: str,
    encoder: Encoder | None = None,
    seed: int = 0,
    reporter: Reporter = _SILENT,
) -> tuple[Score | Absent, ...]:
    """Corpus scores as `score_rows` has them; what is unavailable is absent with its reason.

    The arguments are as in `score_rows`.

    Raises:
        UserError: as `score_rows`; an unknown metric before anything is scored.
    """
    found: list[Score | Absent] = []
    for metric in metrics_named(metrics, encoder=encoder):
        try:
            score, _ = _scored(metric, rows, decoding=decoding, seed=seed, reporter=reporter)
            found.append(score)
        except Unavailable as error:
            found.append(Absent(metric.name, error.message))
    return tuple(found)


def metrics_named(names: Sequence[str], *, encoder: Encoder | None = None) -> list[Metric]:
    """The metrics, each once; raise `UserError` where there is none or one is unknown."""
    known = [metric_named(name, encoder=encoder) for name in dict.fromkeys(names)]
    if not known:
        raise UserError("No metric was named: name at least one, such as bleu.")
    return known


def _scored(
    metric: Metric, rows: Sequence[OutputRow], *, decoding: str, seed: int, reporter: Reporter
) -> tuple[Score, dict[int, float]]:
    """The corpus score, and the rows' own scores by their place."""
    held = held_against(metric, rows)
    outputs = [rows[i].output for i in held.places]
    statistics = metric.statistics(outputs, held.groups, reporter=reporter)
    low, high = bootstrap.interval(metric, statistics, seed=seed) or (None, None)
    value = float(metric.from_sums(statistics.sum(axis=0)))
    signature = signature_of(metric, held, len(rows), decoding=decoding, seed=seed)
    own = zip(held.places, metric.rows(statistics).tolist(), strict=True)
    return Score(metric.name, value, signature, low=low, high=high), dict(own)


def held_against(metric: Metric, rows: Sequence[OutputRow]) -> Held:
    """What of the rows the metric can score.

    Raises:
        Unavailable: no row's input has values to look for.
        UserError: no row has a reference.
    """
    if isinstance(metric, SlotError):
        groups = [values_of(row) for row in rows]
    else:
        groups = [tuple(text for text in row.references if text.strip()) for row in rows]
    places = tuple(i for i, group in enumerate(groups) if group)
    if places:
        return Held(places, tuple(groups[i] for i in places))
    if isinstance(metric, SlotError):
        raise Unavailable(
            f"None of the {len(rows)} rows has values to look for: slot_error needs fields, or "
            "an input such as name[Blue Spice] or name : Blue Spice; leave it out for texts."
        )
    raise UserError(
        f"None of the {len(rows)} outputs has a reference: scores need at least one "
        "reference text in each row that is to count."
    )


def signature_of(metric: Metric, held: Held, count: int, *, decoding: str, seed: int) -> str:
    """The whole signature of a score over `count` rows."""
    numbers = [len(group) for group in held.groups]
    fewest, most = min(numbers), max(numbers)
    scored = len(held.places)
    each = "values" if isinstance(metric, SlotError) else "nrefs"
    return "|".join(
        (
            metric.name,
            metric.signature(),
            f"{each}:{most}" if fewest == most else f"{each}:{fewest}-{most}",
            f"n:{count}" if scored == count else f"n:{scored}/{count}",
            f"decoding:{decoding.replace('|', ',') or 'unknown'}",
            f"bs:{bootstrap.SAMPLES if scored > 1 else 0}",
            f"seed:{seed}",
        )
    )
