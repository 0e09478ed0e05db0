"""The tasks that Compare can show."""

from __future__ import annotations

from app.pages.compare.generation.view import GenerationView
from app.pages.compare.task_view import TaskView
from engine.contract.tasks.generation import GENERATION

TASK_VIEWS = (TaskView(GENERATION, GenerationView, has_blind_test=True, has_bare=True),)
"""An entry for each task; the first is that of files, which say nothing of theirs."""
