"""The Activity list: all long work in one place, with progress and cancel."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.ports import Ticket
from engine.contract.commands import Failure, Progress


class Activity(QObject):
    """One piece of long work.

    Signals:
        changed: progress or title is new.
        ended: it is over (answered, failed or cancelled).
    """

    changed = Signal()
    ended = Signal()

    def __init__(
        self, title: str, cancel: Callable[[], None] | None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.title = title
        self.progress: Progress | None = None
        self._cancel = cancel

    @property
    def can_cancel(self) -> bool:
        """Whether `cancel` does anything."""
        return self._cancel is not None

    def cancel(self) -> None:
        """Ask the work to end."""
        if self._cancel is not None:
            self._cancel()

    def set_progress(self, progress: Progress) -> None:
        """Show how far it is."""
        self.progress = progress
        self.changed.emit()


class ActivitiesModel(QObject):
    """Long work that is going on.

    Signals:
        added, removed: `Activity`.
        failed: title, `Failure`: for the window to tell the user.
    """

    added = Signal(object)
    removed = Signal(object)
    failed = Signal(str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.activities: list[Activity] = []

    def start(self, title: str, cancel: Callable[[], None] | None = None) -> Activity:
        """Add work that the caller reports on and ends."""
        activity = Activity(title, cancel, self)
        self.activities.append(activity)
        self.added.emit(activity)
        return activity

    def end(self, activity: Activity) -> None:
        """Take work off the list."""
        if activity in self.activities:
            self.activities.remove(activity)
            activity.ended.emit()
            self.removed.emit(activity)
            activity.deleteLater()

    def follow(self, title: str, ticket: Ticket, *, tell_failure: bool = True) -> Activity:
        """Add the work of a ticket, kept in step with it; with `tell_failure`, tell the user."""
        activity = self.start(title, ticket.cancel)

        def fail(failure: Failure) -> None:
            self.end(activity)
            if tell_failure:
                self.failed.emit(title, failure)

        ticket.progressed.connect(activity.set_progress)
        ticket.answered.connect(lambda _reply: self.end(activity))
        ticket.cancelled.connect(lambda: self.end(activity))
        ticket.failed.connect(fail)
        return activity
