"""The numbers of a run that several pages show, each by one function, so that they agree."""

from __future__ import annotations

import statistics

from app.models.run import RunModel
from engine.contract.methods.all import info_of
from engine.contract.runs.events import Evaluation
from engine.contract.runs.scores import Score
from engine.contract.tasks.all import task_info

SPEED_STEPS = 30
"""The last steps whose median is the speed: batches differ in length."""


def saved_step(run: RunModel) -> int | None:
    """The step whose parameters are saved, or would be if the run ended now."""
    if run.finished is not None:
        return run.finished.best_step
    return next((event.step for event in reversed(run.evaluations) if event.is_best), None)


def saved_evaluation(run: RunModel) -> Evaluation | None:
    """The evaluation at that step."""
    step = saved_step(run)
    return next((event for event in reversed(run.evaluations) if event.step == step), None)


def valid_loss(run: RunModel) -> float | None:
    """Validation loss of the parameters that are saved."""
    evaluation = saved_evaluation(run)
    return evaluation.valid_loss if evaluation is not None else None


def valid_score(run: RunModel) -> Score | None:
    """The validation score of the parameters that are saved, by the task's primary metric."""
    evaluation = saved_evaluation(run)
    return _primary(run, evaluation.scores) if evaluation is not None else None


def test_score(run: RunModel) -> Score | None:
    """The score of the test inputs by the same metric, once the run has predicted them."""
    outputs = run.outputs.get("test")
    return _primary(run, outputs.scores) if outputs is not None else None


def _primary(run: RunModel, scores: tuple[Score, ...]) -> Score | None:
    primary = task_info(run.spec.task).quick_metrics[0]
    return next((score for score in scores if score.metric == primary), None)


def backbone_parameters(run: RunModel) -> int | None:
    """Parameters of the backbone, or None before the run was started."""
    if run.started is None:
        return None
    # What is trained is part of the backbone here, and beside it with every other method.
    inside = info_of(run.spec.method).own_weights
    return run.started.frozen_parameters + inside * run.started.trainable_parameters


def saved_bytes(run: RunModel) -> int | None:
    """Size of the file that holds what was trained, or None while there is none."""
    return run.finished.stored_bytes if run.finished is not None else None


def work_s(run: RunModel) -> float | None:
    """Seconds that the run has worked: training, evaluations, test outputs; no pauses."""
    if run.finished is not None:
        return run.finished.elapsed_s
    return run.metrics[-1].elapsed_s if run.metrics else None


def training_s(run: RunModel) -> float | None:
    """Seconds until the last optimiser step, evaluations before it included; no pauses."""
    return run.metrics[-1].elapsed_s if run.metrics else work_s(run)


def training_speed(run: RunModel) -> float | None:
    """Source and target tokens a second in the last optimiser steps."""
    last = [step.tokens_per_s for step in run.metrics[-SPEED_STEPS:]]
    return statistics.median(last) if last else None
