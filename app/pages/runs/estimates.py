"""What the form says about a run before it is trained: counted or measured, never invented."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from app.models.run import RunModel
from app.pages.runs.draft import Draft
from engine.contract.backbone import BackboneEntry, Cost, cost
from engine.contract.errors import UserError
from engine.contract.reading import SplitReport
from engine.contract.run_spec import RunSpec

CHARACTERS_PER_TOKEN = 4.0
"""The usual rule of thumb for English text; only the rough memory figure rests on it."""


@dataclass(frozen=True)
class Plan:
    """The sizes of a training run, as far as they are known.

    Attributes:
        train_rows: rows that are trained on, or None before the split was counted.
        steps: optimiser steps, or None while unknown.
        epoch_s: seconds of a pass over the training rows, measured on a run before, or None.
    """

    train_rows: int | None
    steps: int | None
    epoch_s: float | None


def live_cost(
    draft: Draft, backbone: BackboneEntry, report: SplitReport | None, counted: int | None = None
) -> Cost:
    """The contract's cost of the form's method; raise `UserError` where a value is wrong."""
    method = draft.method()
    if report is None or not report.mean_target_characters:
        return cost(backbone.shape, method, counted=counted)
    characters = report.mean_source_characters + report.mean_target_characters
    tokens = math.ceil(draft.training().batch_size * characters / CHARACTERS_PER_TOKEN)
    return cost(backbone.shape, method, tokens_per_batch=tokens, counted=counted)


def train_rows(report: SplitReport | None) -> int | None:
    """Rows of the training side, or None before the split was counted."""
    if report is None:
        return None
    return next((side.rows for side in report.sides if side.name == "train"), None)


def plan(draft: Draft, rows: int | None, epoch_s: float | None) -> Plan:
    """How many steps the run takes; None where a value is wrong or the rows are unknown."""
    try:
        training = draft.training()
    except UserError:
        return Plan(rows, None, epoch_s)
    if training.max_steps is not None:
        return Plan(rows, training.max_steps, epoch_s)
    if not rows:
        return Plan(rows, None, epoch_s)
    batches = math.ceil(rows / training.batch_size)
    a_pass = math.ceil(batches / training.accumulation_steps)
    return Plan(rows, math.ceil(training.epochs * a_pass), epoch_s)


def measured_epoch_s(spec: RunSpec, rows: int, runs: Iterable[RunModel]) -> float | None:
    """Seconds of a pass over `rows` rows, from the latest run that is comparable.

    Comparable is: same backbone, dataset, method with the same parametrisation, batch size
    and device. Its seconds include evaluations.
    """
    for run in sorted(runs, key=lambda run: run.meta.created_s, reverse=True):
        if not _comparable(spec, run.spec) or run.started is None or not run.metrics:
            continue
        last = run.metrics[-1]
        if last.epoch > 0 and run.started.train_rows > 0:
            return rows * last.elapsed_s / (last.epoch * run.started.train_rows)
    return None


def _comparable(one: RunSpec, other: RunSpec) -> bool:
    def key(spec: RunSpec) -> tuple[object, ...]:
        training = spec.training
        return (
            spec.backbone,
            spec.data.fingerprint,
            type(spec.method),
            getattr(spec.method, "parametrisation", None),
            training.batch_size,
            training.device,
            training.precision,
            training.gradient_checkpointing,
        )

    return key(one) == key(other)
