"""The Activity list: all long work in one place, with progress and cancel."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from app.models.run import RunModel, RunPart
from app.models.runs import RunsModel
from app.ports import Pending
from app.run_text import doing
from engine.contract.protocol.commands import Failure, Progress
from engine.contract.runs.events import RunState
from workers.base import Runner


class Activity(QObject):
    """One piece of long work.

    Attributes:
        outlives: whether it goes on when the window is closed, as training does.
        remaining_s: estimate from the pace so far, or None while there is none.

    Signals:
        changed: progress or title is new.
        ended: it is over (answered, failed or cancelled).
    """

    changed = Signal()
    ended = Signal()

    def __init__(
        self,
        title: str,
        cancel: Callable[[], None] | None,
        *,
        outlives: bool = False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.title = title
        self.outlives = outlives
        self.progress: Progress | None = None
        self.remaining_s: float | None = None
        self._cancel = cancel
        self._first: tuple[float, int] | None = None

    @property
    def can_cancel(self) -> bool:
        """Whether `cancel` does anything."""
        return self._cancel is not None

    def cancel(self) -> None:
        """Ask the work to end."""
        if self._cancel is not None:
            self._cancel()

    def end(self) -> None:
        """It is over, and can no longer be cancelled."""
        self._cancel = None  # a pending request and its activity would keep each other alive
        self.ended.emit()

    def set_progress(self, progress: Progress) -> None:
        """Show how far it is; the time left is estimated from the pace."""
        self.show_progress(progress, self._estimate(progress))

    def show_progress(self, progress: Progress, remaining_s: float | None) -> None:
        """Show how far it is, and the time left as the work itself reports it."""
        self.progress, self.remaining_s = progress, remaining_s
        self.changed.emit()

    def _estimate(self, progress: Progress) -> float | None:
        now_s = time.monotonic()
        before = self.progress
        if self._first is None or before is None or progress.done < before.done:
            self._first = (now_s, progress.done)  # a new phase counts anew
        since_s, done = now_s - self._first[0], progress.done - self._first[1]
        if done <= 0 or since_s < 1.0 or progress.total <= progress.done:
            return None
        return since_s / done * (progress.total - progress.done)


class ActivitiesModel(QObject):
    """Long work that is going on.

    Signals:
        added, removed: `Activity`.
        failed: title, `Failure`: for the window to show to the user.
    """

    added = Signal(object)
    removed = Signal(object)
    failed = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.activities: list[Activity] = []

    def start(
        self, title: str, cancel: Callable[[], None] | None = None, *, outlives: bool = False
    ) -> Activity:
        """Add work that the caller reports on and ends."""
        activity = Activity(title, cancel, outlives=outlives, parent=self)
        self.activities.append(activity)
        self.added.emit(activity)
        return activity

    def end(self, activity: Activity) -> None:
        """Remove work from the list."""
        if activity in self.activities:
            self.activities.remove(activity)
            activity.end()
            self.removed.emit(activity)
            activity.deleteLater()

    def follow(self, title: str, pending: Pending, *, tell_failure: bool = True) -> Activity:
        """Add the work of a request until it ends; with `tell_failure`, report failures."""
        activity = self.start(title, pending.cancel)

        def end(reply: object = None) -> None:
            self.end(activity)
            if tell_failure and isinstance(reply, Failure):
                self.failed.emit(title, reply)

        pending.progressed.connect(activity.set_progress)
        for signal in (pending.answered, pending.cancelled, pending.failed):
            signal.connect(end)
        return activity


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
