"""Puts the runs that are at work on the Activity list."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from app.models.activities import ActivitiesModel, Activity
from app.models.run import RunModel
from app.models.runs import RunsModel
from app.run_text import doing
from engine.contract.protocol.commands import Progress
from engine.contract.runs.events import RunState
from workers.base import Runner


class RunActivities(QObject):
    """Keeps one activity for each run that a process works on; cancel means stop and save."""

    def __init__(self, runs: RunsModel, activities: ActivitiesModel, runner: Runner) -> None:
        super().__init__()
        self._activities = activities
        self._runner = runner
        self._shown: dict[str, Activity] = {}
        runs.added.connect(self._add)
        runs.removed.connect(self._remove)

    def _add(self, run: RunModel) -> None:
        run.status_changed.connect(partial(self._update, run))
        self._update(run)

    def _stop(self, run: RunModel) -> None:
        run.ask(RunState.CANCELLED)
        self._runner.stop(run.run_id, save=True)

    def _remove(self, run: RunModel) -> None:
        activity = self._shown.pop(run.run_id, None)
        if activity is not None:
            self._activities.end(activity)

    def _update(self, run: RunModel) -> None:
        status = run.status
        if not status.state.is_active:
            self._remove(run)
            return
        activity = self._shown.get(run.run_id)
        if activity is None:
            stop = partial(self._stop, run)
            activity = self._activities.start(f"Train “{run.meta.name}”", stop, outlives=True)
            self._shown[run.run_id] = activity
        progress = Progress(status.step, status.total_steps, "steps", doing(run))
        left = status.remaining_s if status.state is RunState.RUNNING else None
        activity.show_progress(progress, left)
