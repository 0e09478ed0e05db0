"""The speed of a run before it is made: two optimiser steps and a few predictions."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from engine.backbones.device import choose_device, choose_dtype
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.backbones import ProbeSpeed
from engine.contract.runs.events import Event, Phase, TrainMetrics
from engine.contract.runs.speed import Speed
from engine.contract.specs.run import RunSpec
from engine.contract.tasks.all import reads_category
from engine.data.examples import EvalInput, load_examples
from engine.methods.base import Method
from engine.methods.checkpointing import enable_checkpointing
from engine.methods.making import make_method
from engine.reporter import Reporter
from engine.tasks.base import Task
from engine.tasks.making import MakeTask, filled_task, make_task
from engine.training.loading import load_to_train
from engine.training.loop import Trainer
from engine.training.recorder import StopRequested

STEPS = 2
"""The first warms up; the time is the second's."""
NEVER = 1_000_000
HELD_OUT = 256
"""Test inputs of which the task may use some."""
FORWARD_SHARE = 1 / 3
"""Of a training step's time, that of the forward pass alone."""


def probe_speed(
    command: ProbeSpeed, reporter: Reporter, *, make_task: MakeTask = make_task
) -> Speed:
    """Measure on a backbone of its own, which is left behind: fine-tuning changes its weights.

    Raises:
        UserError: the run could not be trained either.
        Cancelled: the reporter says so.
    """
    spec = command.spec
    device = choose_device(spec.training.device)
    dtype = choose_dtype(spec.training.precision, device)
    with DatasetStore(Path(spec.data.dataset)) as store:
        by_category = reads_category(spec.task)
        examples = load_examples(store, spec.data, reporter, by_category=by_category)
    a_step = spec.training.batch_size * spec.training.accumulation_steps
    draw = random.Random(spec.training.seed)
    rows = min(a_step, len(examples.train))  # of each step
    drawn = STEPS * rows if len(examples.train) >= STEPS * rows else rows
    held_out = (examples.test or examples.valid)[:HELD_OUT]
    few = replace(
        examples,
        train=draw.sample(list(examples.train), drawn),
        valid=[],
        test=held_out,
    )
    # Few rows may not show all labels.
    spec = replace(spec, task=filled_task(spec.task, examples.train))
    backbone, autocast = load_to_train(spec, device=device, dtype=dtype, reporter=reporter)
    method = make_method(backbone, spec.method, seed=spec.training.seed)
    task = make_task(spec, few, backbone, reporter, position_offset=method.position_offset)
    if spec.training.gradient_checkpointing:
        enable_checkpointing(backbone.model)
    step = _second_step(spec, task, method, reporter, autocast=autocast)
    row_s = step.step_s / rows
    forward_s = row_s * FORWARD_SHARE * _references(held_out)
    times = task.measure(method, reporter)
    return Speed(
        data=spec.data.fingerprint,
        row_s=row_s,
        row_tokens=step.tokens_per_s * row_s,
        evaluate_input_s=times.evaluate_s + forward_s,
        decode_input_s=times.predict_s,
    )


class _Meter:
    """A recorder that remembers the steps' times, and ends the training after the second."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._metrics: list[TrainMetrics] = []

    @property
    def step_s(self) -> float:
        """Seconds of the last step."""
        before = self._metrics[-2].elapsed_s if len(self._metrics) > 1 else 0.0
        return self._metrics[-1].elapsed_s - before

    @property
    def tokens_per_s(self) -> float:
        """Of the last step."""
        return self._metrics[-1].tokens_per_s

    def work_s(self) -> float:
        return time.monotonic()

    def phase(self, phase: Phase, *, step: int | None = None) -> None:
        """Not reported."""

    def update(self, done: int, total: int, unit: str, text: str = "") -> None:
        self._reporter.update(done, total, unit, text)

    def steps(self, step: int, total_steps: int, remaining_s: float | None) -> None:
        self._reporter.update(step, STEPS, "steps")
        if step == STEPS:
            raise StopRequested(save=False)

    def event(self, event: Event, *, flush: bool = False) -> None:
        if isinstance(event, TrainMetrics):
            self._metrics.append(event)


def _second_step(
    spec: RunSpec,
    task: Task,
    method: Method,
    reporter: Reporter,
    *,
    autocast: torch.dtype | None,
) -> _Meter:
    training = replace(
        spec.training,
        max_steps=NEVER,
        evaluate_every_steps=NEVER,
        checkpoint_every_steps=None,
        patience_evaluations=None,
    )
    meter = _Meter(reporter)
    trainer = Trainer(
        task,
        method,
        training,
        meter,
        checkpoints=Path("unused"),
        autocast=autocast,
    )
    try:
        trainer.train()
    except StopRequested:
        return meter
    raise AssertionError("the meter ends every training")


def _references(inputs: Sequence[EvalInput]) -> float:
    return sum(len(row.references) for row in inputs) / len(inputs) if inputs else 0.0
