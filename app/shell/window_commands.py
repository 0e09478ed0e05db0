"""What the window's own actions do: dialogs in front of the project control."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from app.context import AppContext
from app.dialogs.about import AboutDialog, ShortcutsDialog
from app.dialogs.new_project import NewProjectDialog
from app.dialogs.palette import CommandPalette
from app.dialogs.preferences import PreferencesDialog
from app.dialogs.problem import ProblemDialog, failure_of
from app.shell.project_control import ProjectControl
from engine.contract.errors import UserError
from engine.contract.protocol.commands import Failure
from engine.contract.reading.formats import DATA_ENDINGS

log = logging.getLogger(__name__)

TABLES = f"Tables ({' '.join('*' + ending for ending in DATA_ENDINGS)});;All files (*)"


class WindowCommands(QObject):
    """The slots of the File and Help menus. Dialogs never block the event loop of a run.

    Signals:
        leave_asked: what the user wants, and a function that does it and closes the project, to
            call once they have agreed.
    """

    leave_asked = Signal(str, object)

    def __init__(
        self,
        context: AppContext,
        control: ProjectControl,
        window: QWidget,
        *,
        diagnostics: Callable[[str], str],
    ) -> None:
        super().__init__(window)
        self._context, self._control, self._window = context, control, window
        self._diagnostics = diagnostics
        self._faults_shown = 0

    def table(self) -> dict[str, Callable[[], object]]:
        """The functions by the names of their actions."""
        return {
            "project.new": self.new_project,
            "project.new_from_table": self.new_from_table,
            "project.open": self.open_project,
            "project.sample": lambda: self._leave(
                "New project from the sample table", self._control.open_sample
            ),
            "project.example": lambda: self._leave(
                "Open the example project", self._control.open_example
            ),
            "close.project": lambda: self._leave("Close the project", self._control.close),
            "app.preferences": self.show_preferences,
            "app.quit": self._window.close,
            "help.shortcuts": lambda: ShortcutsDialog(self._context.actions, self._window).open(),
            "help.palette": self.show_palette,
            "about.program": lambda: AboutDialog(self._context.theme, self._window).open(),
            "about.diagnostics": self.copy_diagnostics,
        }

    def open_path(self, path: Path) -> None:
        """Open whatever was dropped or chosen."""
        self._leave_if_needed(path)

    def attempt(self, title: str, work: Callable[[], object]) -> bool:
        """Do `work`; show a `UserError` as what it is, with `title` above it."""
        try:
            work()
        except UserError as error:
            self.show_failure(title, failure_of(error))
            return False
        return True

    def show_failure(self, title: str, failure: Failure) -> None:
        """Open the dialog for a failure."""
        dialog = ProblemDialog(
            self._context.theme, title, failure, diagnostics=self._diagnostics, parent=self._window
        )
        dialog.open()

    def show_fault(self, error: BaseException) -> None:
        """Tell about an exception that nobody caught; one dialog at a time."""
        log.error("an exception that nobody caught", exc_info=error)
        if self._faults_shown:
            return
        self._faults_shown += 1
        dialog = ProblemDialog(
            self._context.theme,
            "Unexpected error",
            failure_of(error),
            diagnostics=self._diagnostics,
            parent=self._window,
        )
        dialog.finished.connect(self._forget_fault)
        dialog.open()

    def new_project(self) -> None:
        """Ask for name and folder."""
        folder = self._context.settings.projects_folder
        dialog = NewProjectDialog(self._context.theme, folder, self._window)

        def make() -> None:
            path, name = dialog.project_folder(), dialog.project_name()
            self._leave("New project", lambda: self._control.create(path, name))
            dialog.deleteLater()

        dialog.accepted.connect(make)
        dialog.rejected.connect(dialog.deleteLater)
        dialog.open()

    def new_from_table(self) -> None:
        """Ask for a table and make a project for it."""
        start = self._context.settings.choice("table_folder", str(Path.home()))
        chosen, _ = QFileDialog.getOpenFileName(
            self._window, "Table for a new project", start, TABLES
        )
        if chosen:
            path = Path(chosen)
            self._context.settings.set_choice("table_folder", str(path.parent))
            self._leave("New project from a table", lambda: self._control.create_from_table(path))

    def open_project(self) -> None:
        """Ask for a project's folder."""
        start = str(self._context.settings.projects_folder)
        chosen = QFileDialog.getExistingDirectory(self._window, "Folder of the project", start)
        if chosen:
            self._leave("Open project", lambda: self._control.open(Path(chosen)))

    def show_preferences(self) -> None:
        """Open the preferences."""
        dialog = PreferencesDialog(
            self._context.theme,
            self._context.settings,
            client=self._context.data_client,
            parent=self._window,
        )
        dialog.open()

    def show_palette(self) -> None:
        """Open the list of all commands."""
        context = self._context
        has_project = context.project.is_open
        CommandPalette(context.actions, has_project=has_project, parent=self._window).open()

    def copy_diagnostics(self) -> None:
        """Put versions and the end of the log on the clipboard."""
        QGuiApplication.clipboard().setText(self._diagnostics(""))

    def _leave_if_needed(self, path: Path) -> None:
        if self._control.stays(path):
            self.attempt(f"Open {path.name}", lambda: self._control.open_path(path))
        else:
            self._leave(f"Open {path.name}", lambda: self._control.open_path(path))

    def _leave(self, title: str, work: Callable[[], object]) -> None:
        self.leave_asked.emit(title, lambda: self.attempt(title, work))

    def _forget_fault(self) -> None:
        self._faults_shown = 0
