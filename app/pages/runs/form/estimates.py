"""What is said of runs before they are trained: counted or measured, never invented."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from app.models.runs import RunsModel
from app.models.speeds import Speeds, speed_key
from app.pages.runs.form.draft import Draft
from app.words import clock, duration
from engine.contract.backbone import BackboneEntry
from engine.contract.errors import UserError
from engine.contract.methods.cost import Cost, cost
from engine.contract.reading.reading import SplitReport
from engine.contract.runs.events import RunStarted
from engine.contract.runs.speed import RunTime, Workload, run_time
from engine.contract.specs.run import RunSpec
from engine.contract.studies.study import StudySpec

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


@dataclass(frozen=True)
class Estimate:
    """Time for the runs that are still to be trained.

    Attributes:
        seconds: of those that can be estimated.
        known, runs: how many can be, and how many there are.
        waiting: runs that come before them.
        is_probing: whether speeds are measuring….
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
    seconds, known, count = 0.0, 0, 0
    found: dict[RunSpec, float | None] = {}
    for spec in specs:
        count += 1
        alike = _without_seeds(spec)
        if alike not in found:
            expected = expected_time(spec, report, speeds, device)
            found[alike] = expected.total_s if expected is not None else None
        run_s = found[alike]
        if run_s is not None:
            seconds, known = seconds + run_s, known + 1
    return Estimate(seconds, known, count, waiting, speeds.is_probing)


def time_left(study: StudySpec, runs: RunsModel, speeds: Speeds) -> str:
    """How long the study's runs at work and in the queue still take, or "" while unknown.

    Such as "about 2 h 10 min left, done about 17:40".
    """
    models = [runs.get(run.spec.run_id) for run in study.runs]
    started = next((run.started for run in models if run is not None and run.started), None)
    seconds, known = 0.0, True
    found: dict[RunSpec, float | None] = {}
    open_ = [run for run in models if run is not None and not run.status.state.is_final]
    for run in open_:
        left = run.status.remaining_s if run.status.state.is_active else None
        if left is None and started is not None:
            alike = _without_seeds(run.spec)
            if alike not in found:
                found[alike] = _as_started(run.spec, started, speeds)
            left = found[alike]
        known = known and left is not None
        seconds += left or 0.0
    if not open_ or not known:
        return ""
    now_s = time.time()
    return f"about {duration(seconds)} left, done about {clock(now_s + seconds, now_s=now_s)}"


def _as_started(spec: RunSpec, started: RunStarted, speeds: Speeds) -> float | None:
    """Time of a run on the data of another one of its study."""
    speed = speeds.find(spec, started.device)
    if speed is None:
        return None
    limit = spec.data.split.max_train_rows
    rows = started.train_rows if limit is None else limit
    data = spec.data.fingerprint
    load = Workload(data, rows, started.valid_inputs, started.test_inputs, row_tokens=0.0)
    return run_time(speed, spec.training, load).total_s


def one_of_each(specs: Iterable[RunSpec], device: str) -> list[RunSpec]:
    """A run for each speed that these need."""
    return list({speed_key(spec, device): spec for spec in specs}.values())


def _without_seeds(spec: RunSpec) -> RunSpec:
    split = replace(spec.data.split, sample_seed=None)
    return replace(
        spec,
        run_id="",
        data=replace(spec.data, split=split),
        training=replace(spec.training, seed=0),
    )
