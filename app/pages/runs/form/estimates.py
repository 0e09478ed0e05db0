"""What is said of runs before they are trained: counted or measured, never invented."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from app.models.runs import RunsModel
from app.models.speeds import Speeds
from app.pages.runs.form.draft import Draft
from app.words import clock, duration
from engine.contract.backbone import BackboneEntry
from engine.contract.errors import UserError
from engine.contract.methods.cost import Cost, cost
from engine.contract.reading.reading import SplitReport
from engine.contract.runs.speed import RunTime, Workload, run_time
from engine.contract.specs.run import RunSpec
from engine.contract.studies.study import StudySpec

CHARACTERS_PER_TOKEN = 4.0
"""A rule of thumb for English text; only rough figures rest on it."""
LONG_S = 3600.0
"""From here on the time is a warning."""


def live_cost(
    draft: Draft, backbone: BackboneEntry, report: SplitReport | None, counted: int | None = None
) -> Cost:
    """The contract's cost of the form's method; raise `UserError` where a value is wrong."""
    known = {}
    if report is not None and report.mean_target_characters:
        batch = draft.training().batch_size * _row_tokens(report)
        known["tokens_per_batch"] = math.ceil(batch)
    if report is not None and draft.has_head:
        head = draft.head()
        by_category = draft.uses("head.per_category") and head.per_category
        outputs = report.category_outputs if by_category else report.outputs
        known["head"] = head.parameters(backbone.shape.width, outputs)
    return cost(backbone.shape, draft.method(), counted=counted, **known)


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
    rows, valid = report.side("train").rows, report.side("valid").inputs
    data = spec.data.fingerprint
    load = Workload(data, rows, valid, report.test_inputs, _row_tokens(report))
    return _time_of(spec, load, speeds, device)


def _time_of(spec: RunSpec, load: Workload, speeds: Speeds, device: str) -> RunTime | None:
    speed, limit = speeds.find(spec, device), spec.data.split.max_train_rows
    if limit is not None:
        load = replace(load, train_rows=limit)
    return run_time(speed, spec.training, load) if speed is not None else None


def _row_tokens(report: SplitReport) -> float:
    characters = report.mean_source_characters + report.mean_target_characters
    return characters / CHARACTERS_PER_TOKEN


def time_text(seconds: float, waiting: int, *, now_s: float) -> str:
    """Such as "about 12 min, done about 15:40"; runs that wait come first and are not counted."""
    text = f"about {duration(seconds)}" if seconds >= 1 else "under 1 s"
    if waiting:
        return f"{text}, after the {'run' if waiting == 1 else f'{waiting} runs'} before it"
    return f"{text}, done about {clock(now_s + seconds, now_s=now_s)}"


@dataclass(frozen=True)
class Estimate:
    """Time for the runs that are still to be trained.

    Attributes:
        seconds: of those that can be estimated.
        known, runs: how many can be, and how many there are.
        waiting: runs that come before them.
        is_probing: whether speeds are being measured.
    """

    seconds: float = 0.0
    known: int = 0
    runs: int = 0
    waiting: int = 0
    is_probing: bool = False

    @property
    def is_long(self) -> bool:
        """Whether to warn of it."""
        return self.seconds >= LONG_S

    @property
    def sentence(self) -> str:
        """For people."""
        if not self.runs:
            return "No runs left to train."
        open_ = "being measured" if self.is_probing else "known when a similar run has finished"
        if not self.known:
            return f"Time: {open_}."
        text = time_text(self.seconds, self.waiting, now_s=time.time())
        if self.known < self.runs:
            return f"Time: {text}, for {self.known} of {self.runs} runs; of the others {open_}."
        return f"Time: {text}."


def estimate(
    specs: Iterable[RunSpec],
    report: SplitReport | None,
    speeds: Speeds,
    device: str,
    *,
    waiting: int = 0,
) -> Estimate:
    """Time for these runs, one after the other.

    Args:
        report: of the split that they share, but for the limit of training rows.
        device: what AUTO would choose.
        waiting: runs that come before them.
    """
    seconds_of = _once_for_all_seeds(lambda spec: expected_time(spec, report, speeds, device))
    seconds = [seconds_of(spec) for spec in specs]
    known = [each for each in seconds if each is not None]
    return Estimate(sum(known), len(known), len(seconds), waiting, speeds.is_probing)


def time_left(study: StudySpec, runs: RunsModel, speeds: Speeds) -> str:
    """How long the study's runs at work and in the queue still take, or "" while unknown.

    Such as "about 2 h 10 min left, done about 17:40".
    """
    models = [run for each in study.runs if (run := runs.get(each.spec.run_id)) is not None]
    started = next((run.started for run in models if run.started is not None), None)

    def like_started(spec: RunSpec) -> RunTime | None:
        if started is None:
            return None
        inputs = (started.valid_inputs, started.test_inputs)
        load = Workload(spec.data.fingerprint, started.train_rows, *inputs, row_tokens=0.0)
        return _time_of(spec, load, speeds, started.device)

    seconds_of = _once_for_all_seeds(like_started)
    left: list[float | None] = []
    for run in models:
        state = run.status.state
        if not state.is_final:
            remaining_s = run.status.remaining_s if state.is_active else None
            left.append(seconds_of(run.spec) if remaining_s is None else remaining_s)
    known = [each for each in left if each is not None]
    if not left or len(known) < len(left):
        return ""
    seconds, now_s = sum(known), time.time()
    return f"about {duration(seconds)} left, done about {clock(now_s + seconds, now_s=now_s)}"


def _once_for_all_seeds(
    time_of: Callable[[RunSpec], RunTime | None],
) -> Callable[[RunSpec], float | None]:
    """Seconds of a run; runs that differ in their seeds alone are computed once."""

    @functools.cache
    def seconds_of(spec: RunSpec) -> float | None:
        run_time = time_of(spec)
        return run_time.total_s if run_time is not None else None

    return lambda spec: seconds_of(_without_seeds(spec))


def _without_seeds(spec: RunSpec) -> RunSpec:
    split = replace(spec.data.split, sample_seed=None)
    return replace(
        spec,
        run_id="",
        data=replace(spec.data, split=split),
        training=replace(spec.training, seed=0),
    )
