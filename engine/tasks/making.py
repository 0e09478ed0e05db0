"""From a task's spec to the task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from engine.backbones.loading import Backbone
from engine.contract.specs.run import RunSpec
from engine.contract.tasks.all import TaskSpec, writes
from engine.data.examples import ExampleSets, TrainRow
from engine.reporter import Reporter
from engine.tasks.base import Task
from engine.tasks.generation.task import Generation
from engine.tasks.reading.making import filled
from engine.tasks.reading.task import ReadingTask


class MakeTask(Protocol):
    """Makes the task of a run."""

    def __call__(
        self,
        spec: RunSpec,
        examples: ExampleSets,
        backbone: Backbone,
        reporter: Reporter,
        *,
        position_offset: int,
    ) -> Task:
        """Encode the examples; raise `UserError` where they do not fit."""


def make_task(
    spec: RunSpec,
    examples: ExampleSets,
    backbone: Backbone,
    reporter: Reporter,
    *,
    position_offset: int,
) -> Task:
    """The task that the spec names."""
    make: MakeTask = Generation if writes(spec.task) else ReadingTask
    return make(spec, examples, backbone, reporter, position_offset=position_offset)


def filled_task(task: TaskSpec, rows: Sequence[TrainRow]) -> TaskSpec:
    """The task with what its training rows show; one that writes texts needs none.

    Raises:
        UserError: they do not make a task.
    """
    return task if writes(task) else filled(task, rows)
