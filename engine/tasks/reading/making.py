"""The readout of a task: for a run from its training rows, for decoding from what was saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.contract.tasks.all import TaskSpec
from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.spans import SpanTask
from engine.contract.tasks.tags import TagTask
from engine.data.examples import TrainRow
from engine.tasks.labels.making import label_readout, with_answers
from engine.tasks.reading.readout import Readout, ReadoutForm
from engine.tasks.spans.readout import SpanReadout, with_unanswerable
from engine.tasks.tags.readout import TagReadout, with_tags

_READOUTS: Mapping[type[TaskSpec], Callable[..., Readout[Any]]] = {
    LabelTask: label_readout,
    TagTask: TagReadout,
    SpanTask: SpanReadout,
}
_FILLED: Mapping[type[TaskSpec], Callable[..., TaskSpec]] = {
    LabelTask: with_answers,
    TagTask: with_tags,
    SpanTask: with_unanswerable,
}


def readout_for(task: TaskSpec, rows: Sequence[TrainRow], form: ReadoutForm) -> Readout[Any]:
    """The readout of a run.

    Raises:
        UserError: its training rows do not make a task.
    """
    return readout_of(filled(task, rows), form)


def filled(task: TaskSpec, rows: Sequence[TrainRow]) -> TaskSpec:
    """The task with what its training rows show, such as the labels.

    Raises:
        UserError: they do not make a task.
    """
    return _FILLED[type(task)](task, rows)


def readout_of(task: TaskSpec, form: ReadoutForm) -> Readout[Any]:
    """The readout of a task that has what its training rows have shown."""
    return _READOUTS[type(task)](task, form)
