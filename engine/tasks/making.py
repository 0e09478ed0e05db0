"""From a task's spec to the task."""

from __future__ import annotations

from typing import Protocol

from engine.backbones.loading import Backbone
from engine.contract.specs.run import RunSpec
from engine.data.examples import ExampleSets
from engine.reporter import Reporter
from engine.tasks.base import Task
from engine.tasks.generation.task import Generation


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


make_task: MakeTask = Generation
