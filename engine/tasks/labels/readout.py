"""Labels of texts, by a head on the pooled states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch.nn.functional import cross_entropy

from engine.contract.backbone import BackboneKind
from engine.contract.errors import UserError
from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.readouts import Pooling
from engine.data.examples import EvalInput, TrainRow
from engine.data.tallies import counted
from engine.methods.base import System
from engine.tasks.reading.head_readout import HeadReadout
from engine.tasks.reading.names import HeadNames, categories_of, without_choice
from engine.tasks.reading.readout import (
    Prediction,
    ReadoutBatch,
    ReadoutForm,
    ReadoutRow,
    in_order,
    right_answers,
)
from engine.tasks.reading.texts import TextEncoder
from engine.tasks.states import hidden_states

_DIGITS = 6
"""Of a probability that is saved."""


def with_labels(task: LabelTask, rows: Sequence[TrainRow]) -> LabelTask:
    """The task with the labels of its training rows, unless it names them.

    Numbers are in their order, other labels in that of their first rows.

    Raises:
        UserError: there are not two labels, of each category where each has a head.
    """
    labels = task.labels or in_order(row.target for row in rows)
    categories = categories_of(task, rows, lambda row: (row.target,))
    for where, label in without_choice(labels, categories):
        raise UserError(
            "single-label",
            "All training rows{where} have the label {label!r}. Give rows of at least two "
            "labels, or choose another target.",
            where=where,
            label=label,
        )
    return replace(task, labels=labels, categories=categories)


class LabelReadout(HeadReadout[int]):
    """One label of each input.

    Args:
        task: with its labels.
        form: how inputs are read.
    """

    def __init__(self, task: LabelTask, form: ReadoutForm) -> None:
        categories = task.categories if task.head.per_category else None
        self._names = HeadNames("labels", task.labels, categories)
        super().__init__(form, task.head, outputs=len(self._names.names))
        self.spec: LabelTask = task
        self._pooling = pooling_of(task.head.pooling, self.encoder)
        self._cut = self._unknown = 0

    def rows(self, item: TrainRow | EvalInput, number: int) -> list[ReadoutRow[int]]:
        """One row; labels that no training row has carry no loss."""
        encoded = self.encoder.encode(self.parts(item))
        self._cut += encoded.is_cut
        outputs = self._names.outputs(item)
        numbers = self._names.numbers(outputs)
        answers = right_answers(item)
        known = tuple(numbers[label] for label in answers if label in numbers)
        self._unknown += len(answers) - len(known)
        return [ReadoutRow(encoded.ids, encoded.types, number, known, outputs=outputs)]

    def logits(self, system: System, batch: ReadoutBatch[int], *, training: bool) -> torch.Tensor:
        """[B, labels]."""
        pooled = self._pooled(system, batch)
        return self._names.among(self.head(pooled, training=training), batch.read)

    def _pooled(self, system: System, batch: ReadoutBatch[int]) -> torch.Tensor:
        """[B, d]."""
        texts, pooling = batch.texts, self._pooling
        start_only = pooling is Pooling.FIRST and self.backbone.is_encoder_decoder
        states = hidden_states(
            system,
            texts,
            [row.item for row in batch.read],
            last_only=pooling is Pooling.LAST,
            start_only=start_only,
        )
        if start_only:
            return states[:, 0]
        if pooling is Pooling.MEAN:
            mask = texts.mask[..., None].to(states.dtype)
            return (states * mask).sum(dim=1) / mask.sum(dim=1)
        columns = texts.last if pooling is Pooling.LAST else texts.first
        return states[torch.arange(len(states), device=states.device), columns]

    def loss(self, logits: torch.Tensor, batch: ReadoutBatch[int]) -> torch.Tensor:
        """Cross-entropy."""
        return label_loss(logits, batch)

    def read(self, logits: torch.Tensor, batch: ReadoutBatch[int]) -> list[list[float]]:
        """The probability of each label."""
        probabilities: list[list[float]] = logits.softmax(dim=1).tolist()
        return probabilities

    def predictions(
        self,
        inputs: Sequence[EvalInput],
        rows: Sequence[ReadoutRow[int]],
        read: Sequence[list[float]],
    ) -> list[Prediction]:
        """The most probable label, and the probabilities of all."""
        spans = [slice(row.outputs.start, row.outputs.stop) for row in rows]
        return [
            label_prediction(self._names.names[span], values[span])
            for span, values in zip(spans, read, strict=True)
        ]

    def notes(self) -> tuple[str, ...]:
        """On texts that were cut, and on labels that are no label of their category."""
        notes = []
        if self._cut:
            was = "was" if self._cut == 1 else "were"
            limit = counted(self.encoder.limit, "token")
            notes.append(f"{counted(self._cut, 'input')} {was} longer than {limit} and {was} cut.")
        if self._unknown and self.spec.categories:  # else the data's findings have counted them
            notes.append(
                f"{counted(self._unknown, 'label')} of held-out rows that no training row of the "
                "category has: counted as wrong."
            )
        return tuple(notes)


def label_loss(scores: torch.Tensor, batch: ReadoutBatch[int]) -> torch.Tensor:
    """The summed cross-entropy of the right labels among all, in nats.

    Args:
        scores: [B, labels].
        batch: whose answers are numbers of labels.
    """
    index, labels = right_labels(batch, scores.device)
    return cross_entropy(scores[index], labels, reduction="sum")


def right_labels(
    batch: ReadoutBatch[int], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """The row and the label of each answer."""
    pairs = [(i, label) for i, row in enumerate(batch.read) for label in row.answers]
    index, labels = torch.tensor(pairs, dtype=torch.long, device=device).view(-1, 2).T
    return index, labels


def label_prediction(labels: Sequence[str], values: Sequence[float]) -> Prediction:
    """The most probable label, and the probabilities of all."""
    best = labels[max(range(len(labels)), key=values.__getitem__)]
    rounded = [round(value, _DIGITS) for value in values]
    return Prediction(best, tuple(zip(labels, rounded, strict=True)))


def pooling_of(pooling: Pooling, encoder: TextEncoder) -> Pooling:
    """What automatic pooling is on a backbone."""
    if pooling is not Pooling.AUTO:
        return pooling
    kind = encoder.backbone.shape.kind
    if kind is BackboneKind.DECODER:
        return Pooling.LAST
    is_first = kind is BackboneKind.MASKED and encoder.starts_with_special
    if kind is BackboneKind.ENCODER_DECODER or is_first:
        return Pooling.FIRST
    return Pooling.MEAN
