"""Two systems' outputs for the same inputs, and whether their scores differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract.errors import UserError
from engine.contract.runs.scores import Absent, Encoder, OutputRow
from engine.metrics import bootstrap
from engine.metrics.division import Division, division_of
from engine.metrics.metric import Unavailable
from engine.metrics.scoring import metrics_named, references_for, signature_of
from engine.reporter import Reporter, Silent

_SILENT = Silent()
Rows = Sequence[OutputRow]


@dataclass(frozen=True)
class PairedDifference:
    """A metric of two systems over the rows that both have.

    Attributes:
        result: both corpus scores, their difference with its interval, and p.
        signature: of both scores; the decoding is given for both, as "first / second".
    """

    metric: str
    result: bootstrap.Paired
    signature: str


def common_rows(first: Rows, second: Rows) -> tuple[Rows, Rows]:
    """The rows of both with the same example id, in the order of the first.

    Raises:
        UserError: an id is not unique, none is common, or common rows have other references:
            scores against different references cannot be compared.
    """
    own, other = _by_id(first), _by_id(second)
    ids = [example_id for example_id in own if example_id in other]
    if not ids:
        raise UserError(
            "no-common-examples",
            "The {first} and {second} outputs have no example id in common. Decode both "
            "systems on the same inputs.",
            first=len(first),
            second=len(second),
        )
    differing = sum(sorted(own[i].references) != sorted(other[i].references) for i in ids)
    if differing:
        raise UserError(
            "references-differ",
            "The references of {differing} of {rows} common rows differ between the two "
            "files. Give both the same references.",
            differing=differing,
            rows=len(ids),
        )
    return [own[i] for i in ids], [other[i] for i in ids]


def compare(
    first: Rows,
    second: Rows,
    metrics: Sequence[str],
    *,
    decoding: str,
    encoder: Encoder | None = None,
    division: Division | None = None,
    seed: int = 0,
    reporter: Reporter = _SILENT,
) -> tuple[PairedDifference | Absent, ...]:
    """Score two systems over rows that `common_rows` gave, and test the differences.

    Args:
        encoder: for bertscore.
        division: how texts are divided; the other arguments are as in `score_rows`.

    Raises:
        UserError: as `engine.metrics.scoring.score_rows`.
    """
    division = division or division_of(row.references for row in first)
    results: list[PairedDifference | Absent] = []
    for metric in metrics_named(metrics, encoder=encoder, division=division):
        try:
            # Only the first's inputs are asked for their values: both have the same. The second's
            # outputs may be too long all the same.
            scorable = references_for(metric, first, division)
            references_for(metric, second, division)
            both = [
                metric.statistics([rows[i].output for i in scorable.indices], scorable.groups,
                                  reporter=reporter)
                for rows in (first, second)
            ]  # fmt: skip
        except Unavailable as error:
            results.append(Absent(metric.name, error.message))
            continue
        signature = signature_of(metric, scorable, len(first), decoding=decoding, seed=seed)
        result = bootstrap.paired(metric, both[0], both[1], seed=seed)
        results.append(PairedDifference(metric.name, result, signature))
    return tuple(results)


def _by_id(rows: Rows) -> dict[str, OutputRow]:
    by_id: dict[str, OutputRow] = {}
    for row in rows:
        if row.example_id in by_id:
            raise UserError(
                "example-id-repeated",
                "The example id {example_id!r} stands twice in one file. Give each row an id "
                "of its own, or none.",
                example_id=row.example_id,
            )
        by_id[row.example_id] = row
    return by_id
