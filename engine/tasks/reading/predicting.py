"""From inputs to scored predictions, by a readout."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from engine.contract.errors import UserError
from engine.contract.runs.scores import Absent, OutputRow, Score
from engine.contract.tasks.all import task_info
from engine.data.examples import EvalInput
from engine.methods.base import System
from engine.metrics.scoring import score_whole
from engine.reporter import Reporter
from engine.tasks.base import Predictions
from engine.tasks.reading.readout import Prediction, Readout, ReadoutRow

BATCH_SIZE = 32
"""Rows that are read together: changes speed and memory, not the predictions."""


def read_rows(
    readout: Readout[Any],
    system: System,
    rows: Sequence[ReadoutRow[Any]],
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
            batch = readout.collate([rows[index] for index in chosen])
            logits = readout.logits(system, batch, training=False)
            if bool(torch.isnan(logits).any()):
                raise UserError(
                    "predictions-not-numbers",
                    "The predictions are not numbers (NaN): the head, or what was trained with it, "
                    "is damaged. Get a fresh copy, or train again with a lower learning rate.",
                )
            for index, value in zip(chosen, readout.read(logits, batch), strict=True):
                read[index] = value
            if batch.targets:
                total += float(readout.loss(logits, batch))
                targets += batch.targets
    return read, total / targets if targets else float("nan")


def predicted_rows(
    readout: Readout[Any],
    inputs: Sequence[EvalInput],
    rows: Sequence[ReadoutRow[Any]],
    read: Sequence[Any],
) -> tuple[OutputRow, ...]:
    """The predictions of inputs, as lines of an outputs file."""
    return output_rows(inputs, readout.predictions(inputs, rows, read) if inputs else [])


def output_rows(
    inputs: Sequence[EvalInput], predictions: Sequence[Prediction]
) -> tuple[OutputRow, ...]:
    """Predictions with their inputs."""
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
            output_start=prediction.start,
        )
        for item, prediction in zip(inputs, predictions, strict=True)
    )


def scored(
    rows: tuple[OutputRow, ...], metrics: Sequence[str], signature: str, reporter: Reporter
) -> tuple[tuple[Score | Absent, ...], tuple[OutputRow, ...]]:
    """Scores of those rows that have references, and the rows with their own."""
    if not any(row.references for row in rows):
        return (), rows
    return score_whole(rows, metrics, decoding=signature, reporter=reporter)


def predict(
    readout: Readout[Any],
    system: System,
    inputs: Sequence[EvalInput],
    reporter: Reporter,
    *,
    rows: Sequence[ReadoutRow[Any]] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Predictions:
    """Read inputs, and score what was read.

    Args:
        rows: the inputs, where they are encoded already.
        clock: as `Task.predict` takes it.
    """
    if rows is None:
        rows = encoded(readout, inputs, reporter)
    start = clock()
    read, _ = read_rows(readout, system, rows, reporter)
    seconds = clock() - start
    tokens_per_s = sum(map(len, rows)) / max(seconds, 1e-9)

    def made(predictions: Sequence[Prediction], signature: str) -> Predictions:
        lines = output_rows(inputs, predictions)
        scores, lines = scored(lines, task_info(readout.spec).metrics, signature, reporter)
        return Predictions(
            rows=lines,
            scores=tuple(score for score in scores if isinstance(score, Score)),
            absent=tuple(score for score in scores if isinstance(score, Absent)),
            decoding=signature,
            seconds=seconds,
            tokens_per_s=tokens_per_s,
            precision=system.backbone.precision,
        )

    plain = readout.plain_predictions(read)
    uncalibrated = None if plain is None else made(plain, readout.plain_signature)
    predictions = readout.predictions(inputs, rows, read) if inputs else []
    return replace(made(predictions, readout.signature), uncalibrated=uncalibrated)


def encoded(
    readout: Readout[Any], inputs: Sequence[EvalInput], reporter: Reporter
) -> list[ReadoutRow[Any]]:
    """Inputs as rows."""
    rows: list[ReadoutRow[Any]] = []
    for number, item in enumerate(inputs):
        reporter.update(number, len(inputs), "rows", "encoding")
        rows += readout.rows(item, number)
    return rows
