"""What can be done with the open project as a whole: rename, show, archive, delete."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QFile, QObject, QStandardPaths, Qt, QThread, Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from app.context import AppContext
from app.models.activities import ActivitiesModel
from app.shell.messages import show_folder
from app.shell.project_control import ProjectControl
from app.words import plural
from engine.contract.errors import Cancelled, UserError
from engine.contract.projects.archive import write_archive
from engine.contract.projects.project import ProjectFolder
from engine.contract.protocol.commands import Failure, Progress
from engine.contract.runs.events import Blame
from engine.contract.studies.study import study_ids

MAX_NAME_CHARS = 120
DELETE = "Delete the project"


class ProjectCommands(QObject):
    """The slots of the File menu that are about the open project."""

    def __init__(
        self,
        context: AppContext,
        control: ProjectControl,
        window: QWidget,
        *,
        attempt: Callable[[str, Callable[[], object]], None],
    ) -> None:
        super().__init__(window)
        self._context, self._control, self._window = context, control, window
        self._attempt = attempt
        self._archiving: Archiving | None = None

    def update(self) -> None:
        """Enable what the open project allows; one archive is made at a time."""
        is_open, is_busy = self._context.project.is_open, self._archiving is not None
        for name in ("rename", "show", "archive", "delete"):
            enabled = is_open and not (is_busy and name == "archive")
            self._context.actions.get(f"this.{name}").setEnabled(enabled)

    def close(self) -> None:
        """End what is at work, as the window closes."""
        if self._archiving is not None:
            self._archiving.requestInterruption()
            self._archiving.wait()

    def show(self) -> None:
        """Show the project's folder in the system's own program for them."""
        show_folder(self._context.project.open_folder().path)

    def ask_for_name(self) -> None:
        """Let the user type another name; the folder keeps its own."""
        dialog = QInputDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Rename the project")
        dialog.setLabelText("Name of the project (its folder keeps its own name):")
        dialog.setTextValue(self._context.project.project.name)
        dialog.setOkButtonText("Rename")
        dialog.textValueSelected.connect(self.rename)
        dialog.open()

    def rename(self, name: str) -> None:
        """Rename the project; can be undone."""
        model, name = self._context.project, " ".join(name.split())[:MAX_NAME_CHARS]
        if model.is_open and name:
            renamed = dataclasses.replace(model.project, name=name)
            model.edit(f"Rename the project to “{name}”", renamed)

    def ask_for_archive(self) -> None:
        """Let the user choose where the archive goes."""
        folder = self._context.project.open_folder().path.resolve()
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, "Archive the project as", f"{folder}.zip", "Archives (*.zip)"
        )
        if chosen:
            self.archive(Path(chosen))

    def archive(self, out: Path) -> None:
        """Pack the project beside the window."""
        self._context.project.save()
        out = out if out.suffix else out.with_suffix(".zip")
        activities, messages = self._context.activities, self._context.messages
        self._archiving = Archiving(self._context.project.open_folder().path, out, activities, self)
        self._archiving.archived.connect(
            lambda: messages.post_file(f"The project is in {out.name}.", out)
        )
        self._archiving.failed.connect(partial(activities.failed.emit, "Archive the project"))
        self._archiving.finished.connect(self._on_finished)
        self.update()
        self._archiving.start()

    def ask_to_delete(self) -> None:
        """Name what is in the project, and move it to the trash if the user agrees.

        Raises:
            UserError: runs are at work in it.
        """
        folder, project = self._context.project.open_folder(), self._context.project.project
        if active := self._context.runs.active():
            raise UserError(
                "project-at-work",
                "“{name}” has {runs} running. Stop what is running first, then delete the project.",
                name=project.name,
                runs=plural(len(active), "run"),
            )
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setWindowTitle(DELETE)
        box.setText(f"Move “{project.name}” to the trash?")
        box.setInformativeText(f"{self._content(folder)}.\nFolder: {folder.path}")
        delete = box.addButton("Move to the trash", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        delete.clicked.connect(lambda _on=False: self._attempt(DELETE, self.delete))
        box.open()

    def delete(self) -> None:
        """Close the project and move its folder to the system's trash.

        Raises:
            UserError: the system has no trash for it; the project is open again then.
        """
        path, name = self._context.project.open_folder().path, self._context.project.project.name
        self._control.close()
        home = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
        with contextlib.suppress(OSError):
            Path(home).mkdir(parents=True, exist_ok=True)  # the trash of a new user is made in it
        if not QFile(str(path)).moveToTrash():
            self._control.open(path)
            raise UserError(
                "not-moved-to-trash",
                "{path} could not be moved to the trash. Close what uses it, or delete the folder "
                "yourself.",
                path=path,
            )
        self._context.settings.remove_recent(path)
        self._context.messages.post(f"“{name}” was moved to the system's trash.")

    def _content(self, folder: ProjectFolder) -> str:
        runs = self._context.runs.all()
        imported = len(list(folder.prefixes.iterdir())) if folder.prefixes.is_dir() else 0
        counts = {
            "dataset": len(self._context.project.project.datasets),
            "run": len(runs),
            "prefix": imported + sum(run.folder.prefix.is_dir() for run in runs),
            "study": len(study_ids(folder)),
        }
        return "It holds " + ", ".join(plural(number, noun) for noun, number in counts.items())

    def _on_finished(self) -> None:
        self._archiving = None
        self.update()


class Archiving(QThread):
    """Packs one project; it ends with `archived` or `failed`, or with neither when cancelled.

    Signals:
        failed: `Failure`.
    """

    archived = Signal()
    failed = Signal(object)
    _progressed = Signal(object)

    def __init__(
        self, project: Path, out: Path, activities: ActivitiesModel, parent: QObject
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
            self.archived.emit()

    def _report(self, done: int, total: int) -> None:
        if self.isInterruptionRequested():
            raise Cancelled
        self._progressed.emit(Progress(done, total, "bytes"))
