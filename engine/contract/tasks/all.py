"""The tasks that there are."""

from __future__ import annotations

from engine.contract.tasks.generation import GenerationTask

TaskSpec = GenerationTask
"""The spec of a task: a union, once there are several."""
