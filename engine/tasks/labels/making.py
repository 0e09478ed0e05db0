"""The readout of a label task: by a head, or by words at a blank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.words import ReadoutKind
from engine.data.examples import TrainRow
from engine.tasks.labels.readout import LabelReadout, with_labels
from engine.tasks.labels.words import WordReadout
from engine.tasks.reading.readout import Readout, ReadoutForm
from engine.templates.shown import with_shown


def with_answers(task: LabelTask, rows: Sequence[TrainRow]) -> LabelTask:
    """The task with the labels of its training rows, and with those rows that are shown."""
    return with_shown(with_labels(task, rows), rows)


def label_readout(task: LabelTask, form: ReadoutForm) -> Readout[Any]:
    """The readout that the task's settings name."""
    make = WordReadout if task.words.readout is ReadoutKind.WORDS else LabelReadout
    return make(task, form)
