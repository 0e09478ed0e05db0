"""Scores of decoded rows, each with its full signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.contract.errors import UserError
from engine.contract.scores import OutputRow, Score
from engine.metrics import bootstrap
from engine.metrics.known import metric_named
from engine.reporter import Reporter, Silent

_SILENT = Silent()


def score_rows(
    rows: Sequence[OutputRow],
    metrics: Sequence[str],
    *,
    decoding: str,
    seed: int = 0,
    reporter: Reporter = _SILENT,
) -> tuple[tuple[Score, ...], tuple[OutputRow, ...]]:
    """Score rows as a corpus and one by one.

    A row without references (or with blank ones only) is left out and gets no row scores; the
    signature says so ("n:198/200").

    Args:
        rows: outputs with their references.
        metrics: names as in `engine.metrics.known.METRICS`; a repeated one counts once.
        decoding: how the outputs were made, as `OutputsMeta.decoding` has it.
        seed: of the bootstrap.
        reporter: told of rows done, for each metric anew.

    Returns:
        One score a metric, in the order asked for; and the rows in their order, with
        `row_scores` holding these metrics and no others.

    Raises:
        UserError: no row has a reference, no metric was named, or one is unknown.
    """
    known = [metric_named(name) for name in dict.fromkeys(metrics)]
    if not known:
        raise UserError("No metric was named: name at least one, such as bleu.")
    groups = [tuple(text for text in row.references if text.strip()) for row in rows]
    scored = [i for i, group in enumerate(groups) if group]
    if not scored:
        raise UserError(
            f"None of the {len(rows)} outputs has a reference: scores need at least one "
            "reference text in each row that is to count."
        )
    outputs = [rows[i].output for i in scored]
    references = [groups[i] for i in scored]
    setting = _setting(len(rows), references, decoding, seed)

    scores = []
    row_scores: list[list[tuple[str, float]]] = [[] for _ in rows]
    for metric in known:
        statistics = metric.statistics(outputs, references, reporter=reporter)
        limits = bootstrap.interval(metric, statistics, seed=seed)
        value = float(metric.from_sums(statistics.sum(axis=0)))
        signature = f"{metric.name}|{metric.signature()}|{setting}"
        low, high = limits or (None, None)
        scores.append(Score(metric.name, value, signature, low=low, high=high))
        for i, row_value in zip(scored, metric.rows(statistics), strict=True):
            row_scores[i].append((metric.name, float(row_value)))
    filled = zip(rows, row_scores, strict=True)
    return tuple(scores), tuple(replace(row, row_scores=tuple(own)) for row, own in filled)


def _setting(count: int, references: Sequence[Sequence[str]], decoding: str, seed: int) -> str:
    """What of a signature the metric does not decide."""
    numbers = [len(group) for group in references]
    fewest, most = min(numbers), max(numbers)
    n = str(count) if len(references) == count else f"{len(references)}/{count}"
    return "|".join(
        (
            f"nrefs:{most}" if fewest == most else f"nrefs:{fewest}-{most}",
            f"n:{n}",
            f"decoding:{decoding.replace('|', ',') or 'unknown'}",
            f"bs:{bootstrap.SAMPLES if len(references) > 1 else 0}",
            f"seed:{seed}",
        )
    )
