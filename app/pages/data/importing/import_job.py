"""One file on its way into one project."""

from __future__ import annotations

import logging
import re
import secrets
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.ports import Client, Pending
from engine.contract.projects.project import ProjectFolder
from engine.contract.protocol.commands import Failure, Imported, ImportFile, Progress
from engine.contract.reading.reading import FileReport

log = logging.getLogger(__name__)


def new_dataset_id(path: Path) -> str:
    """A dataset id: the file's name in plain letters and six random hexadecimal digits."""
    words = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:40]
    return f"{words or 'data'}-{secrets.token_hex(3)}"


class ImportJob(QObject):
    """An `ImportFile` under way. One of the last three signals comes, once.

    Signals:
        progressed: `Progress`.
        finished: `Imported`.
        failed: `Failure`.
        cancelled: nothing.
    """

    progressed = Signal(object)
    finished = Signal(object)
    failed = Signal(object)
    cancelled = Signal()

    def __init__(
        self, report: FileReport, folder: ProjectFolder, *, client: Client, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.report = report
        self.folder = folder
        self.source = Path(report.path)
        self.dataset_id = new_dataset_id(self.source)
        self._store = folder.dataset_store(self.dataset_id)
        self._abandoned = False
        self.pending: Pending = client.ask(
            ImportFile(report.path, report.options, str(self._store))
        )
        self.pending.progressed.connect(self._on_progressed)
        self.pending.answered.connect(self._on_answered)
        self.pending.failed.connect(self._on_failed)
        self.pending.cancelled.connect(self._on_cancelled)

    def cancel(self) -> None:
        """Ask to give up."""
        self.pending.cancel()

    def abandon(self) -> None:
        """Give up and tell nobody, as when the project is closed; leaves no file behind."""
        self._abandoned = True
        self.pending.cancel()

    def _on_progressed(self, progress: Progress) -> None:
        if not self._abandoned:
            self.progressed.emit(progress)

    def _on_answered(self, reply: Imported) -> None:
        if self._abandoned:
            self._remove_store()
        else:
            self.finished.emit(reply)
        self.deleteLater()

    def _on_failed(self, failure: Failure) -> None:
        if not self._abandoned:
            self.failed.emit(failure)
        self.deleteLater()

    def _on_cancelled(self) -> None:
        if not self._abandoned:
            self.cancelled.emit()
        self.deleteLater()

    def _remove_store(self) -> None:
        try:
            self._store.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s could not be removed: %s", self._store, error)
