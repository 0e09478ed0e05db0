"""How long a study will take, as far as runs like its own have been measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from app.models.run import RunModel
from app.pages.runs.estimates import measured_epoch_s
from app.words import duration
from engine.contract.run_spec import RunSpec
from engine.contract.study import StudyRun


@dataclass(frozen=True)
class Estimate:
    """Time for the runs that are still to be trained.

    Attributes:
        seconds: of those that can be estimated.
        known, runs: how many can be, and how many there are.
    """

    seconds: float
    known: int
    runs: int

    @property
    def sentence(self) -> str:
        """For people."""
        if not self.runs:
            return "Nothing is left to train."
        if not self.known:
            return "Time: unknown until a run like these has been trained here."
        if self.known < self.runs:
            return (
                f"Time: about {duration(self.seconds)} for {self.known} of them; unknown for the "
                "others until one like them has been trained here."
            )
        runs = "the one run" if self.runs == 1 else f"the {self.runs} runs"
        return (
            f"Time: about {duration(self.seconds)} for {runs} not trained yet, measured on runs "
            "like these."
        )


def estimate(
    planned: Iterable[StudyRun], train_rows: int | None, existing: Sequence[RunModel]
) -> Estimate:
    """Time for these runs, one after the other.

    Args:
        train_rows: rows of the training side, or None before the split was counted.
        existing: runs that may have been measured.
    """
    seconds, known, count = 0.0, 0, 0
    measured: dict[RunSpec, float | None] = {}
    for run in planned:
        count += 1
        key = _without_seeds(run.spec)
        if key not in measured:
            measured[key] = _seconds(run.spec, train_rows, existing)
        found = measured[key]
        if found is not None:
            seconds += found
            known += 1
    return Estimate(seconds, known, count)


def _seconds(spec: RunSpec, train_rows: int | None, existing: Sequence[RunModel]) -> float | None:
    a_row_s = measured_epoch_s(spec, 1, existing)
    steps = _steps(spec, train_rows)
    held_out_s = _held_out_s(spec, existing)
    if a_row_s is None or steps is None or held_out_s is None:
        return None
    rows = steps * spec.training.batch_size * spec.training.accumulation_steps
    return a_row_s * rows + held_out_s


def _steps(spec: RunSpec, train_rows: int | None) -> int | None:
    training = spec.training
    if training.max_steps is not None:
        return training.max_steps
    if train_rows is None:
        return None
    batches = math.ceil(train_rows / training.batch_size)
    return math.ceil(training.epochs * math.ceil(batches / training.accumulation_steps))


def _held_out_s(spec: RunSpec, existing: Sequence[RunModel]) -> float | None:
    """Seconds of decoding and scoring the test inputs, from the latest run like this one."""

    def key(one: RunSpec) -> tuple[object, ...]:
        split = one.data.split
        held_out = (split.kind, split.test_fraction, split.max_test_inputs)
        return (one.backbone, one.data.fingerprint, type(one.method), one.decoding, held_out)

    for run in sorted(existing, key=lambda run: run.meta.created_s, reverse=True):
        if run.finished is not None and run.metrics and key(run.spec) == key(spec):
            return max(0.0, run.finished.elapsed_s - run.metrics[-1].elapsed_s)
    return None


def _without_seeds(spec: RunSpec) -> RunSpec:
    split = replace(spec.data.split, sample_seed=None)
    return replace(
        spec,
        run_id="",
        data=replace(spec.data, split=split),
        training=replace(spec.training, seed=0),
    )
