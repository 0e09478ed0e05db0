"""What every page gets by its constructor."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoStack

from app.models.activities import ActivitiesModel
from app.models.project import ProjectModel
from app.models.runs import RunsModel
from app.models.speeds import Speeds
from app.models.studies import StudyLibrary
from app.ports import Client
from app.settings import Settings
from app.shell.actions import ActionRegistry
from app.shell.messages import Messages, Navigator
from app.theme import Theme
from workers.base import Runner

if TYPE_CHECKING:
    from app.pages.runs.form.planner import Planner


@dataclass(frozen=True)
class AppContext:
    """The parts of the program that pages share; made once, in `app/shell/startup.py`.

    Attributes:
        data_client: answers quickly, without torch: files, previews, splits, backbones.
        model_client: holds a backbone in memory: decoding, scoring, exchange of prefixes.
        speeds: how fast this machine trains.
        undo: the project's undo stack (also `project.undo`).
    """

    project: ProjectModel
    runs: RunsModel
    studies: StudyLibrary
    speeds: Speeds
    activities: ActivitiesModel
    data_client: Client
    model_client: Client
    runner: Runner
    theme: Theme
    settings: Settings
    undo: QUndoStack
    actions: ActionRegistry
    navigator: Navigator
    messages: Messages = field(default_factory=Messages)

    @cached_property
    def planner(self) -> Planner:
        """The form of a new run and what it would take, which Runs and Studies share."""
        from app.pages.runs.form.planner import Planner  # pages import this module

        return Planner(self)
