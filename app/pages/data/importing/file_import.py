"""The file that is looked at before it is imported, and the import itself."""

from __future__ import annotations

import enum
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, SignalInstance

from app.models.activities import ActivitiesModel
from app.models.project import ProjectModel
from app.pages.data.edits import added
from app.pages.data.importing.import_job import ImportJob, start_import
from app.ports import Client
from app.qt.latest_request import LatestRequest
from engine.contract.projects.project import DatasetEntry
from engine.contract.protocol.commands import Failure, Imported, InspectFile, Progress
from engine.contract.reading.reading import FileReport, ReadOptions
from engine.contract.specs.data import Mapping, Split


class ImportState(enum.Enum):
    """How far the import is."""

    NONE = "none"
    LOOKING = "looking"
    READY = "ready"
    """There is a report; Import may be pressed."""
    FAILED = "failed"
    """The file could not be looked at; `failure` says why."""
    IMPORTING = "importing"


class FileImport(QObject):
    """What the import view shows and edits.

    Attributes:
        path: the chosen file, or None.
        chosen: what the user has set; None in it means "as detected".
        report: the latest answer; kept while a newer one is waited for.
        failure: why the last look or import failed, or None.
        unreadable: whether it was the look that failed, so that `report` is an older one.
        progress: of the import, or None.

    Signals:
        changed: any of these is new.
        imported: `Imported`; the dataset is in the project now.
    """

    changed = Signal()
    imported = Signal(object)

    def __init__(
        self,
        project: ProjectModel,
        activities: ActivitiesModel,
        *,
        client: Client,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._activities = activities
        self._client = client
        self._job: ImportJob | None = None
        self._look = LatestRequest(client, self)
        self._look.answered.connect(self._on_report)
        self._look.failed.connect(self._on_failed)
        self.path: Path | None = None
        self.chosen = ReadOptions()
        self.report: FileReport | None = None
        self.failure: Failure | None = None
        self.progress: Progress | None = None
        self.unreadable = False
        project.closed.connect(self.close)

    @property
    def state(self) -> ImportState:
        """How far it is."""
        if self.path is None:
            return ImportState.NONE
        if self._job is not None:
            return ImportState.IMPORTING
        if self._look.is_busy:
            return ImportState.LOOKING
        return ImportState.READY if self.report and not self.unreadable else ImportState.FAILED

    def open(self, path: Path, reading: ReadOptions | None = None) -> None:
        """Look at a file, read as it says; one that was being imported is given up first."""
        self.close()
        self.path, self.chosen = path, reading or ReadOptions()
        self._ask()

    def choose(self, options: ReadOptions) -> None:
        """Look again, reading as the user says."""
        if self.path is not None and self._job is None and options != self.chosen:
            self.chosen = options
            self._ask()

    def start(self) -> None:
        """Import the file as it is shown."""
        folder = self._project.folder
        if self.state is not ImportState.READY or folder is None or self.report is None:
            return
        self.failure, self.progress = None, None
        self._job = job = start_import(self.report, folder, self._client)
        for signal, slot in self._slots(job):
            signal.connect(slot)
        title = f"Import {job.source.name}"
        self._activities.follow(title, job.pending, tell_failure=False)
        self.changed.emit()

    def cancel(self) -> None:
        """Give up the import that is going on; the file stays open for another try."""
        if self._job is not None:
            self._job.pending.cancel()

    def close(self) -> None:
        """Forget the file."""
        self._look.drop()
        if self._job is not None:
            for signal, slot in self._slots(self._job):
                signal.disconnect(slot)
            self._job.abandon()
        if self.path is not None:
            self._clear()
            self.changed.emit()

    def _slots(self, job: ImportJob) -> tuple[tuple[SignalInstance, Callable[..., None]], ...]:
        pending = job.pending
        return (
            (pending.progressed, self._on_progress),
            (pending.answered, self._on_imported),
            (pending.failed, self._on_job_failed),
            (pending.cancelled, self._on_job_cancelled),
        )

    def _clear(self) -> None:
        self._job = self.path = self.report = self.failure = self.progress = None
        self.chosen = ReadOptions()
        self.unreadable = False

    def _ask(self) -> None:
        self.failure = None
        self._look.ask(InspectFile(str(self.path), self.chosen))
        self.changed.emit()

    def _on_report(self, report: FileReport) -> None:
        self.report, self.unreadable = report, False
        self.changed.emit()

    def _on_failed(self, failure: Failure) -> None:
        self.failure, self.unreadable = failure, True
        self.changed.emit()

    def _on_progress(self, progress: Progress) -> None:
        self.progress = progress
        self.changed.emit()

    def _on_job_failed(self, failure: Failure) -> None:
        self._job, self.failure = None, failure
        self.changed.emit()

    def _on_job_cancelled(self) -> None:
        self._job, self.progress = None, None
        self.changed.emit()

    def _on_imported(self, reply: Imported) -> None:
        job = self._job
        if job is None:
            return
        entry = DatasetEntry(
            dataset_id=job.dataset_id,
            name=job.source.name,
            source_path=str(job.source),
            mapping=Mapping(job.report.columns),
            linearisation=job.report.linearisation,
            split=Split(kind=job.report.split_kind),
            reading=self.chosen,
        )
        self._clear()
        text = f"Import ‘{entry.name}’"
        self._project.edit(text, added(self._project.project, entry))
        self.changed.emit()
        self.imported.emit(reply)
