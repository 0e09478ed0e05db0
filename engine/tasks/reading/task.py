"""Labels, tags and spans on the examples of a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

from engine.backbones.loading import Backbone
from engine.contract.errors import UserError
from engine.contract.runs.events import Sample
from engine.contract.runs.scores import Score
from engine.contract.specs.run import RunSpec
from engine.contract.tasks.all import TaskSpec, task_info
from engine.data.examples import ExampleSets
from engine.methods.base import Method, System
from engine.reporter import Reporter
from engine.tasks.base import Evaluated, Predictions, PredictionTimes
from engine.tasks.reading.making import readout_for
from engine.tasks.reading.predicting import (
    BATCH_SIZE,
    encoded,
    predict,
    predicted_rows,
    read_rows,
    scored,
)
from engine.tasks.reading.readout import ReadoutBatch, ReadoutForm, ReadoutRow


class ReadingTask:
    """A task whose answers are read off the backbone (`engine.tasks.base.Task`).

    Raises:
        UserError: the training rows do not make a task, or there is no room for them.
    """

    packages: tuple[str, ...] = ()

    def __init__(
        self,
        spec: RunSpec,
        examples: ExampleSets,
        backbone: Backbone,
        reporter: Reporter,
        *,
        position_offset: int,
    ) -> None:
        self._training = spec.training
        form = ReadoutForm(
            backbone=backbone,
            mapping=spec.data.mapping,
            source_tokens=spec.data.max_source_tokens,
            position_offset=position_offset,
            seed=spec.training.seed,
        )
        self.readout = readout = readout_for(spec.task, examples.train, form)
        self._metrics = task_info(readout.spec).quick_metrics
        self.train_rows: list[ReadoutRow[Any]] = []
        for number, row in enumerate(examples.train):
            reporter.update(number, len(examples.train), "rows")
            self.train_rows += [made for made in readout.rows(row, number) if readout.targets(made)]
        if not self.train_rows:
            raise UserError(
                "no-answer-to-train-on",
                "None of the training rows has an answer that could be learned. Check the target "
                "column, and what is to be predicted.",
            )
        self.valid, self.test = examples.valid, examples.test
        self.valid_inputs, self.test_inputs = len(self.valid), len(self.test)
        self._valid_rows = encoded(readout, self.valid, reporter)
        self._test_rows = encoded(readout, self.test, reporter)
        self.notes = (*(finding.message for finding in examples.findings), *readout.notes())

    @property
    def spec(self) -> TaskSpec:
        """The task, with what rows and backbone have shown so far."""
        return self.readout.spec

    def source_of(self, row: ReadoutRow[Any]) -> bytes:
        """The tokens that are read."""
        return row.ids.tobytes()

    def trainable(self) -> dict[str, torch.nn.Parameter]:
        """The readout's, such as a head's."""
        return self.readout.trainable()

    def computed_by(self, method: Method) -> str:
        """transformers, since the fast path gives nothing else than texts."""
        return f"transformers (the answer is read off its {self.readout.read_off})"

    def check(self, system: System) -> None:
        """Nothing that was not checked when the rows were encoded."""

    def collate(self, rows: Sequence[ReadoutRow[Any]]) -> ReadoutBatch[Any]:
        """Pad rows as the backbone reads them."""
        return self.readout.collate(rows)

    def loss(self, system: System, batch: ReadoutBatch[Any]) -> torch.Tensor:
        """Cross-entropy over the answers."""
        return self.readout.loss(self.readout.logits(system, batch, training=True), batch)

    def evaluate(self, system: System, reporter: Reporter) -> Evaluated:
        """Loss and scores of the predictions for the validation rows."""
        self.readout.prepare(system, reporter)
        read, loss = read_rows(self.readout, system, self._valid_rows, reporter)
        rows = predicted_rows(self.readout, self.valid, self._valid_rows, read)
        computed, rows = scored(rows, self._metrics, self.readout.signature, reporter)
        samples = tuple(
            Sample(row.example_id, row.input, row.output, row.references)
            for row in rows[: self._training.sample_count]
        )
        scores = tuple(score for score in computed if isinstance(score, Score))
        return Evaluated(loss, scores, samples)

    def predict(
        self, system: System, reporter: Reporter, *, clock: Callable[[], float]
    ) -> Predictions:
        """Read the test inputs and score them."""
        self.readout.prepare(system, reporter)
        return predict(self.readout, system, self.test, reporter, rows=self._test_rows, clock=clock)

    def measure(self, system: System, reporter: Reporter) -> PredictionTimes:
        """Read a batch of test rows."""
        rows = self._test_rows[:BATCH_SIZE]
        if not rows:
            return PredictionTimes(0.0, 0.0)
        start = time.monotonic()
        read_rows(self.readout, system, rows, reporter)
        seconds = (time.monotonic() - start) / len({row.item for row in rows})
        return PredictionTimes(seconds, seconds)
