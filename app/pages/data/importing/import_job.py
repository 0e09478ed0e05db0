"""One file on its way into one project."""

from __future__ import annotations

import logging
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from app.ports import Client, Pending
from engine.contract.projects.project import ProjectFolder
from engine.contract.protocol.commands import ImportFile
from engine.contract.reading.reading import FileReport

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ImportJob:
    """An `ImportFile` under way."""

    report: FileReport
    dataset_id: str
    store: Path
    pending: Pending

    @property
    def source(self) -> Path:
        """The file."""
        return Path(self.report.path)

    def abandon(self) -> None:
        """Give up, as when the project is closed; leaves no file behind."""
        self.pending.answered.connect(lambda _reply: _remove(self.store))
        self.pending.cancel()


def start_import(report: FileReport, folder: ProjectFolder, client: Client) -> ImportJob:
    """Import the file of a report as a new dataset of a project."""
    words = re.sub(r"[^a-z0-9]+", "-", Path(report.path).stem.lower()).strip("-")[:40]
    dataset_id = f"{words or 'data'}-{secrets.token_hex(3)}"
    store = folder.dataset_store(dataset_id)
    command = ImportFile(report.path, report.options, str(store))
    return ImportJob(report, dataset_id, store, client.ask(command))


def _remove(store: Path) -> None:
    try:
        store.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s could not be removed: %s", store, error)
