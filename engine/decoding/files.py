"""From inputs to scored rows, and from those to an outputs file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from engine.contract.metrics import DEFAULT_METRICS, metric_title
from engine.contract.runs.outputs import split_fingerprint, write_meta, write_outputs
from engine.contract.runs.scores import Absent, OutputRow, OutputsMeta, Score
from engine.contract.specs.training import DecodingSpec
from engine.contract.tables.saving import OUTPUTS_HEADER, TABLE_ENDINGS, Line, write_table
from engine.data.examples import EvalInput
from engine.decoding.decoder import decode, decoding_signature
from engine.methods.base import System
from engine.metrics.scoring import score_whole
from engine.reporter import Reporter
from engine.tasks.base import Predictions


def decode_and_score(
    system: System,
    inputs: Sequence[EvalInput],
    prompts: Sequence[Sequence[int]],
    decoding: DecodingSpec,
    reporter: Reporter,
    *,
    metrics: Sequence[str] = DEFAULT_METRICS,
    clock: Callable[[], float] = time.monotonic,
) -> Predictions:
    """Decode inputs, and score them against all their references.

    Args:
        prompts: token ids of each input, separator included.
        clock: as `decode` takes it.
    """
    decoded = decode(system, prompts, decoding, reporter, clock=clock)
    rows = tuple(
        OutputRow(
            example_id=row.example_id,
            input=row.source,
            output=text,
            references=row.references,
            fields=row.fields,
            category=row.category,
            prefix=row.prefix,
        )
        for row, text in zip(inputs, decoded.texts, strict=True)
    )
    signature = decoding_signature(decoding)
    computed: tuple[Score | Absent, ...] = ()
    if any(text.strip() for row in inputs for text in row.references):
        computed, rows = score_whole(rows, metrics, decoding=signature, reporter=reporter)
    scores = tuple(score for score in computed if isinstance(score, Score))
    absent = tuple(score for score in computed if isinstance(score, Absent))
    speed = decoded.new_tokens / max(decoded.seconds, 1e-9)
    precision = system.backbone.precision
    return Predictions(rows, scores, absent, signature, decoded.seconds, speed, precision)


def save_outputs(
    path: Path, scored: Predictions, *, system: str, run_id: str, split: str
) -> OutputsMeta:
    """Write the rows and what they were made with: JSON lines, or a table by the ending of `path`.

    Args:
        system: how the maker is called in a table.
        split: "test", "valid", or the name of the file that was decoded.
    """
    meta = OutputsMeta(
        system=system,
        run_id=run_id,
        split=split,
        split_fingerprint=split_fingerprint(scored.rows),
        decoding=scored.decoding,
        scores=scored.scores,
        seconds=scored.seconds,
        tokens_per_s=scored.tokens_per_s,
        precision=scored.precision,
    )
    if path.suffix.lower() in TABLE_ENDINGS:
        write_table(path, output_lines(scored.rows))
        write_meta(path, meta)
        return meta
    return write_outputs(path, scored.rows, meta) or meta


def output_lines(rows: Sequence[OutputRow]) -> Iterator[Line]:
    """Rows as a table: a column for each reference, and one for each score of a row."""
    most = max((len(row.references) for row in rows), default=0)
    metrics = list(dict.fromkeys(name for row in rows for name, _ in row.row_scores))
    labels = list(dict.fromkeys(label for row in rows for label, _ in row.probabilities))
    prefixed = any(row.prefix for row in rows)
    yield (
        *OUTPUTS_HEADER,
        *(["prefix"] if prefixed else []),
        "output",
        *(f"reference {number}" for number in range(1, most + 1)),
        *map(metric_title, metrics),
        *(f"probability of {label}" for label in labels),
    )
    for row in rows:
        scores = dict(row.row_scores)
        yield (
            *(row.example_id, row.category, row.input),
            *([row.prefix] if prefixed else []),
            row.output,
            *(*row.references, *[None] * (most - len(row.references))),
            *map(scores.get, metrics),
            *map(dict(row.probabilities).get, labels),
        )
