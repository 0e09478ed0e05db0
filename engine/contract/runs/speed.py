"""How fast a machine trains and decodes, and how long a run will take at that speed."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.specs.evaluating import evaluation_steps
from engine.contract.specs.training import TrainingSpec


@dataclass(frozen=True)
class Speed:
    """What was measured of a method on a backbone, on one machine.

    Attributes:
        data: fingerprint of the dataset that it was measured on.
        row_s: seconds of optimiser steps for a training row.
        row_tokens: mean source and target tokens of these rows.
        evaluate_input_s: seconds of an evaluation for a validation input.
        decode_input_s: seconds for a test input, decoded and scored.
    """

    data: str
    row_s: float
    row_tokens: float
    evaluate_input_s: float
    decode_input_s: float


@dataclass(frozen=True)
class RememberedSpeed:
    """A speed with what it is the speed of."""

    key: str
    speed: Speed


@dataclass(frozen=True)
class SpeedBook:
    """The speeds of one machine, as its settings folder has them."""

    speeds: tuple[RememberedSpeed, ...] = ()
    version: int = 1


@dataclass(frozen=True)
class Workload:
    """The sizes of a run; `row_tokens` are source and target tokens of a mean row, about."""

    data: str
    train_rows: int
    valid_inputs: int
    test_inputs: int
    row_tokens: float


@dataclass(frozen=True)
class RunTime:
    """Seconds that a run will take about, its evaluations and test outputs counted apart."""

    training_s: float
    evaluation_s: float
    decoding_s: float

    @property
    def total_s(self) -> float:
        """All of it."""
        return self.training_s + self.evaluation_s + self.decoding_s


def run_time(speed: Speed, training: TrainingSpec, load: Workload) -> RunTime:
    """How long a run takes at this speed; other data count by the length of their rows."""
    longer = 1.0
    if load.data != speed.data and load.row_tokens > 0 and speed.row_tokens > 0:
        longer = load.row_tokens / speed.row_tokens
    steps = training.total_steps(load.train_rows)
    rows = steps * min(training.batch_size * training.accumulation_steps, load.train_rows)
    evaluations = len(evaluation_steps(steps, training.evaluate_every_steps))
    return RunTime(
        training_s=longer * speed.row_s * rows,
        evaluation_s=longer * speed.evaluate_input_s * load.valid_inputs * evaluations,
        decoding_s=longer * speed.decode_input_s * load.test_inputs,
    )
