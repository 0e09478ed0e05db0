"""All tasks: a new one is named here, and in `engine/tasks/making.py`."""

from __future__ import annotations

from engine.contract.tasks.generation import GENERATION, GenerationTask
from engine.contract.tasks.info import TaskInfo

TaskSpec = GenerationTask
"""The spec of a task: a union, once there are several."""
TASKS = (GENERATION,)
_INFOS = {GenerationTask: GENERATION}


def task_info(task: TaskSpec) -> TaskInfo:
    """What there is to say of a spec's task."""
    return _INFOS[type(task)]
