"""Packing a project beside the window, as a piece of long work that can be cancelled."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from app.models.activities import ActivitiesModel
from engine.contract.errors import Cancelled, UserError
from engine.contract.projects.archive import write_archive
from engine.contract.protocol.commands import Failure, Progress
from engine.contract.runs.events import Blame


class Archiving(QThread):
    """Packs one project; it ends with `archived` or `failed`, or with neither when cancelled.

    Signals:
        archived: path of the file.
        failed: `Failure`.
    """

    archived = Signal(object)
    failed = Signal(object)
    _progressed = Signal(object)

    def __init__(
        self, project: Path, out: Path, activities: ActivitiesModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._project, self._out = project, out
        title = f"Archive “{project.name}”"
        activity = activities.start(title, self.requestInterruption)
        self._progressed.connect(activity.set_progress)
        self.finished.connect(lambda: activities.end(activity))
        self.finished.connect(self.deleteLater)

    def run(self) -> None:
        """The thread's work (called by Qt)."""
        try:
            write_archive(self._project, self._out, self._report)
        except Cancelled:
            return
        except UserError as error:
            self.failed.emit(Failure(Blame.USER, error.message, code=error.code))
        except OSError as error:
            self.failed.emit(Failure(Blame.USER, f"{self._out} cannot be written: {error}."))
        else:
            self.archived.emit(self._out)

    def _report(self, done: int, total: int) -> None:
        if self.isInterruptionRequested():
            raise Cancelled
        self._progressed.emit(Progress(done, total, "bytes"))
