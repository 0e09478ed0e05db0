"""Training on one page: the same loop for every task and every method."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import torch

from engine.contract.errors import UserError
from engine.contract.runs.events import (
    CheckpointSaved,
    Evaluation,
    Event,
    Level,
    Notice,
    Phase,
    SamplesTaken,
    TrainMetrics,
)
from engine.contract.specs.evaluating import evaluation_steps
from engine.contract.specs.training import (
    MicroBatch,
    Objective,
    SelectBy,
    TrainingSpec,
)
from engine.methods.base import Method
from engine.reporter import Reporter
from engine.tasks.base import Batch, Evaluated, Task
from engine.training import checkpoint
from engine.training.best import BestTracker
from engine.training.checkpoint_files import TrainingState
from engine.training.epochs import Epochs, split_evenly
from engine.training.memory import is_out_of_memory, peak_memory_bytes
from engine.training.recorder import StopRequested
from engine.training.schedule import learning_rate
from engine.training.time_left import TimeLeft


class Recorder(Reporter, Protocol):
    """What the loop reports to; of a run, a `RunRecorder`."""

    def work_s(self) -> float:
        """A clock that stands while the run is paused."""

    def phase(self, phase: Phase, *, step: int | None = None) -> None:
        """Begin a phase after this step."""

    def steps(self, step: int, total_steps: int, remaining_s: float | None) -> None:
        """Take the steps so far; raise `StopRequested` to end."""

    def event(self, event: Event, *, flush: bool = False) -> None:
        """Take what happened."""


@dataclass(frozen=True)
class StepResult:
    """What one optimiser step has shown.

    Attributes:
        loss: nats per target, the mean over the step.
        targets, tokens: over all its batches, as `Batch` counts them.
        seconds: of work.
    """

    loss: float
    learning_rate: float
    grad_norm: float
    targets: int
    tokens: int
    seconds: float


class Trainer:
    """One run of optimiser steps, from its first or its last checkpoint to the end.

    Attributes:
        state: where the run stands; complete once `train` returns.
        total_steps: optimiser steps of the whole run; 0 where nothing is trained.
    """

    def __init__(
        self,
        task: Task,
        method: Method,
        training: TrainingSpec,
        recorder: Recorder,
        *,
        checkpoints: Path,
        autocast: torch.dtype | None = None,
    ) -> None:
        self._task, self._method = task, method
        self._training, self._recorder = training, recorder
        self._checkpoints, self._autocast = checkpoints, autocast
        self._epochs = Epochs(
            task.train_rows,
            training.batch_size,
            accumulation_steps=training.accumulation_steps,
            seed=training.seed,
            together=training.sources_together.rows,
            source_of=task.source_of,
        )
        self._parameters = {**method.trainable(), **task.trainable()}
        steps = training.total_steps(len(task.train_rows))
        self.total_steps = steps if self._parameters else 0
        self._due = evaluation_steps(self.total_steps, training.evaluate_every_steps)
        self._best = BestTracker(training.patience_evaluations)
        self._time_left = TimeLeft()
        # Fused is one pass over memory; torch chooses well by itself elsewhere, but on a CPU
        # takes a pass for each operation (benchmarks/optimiser.py).
        self._optimiser = torch.optim.AdamW(
            self._groups(),
            lr=training.learning_rate,
            weight_decay=training.weight_decay,
            fused=True if method.backbone.model.device.type == "cpu" else None,
        )
        self.state = TrainingState(backbone=method.backbone.fingerprint)
        torch.manual_seed(training.seed)

    def resume(self) -> int | None:
        """Put the newest checkpoint back; its step, or None where there is none.

        Raises:
            UserError: the checkpoint is damaged, or made on another backbone.
        """
        path = checkpoint.latest(self._checkpoints)
        if path is None:
            return None
        self.state = checkpoint.load(
            path,
            self._parameters,
            self._optimiser,
            backbone=self._method.backbone.fingerprint,
        )
        return self.state.step

    def train(self) -> bool:
        """Take the remaining steps; then hold the best parameters.

        Returns:
            Whether patience ended the run early.

        Raises:
            StopRequested: the user asked to stop; saved first, if that was asked.
            UserError: the loss is not a number any more, or the disk is full.
        """
        try:
            if self.state.evaluation_due or not self.total_steps:
                self._evaluate()
            while self.state.step < self.total_steps and not self._best.gives_up(self.state):
                self._recorder.steps(self.state.step, self.total_steps, self._remaining_s())
                self._record(self._step())
                if self.state.step in self._due:
                    self._evaluate()
                elif self._is_checkpoint_due():
                    self.save()
        except StopRequested as request:
            if request.save:
                self.save()
            raise
        if self.state.best_step not in (None, self.state.step):
            checkpoint.load_best(self._checkpoints, self.state.best_step or 0, self._parameters)
        return self.state.step < self.total_steps

    def _groups(self) -> list[dict[str, Any]]:
        """The parameters by the share that their peak rate is of the run's."""
        own, groups = self._method.learning_rates(), {1.0: list[torch.nn.Parameter]()}
        for name, parameter in self._parameters.items():
            share = own[name] / self._training.learning_rate if name in own else 1.0
            groups.setdefault(share, []).append(parameter)
        return [{"params": parameters, "share": share} for share, parameters in groups.items()]

    def _step(self) -> StepResult:
        """One optimiser step over `accumulation_steps` batches."""
        training, start = self._training, self._recorder.work_s()
        rate = learning_rate(
            self.state.step,
            peak=training.learning_rate,
            warmup_steps=training.warmup_steps,
            total_steps=self.total_steps,
        )
        for group in self._optimiser.param_groups:
            group["lr"] = rate * group["share"]
        self._method.set_training(True)
        total, batches = self._accumulate(self._epochs.step_batches(self.state.step))
        self._method.set_training(False)
        targets = sum(batch.targets for batch in batches)
        if not math.isfinite(total):
            raise UserError(
                "loss-not-finite",
                "The loss is {loss} at step {step} with learning rate {rate:g}. Lower the "
                "learning rate, or add warm-up steps.",
                loss=total,
                step=self.state.step + 1,
                rate=rate,
            )
        limit = training.clip_norm or math.inf
        grad_norm = torch.nn.utils.clip_grad_norm_(self._parameters.values(), limit)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        return StepResult(
            loss=total / targets,
            learning_rate=rate,
            grad_norm=float(grad_norm),
            targets=targets,
            tokens=sum(batch.tokens for batch in batches),
            seconds=self._recorder.work_s() - start,
        )

    def _accumulate(self, drawn: Sequence[Sequence[Any]]) -> tuple[float, list[Batch]]:
        """Add the gradients of a step's rows; their summed loss, and the batches computed.

        Where memory runs out and the setting says so, it is all done again in smaller batches.
        """
        while True:
            batches = [
                self._task.collate(part)
                for rows in drawn
                for part in split_evenly(rows, self.state.micro_batch)
            ]
            # Both objectives are normalised over the whole step, so that accumulating smaller
            # batches gives the gradient of the large one.
            is_sum = self._training.objective is Objective.SENTENCE_SUM
            norm = sum(batch.rows if is_sum else batch.targets for batch in batches)
            before = torch.get_rng_state()
            try:
                return sum(self._backward(batch, norm) for batch in batches), batches
            except (MemoryError, RuntimeError) as error:
                most = max(batch.rows for batch in batches)
                is_auto = self._training.micro_batch is MicroBatch.AUTO
                if most == 1 or not is_auto or not is_out_of_memory(error):
                    raise
            self._optimiser.zero_grad(set_to_none=True)
            torch.set_rng_state(before)
            torch.cuda.empty_cache()  # does nothing where there is none
            self.state = replace(self.state, micro_batch=(most + 1) // 2)
            self._recorder.event(
                Notice(
                    Level.INFO,
                    f"Step {self.state.step + 1} needs more memory than there is with {most} rows "
                    f"at once. From here on at most {self.state.micro_batch} are computed at once.",
                )
            )

    def _backward(self, batch: Batch, norm: int) -> float:
        """Add a batch's gradient; its summed loss in nats."""
        with self._method.active():
            with self._precision():
                loss = self._task.loss(self._method, batch)
            (loss / norm).backward()  # type: ignore[no-untyped-call]
        return loss.item()

    def _precision(self) -> contextlib.AbstractContextManager[object]:
        if self._autocast is None:
            return contextlib.nullcontext()
        return torch.autocast(self._method.backbone.model.device.type, dtype=self._autocast)

    def _record(self, result: StepResult) -> None:
        """Count a step and report it."""
        self._time_left.add_step(result.seconds)
        self.state = replace(
            self.state,
            step=self.state.step + 1,
            tokens=self.state.tokens + result.targets,
            elapsed_s=self.state.elapsed_s + result.seconds,
        )
        self._recorder.event(
            TrainMetrics(
                step=self.state.step,
                epoch=self._epoch(),
                loss=result.loss,
                learning_rate=result.learning_rate,
                grad_norm=result.grad_norm,
                tokens=self.state.tokens,
                tokens_per_s=result.tokens / result.seconds,
                elapsed_s=self.state.elapsed_s,
                memory_bytes=peak_memory_bytes(self._method.backbone.model.device),
            )
        )

    def _evaluate(self) -> None:
        """Evaluate, save the parameters if they are the best, and a checkpoint."""
        recorder, start = self._recorder, self._recorder.work_s()
        self.state = replace(self.state, evaluation_due=True)
        recorder.phase(Phase.EVALUATING, step=self.state.step)
        result = self._task.evaluate(self._method, recorder)
        recorder.event(SamplesTaken(self.state.step, result.samples))
        recorder.phase(Phase.TRAINING)
        seconds = recorder.work_s() - start
        self._time_left.add_evaluation(seconds)
        self.state = replace(
            self._best.update(self.state, self._value(result)),
            evaluation_due=False,
            elapsed_s=self.state.elapsed_s + seconds,
        )
        is_best = self.state.best_step == self.state.step
        if is_best:
            checkpoint.save_best(self._checkpoints, self.state.step, self._parameters)
        recorder.event(
            Evaluation(
                step=self.state.step,
                epoch=self._epoch(),
                valid_loss=result.loss,
                scores=result.scores,
                elapsed_s=self.state.elapsed_s,
                is_best=is_best,
            )
        )
        self.save()

    def _value(self, result: Evaluated) -> float:
        """What decides the best evaluation, lower is better."""
        if self._training.select_by is not SelectBy.LOSS and result.scores:
            return -result.scores[0].value
        return result.loss

    def _epoch(self) -> float:
        return self.state.step / self._epochs.steps_per_epoch

    def _is_checkpoint_due(self) -> bool:
        every = self._training.checkpoint_every_steps
        return every is not None and self.state.step % every == 0

    def save(self) -> None:
        """Write a checkpoint; raise `UserError` where the disk does not take it."""
        checkpoint.save(self._checkpoints, self.state, self._parameters, self._optimiser)
        self._recorder.event(
            CheckpointSaved(step=self.state.step, best_step=self.state.best_step), flush=True
        )

    def _remaining_s(self) -> float | None:
        """Seconds of work left in steps and evaluations; None while unknown."""
        step = self.state.step
        evaluations = self._due.count_after(step)
        return self._time_left.remaining_s(self.total_steps - step, evaluations)
