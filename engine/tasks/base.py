"""What a task offers to training: rows, their loss, and the predictions on held-out rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from engine.contract.runs.events import Sample
from engine.contract.runs.scores import Absent, OutputRow, Score
from engine.methods.base import System
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
    """

    rows: tuple[OutputRow, ...]
    scores: tuple[Score, ...]
    absent: tuple[Absent, ...]
    decoding: str
    seconds: float
    tokens_per_s: float


class Task(Protocol):
    """A task on the data of one run, made ready for one backbone.

    Attributes:
        valid_inputs, test_inputs: how many there are.
        notes: sentences that the user should read before training, such as on texts that were cut.
    """

    valid_inputs: int
    test_inputs: int
    notes: tuple[str, ...]

    @property
    def train_rows(self) -> Sequence[Sized]:
        """Encoded rows, to be shuffled and batched; the length of a row is in tokens."""

    def trainable(self) -> dict[str, torch.nn.Parameter]:
        """Parameters of the task's own, such as a head; they are trained with the method's."""

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

    def save(self, folder: Path) -> None:
        """Write what `trainable` holds into the run's folder."""
