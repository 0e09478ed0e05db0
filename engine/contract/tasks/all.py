"""The tasks that there are."""

from __future__ import annotations

from engine.contract.tasks.generation import GENERATION, GenerationTask
from engine.contract.tasks.info import TaskInfo

TaskSpec = GenerationTask
"""The spec of a task: a union, once there are several."""

TASKS: tuple[TaskInfo, ...] = (GENERATION,)
