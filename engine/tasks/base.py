"""What a task offers to training: rows, their loss, and the predictions on held-out rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence, Sized
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from engine.contract.runs.events import Sample
from engine.contract.runs.scores import Absent, OutputRow, Score
from engine.contract.tasks.all import TaskSpec
from engine.methods.base import Method, System
from engine.reporter import Reporter


class Batch(Protocol):
    """Rows of one forward pass."""

    @property
    def rows(self) -> int:
        """B."""

    @property
    def targets(self) -> int:
        """Predictions that carry loss, such as target tokens or labels."""

    @property
    def tokens(self) -> int:
        """What the backbone reads, padding not counted."""


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation on the validation rows has shown.

    Attributes:
        loss: nats per target; NaN without validation rows.
        scores: the primary metric first; empty where only the loss was asked for.
        samples: a few rows with their predictions.
    """

    loss: float
    scores: tuple[Score, ...]
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Predictions:
    """Predictions with their scores; no scores where no row has a reference.

    Attributes:
        absent: what could not be scored, with the reason.
        decoding: how they were made, such as "beam5|max100".
        precision: number format of the backbone's weights, such as "float32".
        uncalibrated: the same without the calibration, where there is one.
    """

    rows: tuple[OutputRow, ...]
    scores: tuple[Score, ...]
    absent: tuple[Absent, ...]
    decoding: str
    seconds: float
    tokens_per_s: float
    precision: str = ""
    uncalibrated: Predictions | None = None


@dataclass(frozen=True)
class PredictionTimes:
    """Seconds that the predictions for one held-out input take.

    Attributes:
        evaluate_s: at each evaluation; 0 where only the loss is computed.
        predict_s: at the end.
    """

    evaluate_s: float
    predict_s: float


class Task(Protocol):
    """A task on the data of one run, made ready for one backbone.

    Attributes:
        valid_inputs, test_inputs: how many there are.
        notes: sentences that the user should read before training, such as on texts that were cut.
        packages: whose versions a run records, beside those that every run does.
    """

    valid_inputs: int
    test_inputs: int
    notes: tuple[str, ...]
    packages: tuple[str, ...]

    @property
    def spec(self) -> TaskSpec:
        """The task, with what rows and backbone have shown, such as labels or a calibration."""

    @property
    def train_rows(self) -> Sequence[Sized]:
        """Encoded rows, to be shuffled and batched; the length of a row is in tokens."""

    def source_of(self, row: Any) -> Hashable:
        """What rows that read the same have in common, of `train_rows`."""

    def trainable(self) -> dict[str, torch.nn.Parameter]:
        """Parameters of the task's own, such as a head; trained and saved with the method's."""

    def computed_by(self, method: Method) -> str:
        """What computes the passes of training: "fast path", or "transformers" and why."""

    def check(self, system: System) -> None:
        """Raise `UserError` before training where a later prediction would not be possible."""

    def collate(self, rows: Sequence[Any]) -> Batch:
        """A batch of some of `train_rows`."""

    def loss(self, system: System, batch: Any) -> torch.Tensor:
        """The summed loss of a batch, in nats; inside `system.active()`."""

    def evaluate(self, system: System, reporter: Reporter) -> Evaluated:
        """Loss, scores and samples on the validation rows."""

    def predict(
        self, system: System, reporter: Reporter, *, clock: Callable[[], float]
    ) -> Predictions:
        """Predict the test rows, and score them.

        Args:
            clock: seconds of work, which stand while the run is paused.
        """

    def measure(self, system: System, reporter: Reporter) -> PredictionTimes:
        """Measure predictions on a few test inputs, for an estimate of the run's time."""
