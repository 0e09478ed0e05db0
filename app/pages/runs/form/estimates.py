"""What the form says about a run before it is trained: counted or measured, never invented."""

from __future__ import annotations

import math

from app.models.speeds import Speeds
from app.pages.runs.form.draft import Draft
from app.words import clock, duration
from engine.contract.backbone import BackboneEntry
from engine.contract.errors import UserError
from engine.contract.methods.cost import Cost, cost
from engine.contract.reading.reading import SplitReport
from engine.contract.runs.speed import RunTime, Workload, run_time
from engine.contract.specs.run import RunSpec

CHARACTERS_PER_TOKEN = 4.0
"""The usual rule of thumb for English text; only rough figures rest on it."""
LONG_S = 3600.0
"""From here on the time is a warning."""


def live_cost(
    draft: Draft, backbone: BackboneEntry, report: SplitReport | None, counted: int | None = None
) -> Cost:
    """The contract's cost of the form's method; raise `UserError` where a value is wrong."""
    method = draft.method()
    if report is None or not report.mean_target_characters:
        return cost(backbone.shape, method, counted=counted)
    tokens = math.ceil(draft.training().batch_size * _row_tokens(report))
    return cost(backbone.shape, method, tokens_per_batch=tokens, counted=counted)


def train_rows(report: SplitReport | None) -> int | None:
    """Rows of the training side, or None before the split was counted."""
    return None if report is None else report.side("train").rows


def steps(draft: Draft, rows: int | None) -> int | None:
    """How many steps the run takes; None where a value is wrong or the rows are unknown."""
    try:
        training = draft.training()
    except UserError:
        return None
    return training.total_steps(rows or 0) if rows or training.max_steps else None


def expected_time(
    spec: RunSpec, report: SplitReport | None, speeds: Speeds, device: str
) -> RunTime | None:
    """How long the run will take about; None before its split was counted or its speed is known.

    Args:
        report: of this run's split, or of one that differs in its limit of training rows.
    """
    if report is None or not report.side("train").rows:
        return None
    speed = speeds.find(spec, device)
    if speed is None:
        return None
    limit = spec.data.split.max_train_rows
    load = Workload(
        data=spec.data.fingerprint,
        train_rows=report.side("train").rows if limit is None else limit,
        valid_inputs=report.side("valid").inputs,
        test_inputs=report.test_inputs,
        row_tokens=_row_tokens(report),
    )
    return run_time(speed, spec.training, load)


def time_text(seconds: float, waiting: int, *, now_s: float) -> str:
    """Such as "about 12 min, done about 15:40"; runs that wait come first and are not counted."""
    text = f"about {duration(seconds)}" if seconds >= 1 else "under 1 s"
    if waiting:
        return f"{text}, after the {'run' if waiting == 1 else f'{waiting} runs'} before it"
    return f"{text}, done about {clock(now_s + seconds, now_s=now_s)}"


def _row_tokens(report: SplitReport) -> float:
    characters = report.mean_source_characters + report.mean_target_characters
    return characters / CHARACTERS_PER_TOKEN
