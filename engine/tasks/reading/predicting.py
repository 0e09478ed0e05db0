"""From inputs to scored predictions, by a reader."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

from engine.contract.metrics import is_metric
from engine.contract.runs.scores import Absent, OutputRow, Score
from engine.contract.tasks.all import task_info
from engine.data.examples import EvalInput
from engine.methods.base import System
from engine.metrics.scoring import score_whole
from engine.reporter import Reporter
from engine.tasks.base import Predictions
from engine.tasks.reading.reader import Reader, ReadRow

BATCH_SIZE = 32
"""Rows that are read together: changes speed and memory, not the predictions."""


def read_rows(
    reader: Reader[Any],
    system: System,
    rows: Sequence[ReadRow[Any]],
    reporter: Reporter,
    *,
    batch_size: int = BATCH_SIZE,
) -> tuple[list[Any], float]:
    """What each row says, and the loss: nats per answer, NaN where none is known."""
    read: list[Any] = [None] * len(rows)
    total, targets = 0.0, 0
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    with torch.inference_mode(), system.active():
        for at in range(0, len(order), batch_size):
            reporter.update(at, len(order), "rows")
            chosen = order[at : at + batch_size]
            batch = reader.collate([rows[index] for index in chosen])
            logits = reader.logits(system, batch, training=False)
            for index, value in zip(chosen, reader.read(logits, batch), strict=True):
                read[index] = value
            if batch.targets:
                total += float(reader.loss(logits, batch))
                targets += batch.targets
    return read, total / targets if targets else float("nan")


def predicted_rows(
    reader: Reader[Any],
    inputs: Sequence[EvalInput],
    rows: Sequence[ReadRow[Any]],
    read: Sequence[Any],
) -> tuple[OutputRow, ...]:
    """The predictions of inputs, as lines of an outputs file."""
    predictions = reader.predictions(inputs, rows, read) if inputs else []
    return tuple(
        OutputRow(
            example_id=item.example_id,
            input=item.source,
            output=prediction.text,
            references=item.references,
            fields=item.fields,
            category=item.category,
            prefix=item.prefix,
            probabilities=prediction.probabilities,
        )
        for item, prediction in zip(inputs, predictions, strict=True)
    )


def scored(
    rows: tuple[OutputRow, ...], metrics: Sequence[str], signature: str, reporter: Reporter
) -> tuple[tuple[Score | Absent, ...], tuple[OutputRow, ...]]:
    """Scores of those rows that have references, and the rows with their own."""
    metrics = [name for name in metrics if is_metric(name)]
    if not metrics or not any(row.references for row in rows):
        return (), rows
    return score_whole(rows, metrics, decoding=signature, reporter=reporter)


def predict(
    reader: Reader[Any],
    system: System,
    inputs: Sequence[EvalInput],
    reporter: Reporter,
    *,
    rows: Sequence[ReadRow[Any]] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Predictions:
    """Read inputs, and score what was read.

    Args:
        rows: the inputs, where they are encoded already.
        clock: as `Task.predict` takes it.
    """
    if rows is None:
        rows = encoded(reader, inputs, reporter)
    start = clock()
    read, _ = read_rows(reader, system, rows, reporter)
    seconds = clock() - start
    found = predicted_rows(reader, inputs, rows, read)
    scores, found = scored(found, task_info(reader.spec).metrics, reader.signature, reporter)
    return Predictions(
        rows=found,
        scores=tuple(score for score in scores if isinstance(score, Score)),
        absent=tuple(score for score in scores if isinstance(score, Absent)),
        decoding=reader.signature,
        seconds=seconds,
        tokens_per_s=sum(map(len, rows)) / max(seconds, 1e-9),
    )


def encoded(
    reader: Reader[Any], inputs: Sequence[EvalInput], reporter: Reporter
) -> list[ReadRow[Any]]:
    """Inputs as rows."""
    rows: list[ReadRow[Any]] = []
    for number, item in enumerate(inputs):
        reporter.update(number, len(inputs), "rows", "encoding")
        rows += reader.rows(item, number)
    return rows
