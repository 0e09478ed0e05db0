"""The file that is inspected before it is imported, and the import itself."""

from __future__ import annotations

import enum
import logging
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, SignalInstance

from app.models.activities import ActivitiesModel
from app.models.project import ProjectModel
from app.pages.data.edits import added
from app.ports import Client, Pending
from app.qt.latest_request import LatestRequest
from engine.contract.projects.project import DatasetEntry
from engine.contract.protocol.commands import Failure, Progress
from engine.contract.protocol.data import Imported, ImportFile, InspectFile
from engine.contract.reading.reading import FileReport, ReadOptions
from engine.contract.specs.data import Column, Mapping, Role, Split
from engine.contract.writing.matching import match_columns

log = logging.getLogger(__name__)


class ImportState(enum.Enum):
    """How far the import is."""

    NONE = "none"
    INSPECTING = "inspecting"
    READY = "ready"
    """There is a report; Import may be pressed."""
    FAILED = "failed"
    """The file could not be inspected; `failure` says why."""
    IMPORTING = "importing"


@dataclass(frozen=True)
class _Job:
    """An import under way."""

    report: FileReport
    dataset_id: str
    store: Path
    pending: Pending

    def remove_store(self) -> None:
        """Leave nothing of an import that ended after its project was closed."""
        try:
            self.store.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s could not be removed: %s", self.store, error)


class FileImport(QObject):
    """What the import view shows and edits.

    Attributes:
        path: the chosen file, or None.
        chosen: what the user has set; None in it means "as detected".
        report: the latest answer, also while a newer one is awaited.
        failure: why the last inspection or import failed, or None.
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
        mappings: Callable[[], Iterable[Mapping]] = tuple,
        parent: QObject | None = None,
    ) -> None:
        """Take the mappings of finished runs, too: they could write about a file like theirs."""
        super().__init__(parent)
        self._mappings = mappings
        self._project, self._activities, self._client = project, activities, client
        self._inspection = LatestRequest(client, self)
        self._inspection.answered.connect(self._on_report)
        self._inspection.failed.connect(self._on_unreadable)
        self._clear()
        project.closed.connect(self.close)

    def _clear(self) -> None:
        self._job: _Job | None = None
        self.path: Path | None = None
        self.chosen = ReadOptions()
        self.report: FileReport | None = None
        self.failure: Failure | None = None
        self.progress: Progress | None = None
        self._is_unreadable = self._has_no_texts = self._is_to_learn = False

    @property
    def asks(self) -> bool:
        """Whether the user must say what the file is for: there are no texts to learn in it."""
        return self._has_no_texts and not self._is_to_learn and self.state is ImportState.READY

    def learn(self) -> None:
        """It is to be learned from, whatever it looks like."""
        self._is_to_learn = True
        self.changed.emit()

    @property
    def state(self) -> ImportState:
        """How far it is."""
        if self.path is None:
            return ImportState.NONE
        if self._job is not None:
            return ImportState.IMPORTING
        if self._inspection.is_busy:
            return ImportState.INSPECTING
        is_ready = self.report is not None and not self._is_unreadable
        return ImportState.READY if is_ready else ImportState.FAILED

    def open(self, path: Path, reading: ReadOptions | None = None) -> None:
        """Inspect a file, read as it says; an import that is going on is cancelled first."""
        self.close()
        self.path, self.chosen = path, reading or ReadOptions()
        self._inspect()

    def choose(self, options: ReadOptions) -> None:
        """Inspect it again, read as the user says."""
        if self.path is not None and self._job is None and options != self.chosen:
            self.chosen = options
            self._inspect()

    def start(self) -> None:
        """Import the file as it is shown."""
        report, folder = self.report, self._project.folder
        if self.state is not ImportState.READY or self.asks or folder is None or report is None:
            return
        self.failure, self.progress = None, None
        words = re.sub(r"[^a-z0-9]+", "-", Path(report.path).stem.lower()).strip("-")[:40]
        dataset_id = f"{words or 'data'}-{secrets.token_hex(3)}"
        store = folder.dataset_store(dataset_id)
        pending = self._client.ask(ImportFile(report.path, report.options, str(store)))
        self._job = _Job(report, dataset_id, store, pending)
        for signal, slot in self._slots(pending):
            signal.connect(slot)
        self._activities.follow(f"Import {Path(report.path).name}", pending, tell_failure=False)
        self.changed.emit()

    def cancel(self) -> None:
        """Cancel the import that is going on; the file stays open for another try."""
        if self._job is not None:
            self._job.pending.cancel()

    def close(self) -> None:
        """Forget the file."""
        self._inspection.drop()
        if self._job is not None:
            job = self._job
            for signal, slot in self._slots(job.pending):
                signal.disconnect(slot)
            job.pending.answered.connect(lambda _reply: job.remove_store())
            job.pending.cancel()
        if self.path is not None:
            self._clear()
            self.changed.emit()

    def _slots(self, pending: Pending) -> tuple[tuple[SignalInstance, Callable[..., None]], ...]:
        return (
            (pending.progressed, self._on_progress),
            (pending.answered, self._on_imported),
            (pending.failed, self._on_ended),
            (pending.cancelled, self._on_ended),
        )

    def _inspect(self) -> None:
        self.failure = None
        self._inspection.ask(InspectFile(str(self.path), self.chosen))
        self.changed.emit()

    def _on_report(self, report: FileReport) -> None:
        self.report, self._is_unreadable = report, False
        names = [column.name for column in report.columns]
        self._has_no_texts = not report.has_texts or any(
            _could_write(mapping, names) for mapping in self._mappings()
        )
        self.changed.emit()

    def _on_unreadable(self, failure: Failure) -> None:
        self.failure, self._is_unreadable = failure, True
        self.changed.emit()

    def _on_progress(self, progress: Progress) -> None:
        self.progress = progress
        self.changed.emit()

    def _on_ended(self, failure: Failure | None = None) -> None:
        self._job, self.progress, self.failure = None, None, failure
        self.changed.emit()

    def _on_imported(self, reply: Imported) -> None:
        job = self._job
        if job is None:
            return
        source = Path(job.report.path)
        entry = DatasetEntry(
            dataset_id=job.dataset_id,
            name=source.name,
            source_path=str(source),
            mapping=job.report.mapping,
            linearisation=job.report.linearisation,
            split=Split(kind=job.report.split_kind),
            reading=self.chosen,
        )
        self._clear()
        self._project.edit(f"Import ‘{entry.name}’", added(self._project.project, entry))
        self.changed.emit()
        self.imported.emit(reply)


def _could_write(mapping: Mapping, names: Sequence[str]) -> bool:
    """Whether a table has all inputs of a run, and not its target."""
    target = mapping.column_of(Role.TARGET)
    has_target = target is not None and _has_all((Column(target, Role.TARGET),), names)
    return bool(mapping.inputs) and not has_target and _has_all(mapping.inputs, names)


def _has_all(columns: Iterable[Column], names: Sequence[str]) -> bool:
    return all(match.column for match in match_columns(columns, names))
