"""What reads an answer off a backbone: rows, their loss, and their answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch

from engine.backbones.loading import Backbone
from engine.contract.errors import UserError
from engine.contract.specs.data import Mapping, Role
from engine.contract.tasks.all import TaskSpec
from engine.data.examples import EvalInput, TrainRow
from engine.methods.base import System, Tensors
from engine.reporter import Reporter
from engine.tasks.head import load_parameters
from engine.tasks.states import TextTensors, text_tensors

A = TypeVar("A")
"""An answer of a row, which carries loss: a label's number, say."""


@dataclass(frozen=True)
class ReadoutForm:
    """What decides how inputs are read.

    Attributes:
        mapping: of the columns that `parts` are the cells of.
        source_tokens: the most of a source.
        position_offset: positions that are in use before it.
        seed: of what a readout draws, such as its head.
    """

    backbone: Backbone
    mapping: Mapping
    source_tokens: int
    position_offset: int
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ReadoutRow(Generic[A]):
    """A text of one forward pass; a long input has several.

    Attributes:
        ids, types: as `engine.tasks.states.Readable` has them.
        item: the number of its input among those that were encoded with it.
        answers: those that carry loss.
        spots: what of the text is read, as its readout needs it.
        outputs: those of the head that can answer it, where some cannot.
    """

    ids: array[int]
    types: array[int]
    item: int
    answers: tuple[A, ...]
    spots: Any = None
    outputs: range = range(0)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class ReadoutBatch(Generic[A]):
    """Rows of one forward pass."""

    texts: TextTensors
    read: Sequence[ReadoutRow[A]]
    targets: int

    @property
    def rows(self) -> int:
        """B."""
        return len(self.read)

    @property
    def tokens(self) -> int:
        """Padding not counted."""
        return sum(map(len, self.read))


@dataclass(frozen=True)
class Prediction:
    """What was read of an input.

    Attributes:
        probabilities: of each label, where labels are predicted.
        start: where a stretch starts in the input's text, in characters; -1 where none does.
    """

    text: str
    probabilities: tuple[tuple[str, float], ...] = ()
    start: int = -1


class Readout(ABC, Generic[A]):
    """Reads the answers of one task.

    Attributes:
        spec: the task, with what the training rows have shown.
        signature: how predictions are made, for the signature of scores.
        plain_signature: the same without a calibration.
        read_off: what of a backbone's pass the answers are read off.
    """

    spec: TaskSpec
    signature: str = "argmax"
    plain_signature: str = "argmax"
    read_off: str = "hidden states"

    def __init__(self, form: ReadoutForm) -> None:
        self.form = form
        self.backbone = form.backbone

    @abstractmethod
    def trainable(self) -> dict[str, torch.nn.Parameter]:
        """Its own parameters, such as a head's."""

    def load(self, tensors: Tensors) -> None:
        """Take what was saved of its own parameters.

        Raises:
            UserError: they are not those of this task on this backbone.
        """
        load_parameters(self.trainable(), tensors)

    @abstractmethod
    def rows(self, item: TrainRow | EvalInput, number: int) -> list[ReadoutRow[A]]:
        """An input as rows, with its answers."""

    @abstractmethod
    def logits(self, system: System, batch: ReadoutBatch[A], *, training: bool) -> torch.Tensor:
        """[B, …], what answers are read from; inside `system.active()`."""

    @abstractmethod
    def loss(self, logits: torch.Tensor, batch: ReadoutBatch[A]) -> torch.Tensor:
        """The summed loss of all answers, in nats."""

    @abstractmethod
    def read(self, logits: torch.Tensor, batch: ReadoutBatch[A]) -> list[Any]:
        """What each row says, on the CPU."""

    @abstractmethod
    def predictions(
        self, inputs: Sequence[EvalInput], rows: Sequence[ReadoutRow[A]], read: Sequence[Any]
    ) -> list[Prediction]:
        """What the rows of each input say together."""

    def plain_predictions(self, read: Sequence[Any]) -> list[Prediction] | None:
        """`predictions` of one row each without a calibration; None where there is none."""
        return None

    def prepare(self, system: System, reporter: Reporter) -> None:
        """Measure what predictions need of a system, such as a calibration; outside `active()`."""

    def notes(self) -> tuple[str, ...]:
        """Sentences on the inputs that were encoded so far, such as on those that were cut."""
        return ()

    def targets(self, row: ReadoutRow[A]) -> int:
        """How many predictions of a row carry loss."""
        return len(row.answers)

    def collate(self, rows: Sequence[ReadoutRow[A]]) -> ReadoutBatch[A]:
        """A batch of rows."""
        return ReadoutBatch(text_tensors(self.backbone, rows), rows, sum(map(self.targets, rows)))

    def parts(self, item: TrainRow | EvalInput) -> tuple[str, ...]:
        """The cells of an input; its text where it came without them."""
        return item.parts or (item.source,)

    def source_part(self, item: TrainRow | EvalInput) -> int:
        """Which of them holds the words or answers: the first source column, else the first."""
        roles = [column.role for column in self.form.mapping.inputs]
        return roles.index(Role.SOURCE) if item.parts and Role.SOURCE in roles else 0

    def source(self, item: TrainRow | EvalInput) -> str:
        """The cell that holds the words or answers."""
        return self.parts(item)[self.source_part(item)]


def right_answers(item: TrainRow | EvalInput) -> tuple[str, ...]:
    """All that is right of an input."""
    return (item.target,) if isinstance(item, TrainRow) else item.references


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Distinct labels or tags: numbers in their order, others in that of their appearance."""
    distinct = list(dict.fromkeys(names))
    try:
        return tuple(sorted(distinct, key=float))
    except ValueError:
        return tuple(distinct)


def check_known(what: str, names: Sequence[str]) -> None:
    """Raise `UserError` where a saved task does not say what it predicts."""
    if len(names) < 2:
        raise UserError(
            "task-without-names",
            "The card has {count} {what}, and at least two are needed. Get a fresh copy of it.",
            what=what,
            count=len(names),
        )
