"""Puts the runs that are at work on the Activity list."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from app.models.activities import ActivitiesModel, Activity
from app.models.run import RunModel, RunPart
from app.models.runs import RunsModel
from app.run_text import doing
from engine.contract.protocol.commands import Progress
from engine.contract.runs.events import RunState
from workers.base import Runner


class RunActivities(QObject):
    """One activity for each run that a process works on; cancel means stop and save."""

    def __init__(self, runs: RunsModel, activities: ActivitiesModel, runner: Runner) -> None:
        super().__init__()
        self._activities, self._runner = activities, runner
        self._shown: dict[str, Activity] = {}
        runs.added.connect(self._update)
        runs.changed.connect(self._update)
        runs.removed.connect(self._end)

    def _stop(self, run: RunModel) -> None:
        run.ask(RunState.CANCELLED)
        self._runner.stop(run.run_id, save=True)

    def _end(self, run: RunModel) -> None:
        activity = self._shown.pop(run.run_id, None)
        if activity is not None:
            self._activities.end(activity)

    def _update(self, run: RunModel, part: RunPart = RunPart.STATUS) -> None:
        if part is not RunPart.STATUS:
            return
        status = run.status
        if not status.state.is_active:
            self._end(run)
            return
        if run.run_id not in self._shown:
            title, stop = f"Train “{run.meta.name}”", partial(self._stop, run)
            self._shown[run.run_id] = self._activities.start(title, stop, outlives=True)
        progress = Progress(status.step, status.total_steps, "steps", doing(run))
        left = status.remaining_s if status.state is RunState.RUNNING else None
        self._shown[run.run_id].show_progress(progress, left)
