"""The reader of a task: for a run from its training rows, for decoding from what was saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.contract.tasks.all import TaskSpec
from engine.contract.tasks.labels import LabelTask
from engine.data.examples import TrainRow
from engine.tasks.labels.reader import LabelReader, with_labels
from engine.tasks.reading.reader import Reader, ReadingForm

_READERS: Mapping[type[TaskSpec], Callable[..., Reader[Any]]] = {
    LabelTask: LabelReader,
}
_FILLED: Mapping[type[TaskSpec], Callable[..., TaskSpec]] = {
    LabelTask: with_labels,
}


def reader_for(task: TaskSpec, rows: Sequence[TrainRow], form: ReadingForm) -> Reader[Any]:
    """The reader of a run.

    Raises:
        UserError: its training rows do not make a task.
    """
    return reader_of(_FILLED[type(task)](task, rows), form)


def reader_of(task: TaskSpec, form: ReadingForm) -> Reader[Any]:
    """The reader of a task that has what its training rows have shown."""
    return _READERS[type(task)](task, form)
