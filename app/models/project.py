"""The open project: what `project.json` holds, with undo and autosave."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, Signal
from PySide6.QtGui import QUndoStack

from app.qt.timers import single_shot
from app.qt.value_change import ValueChange
from engine.contract.errors import UserError
from engine.contract.files.regular_files import read_text
from engine.contract.files.writing import write_atomically
from engine.contract.projects.project import (
    PROJECT_FILE,
    DatasetEntry,
    Project,
    ProjectFolder,
    merge,
)

log = logging.getLogger(__name__)

AUTOSAVE_MS = 500


class ProjectModel(QObject):
    """The open project, or none.

    Every edit goes through `edit`, which makes it undoable and saves it soon after. What the
    command line writes into `project.json` meanwhile is merged with what was edited here.

    Attributes:
        run_form: text of the form of a new run, which has undo steps of its own; "" if untouched.

    Signals:
        opened, closed: a project was opened (its folder is `folder`), or closed.
        changed: any part of `project` is new.
        save_failed: a sentence; the edit stays in memory and is saved with the next.
    """

    opened = Signal()
    closed = Signal()
    changed = Signal()
    save_failed = Signal(str)

    def __init__(self, undo: QUndoStack) -> None:
        super().__init__()
        self.undo = undo
        self.folder: ProjectFolder | None = None
        self.project = Project(name="")
        self._on_disk = self.project
        self.run_form = self._form_on_disk = ""
        self._ids: set[str] = set()
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self._read_again)
        self._timer = single_shot(self, AUTOSAVE_MS, self.save)

    @property
    def is_open(self) -> bool:
        """Whether a project is open."""
        return self.folder is not None

    def open_folder(self) -> ProjectFolder:
        """The folder of the open project; raise `UserError` where none is open."""
        if self.folder is None:
            raise UserError(
                "no-project-open", "No project is open. Open one, or make one from a data file."
            )
        return self.folder

    @property
    def dataset(self) -> DatasetEntry | None:
        """The dataset that the Data page shows, or None."""
        entries = self.project.datasets
        return next((each for each in entries if each.dataset_id == self.project.dataset), None)

    @property
    def removed_datasets(self) -> set[str]:
        """Ids of the datasets that were in the project since it was opened and are no more."""
        return self._ids - {entry.dataset_id for entry in self.project.datasets}

    def create(self, path: Path, name: str) -> None:
        """Make a new project in an empty or missing folder, and open it."""
        folder = ProjectFolder(path)
        folder.write(Project(name=name))
        # What a version control system should leave out of a project.
        write_atomically(path / ".gitignore", "trash/\ncheckpoints/\nlock\nproject.lock\n")
        self.open(path)

    def open(self, path: Path) -> None:
        """Open the project in this folder; raise `UserError` and leave the present one open."""
        folder = ProjectFolder(path)
        project = folder.read()
        self.close()
        self.folder, self.project, self._on_disk = folder, project, project
        self.run_form = self._form_on_disk = _read_form(folder)
        self._watcher.addPath(str(path))
        self._ids = {entry.dataset_id for entry in project.datasets}
        self.opened.emit()
        self.changed.emit()

    def close(self) -> None:
        """Save and close the project."""
        if self.folder is None:
            return
        if self._timer.isActive():
            self.save()
        self.undo.clear()
        self._watcher.removePath(str(self.folder.path))
        self.folder, self.project, self.run_form = None, Project(name=""), ""
        self.closed.emit()

    def edit(self, text: str, project: Project, *, merge: str = "") -> None:
        """Replace the project's content as one undoable step called `text`.

        Steps in a row with the same `merge` key become one, so that typing a
        note is one step and not one a letter.
        """
        if project != self.project:
            self.undo.push(ValueChange(text, self.project, project, apply=self._apply, merge=merge))

    def edit_dataset(self, text: str, entry: DatasetEntry, *, merge: str = "") -> None:
        """Replace the dataset entry with the same id as one undoable step."""
        datasets = tuple(
            entry if old.dataset_id == entry.dataset_id else old for old in self.project.datasets
        )
        project = dataclasses.replace(self.project, datasets=datasets)
        self.edit(text, project, merge=merge)

    def set_run_form(self, text: str) -> None:
        """Save the form of a new run with the project."""
        self.run_form = text
        if self.folder is not None:
            self._timer.start()

    def save(self) -> None:
        """Write what was changed now."""
        self._timer.stop()
        if self.folder is None:
            return
        try:
            if self.run_form != self._form_on_disk:
                write_atomically(self.folder.run_form, self.run_form, flush=False)
                self._form_on_disk = self.run_form
            saved = self.folder.update(
                lambda current: merge(self._on_disk, self.project, current), instead=self._on_disk
            )
        except (UserError, OSError) as error:
            self.save_failed.emit(str(error))
            return
        self._on_disk = saved
        self._show(saved)

    def _read_again(self) -> None:
        """Take over what another program has written, unless edits wait to be saved with it."""
        if self.folder is None or self._timer.isActive():
            return
        try:
            self._on_disk = self.folder.read()
        except (UserError, OSError) as error:
            log.warning("%s changed and cannot be read: %s", PROJECT_FILE, error)
            return
        self._show(self._on_disk)

    def _show(self, project: Project) -> None:
        if project != self.project:
            self.project = project
            self._ids.update(entry.dataset_id for entry in project.datasets)
            self.changed.emit()

    def _apply(self, before: Project, after: Project) -> None:
        """Change what differs between the two, and nothing that came meanwhile."""
        self._show(merge(before, after, self.project))
        self._timer.start()


def _read_form(folder: ProjectFolder) -> str:
    try:
        return read_text(folder.run_form)
    except FileNotFoundError:
        return ""
    except (UserError, OSError, UnicodeDecodeError) as error:
        log.warning("the form of a new run is left out: %s", error)
        return ""
