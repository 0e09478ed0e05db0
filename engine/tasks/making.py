"""From a task's spec to the task."""

from __future__ import annotations

from typing import Protocol

from engine.backbones.loading import Backbone
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.run import RunSpec
from engine.contract.tasks.all import task_info
from engine.data.examples import ExampleSets
from engine.reporter import Reporter
from engine.tasks.base import Task
from engine.tasks.generation.task import Generation
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
    writes = task_info(spec.task).answer is AnswerKind.TEXT
    make: MakeTask = Generation if writes else ReadingTask
    return make(spec, examples, backbone, reporter, position_offset=position_offset)
