"""What the window's own actions do: dialogs in front of the project control."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from app.context import AppContext
from app.dialogs.new_project import NewProjectDialog
from app.dialogs.palette import CommandPalette
from app.dialogs.preferences import PreferencesDialog
from app.dialogs.problem import ProblemDialog, failure_of
from app.pages.data.importing.file_dialogs import ask_for_path
from app.shell.leaving import Leaving
from app.shell.project_control import ProjectControl
from engine.contract.errors import UserError
from engine.contract.protocol.commands import Failure

log = logging.getLogger(__name__)


class WindowCommands(QObject):
    """The slots of the File and Help menus. Dialogs never block the event loop of a run."""

    def __init__(
        self,
        context: AppContext,
        control: ProjectControl,
        leaving: Leaving,
        *,
        window: QWidget,
        diagnostics: Callable[[str], str],
    ) -> None:
        super().__init__(window)
        self._context, self._control, self._window = context, control, window
        self._leaving, self._diagnostics = leaving, diagnostics
        self._has_error = False

    def open_path(self, path: Path) -> None:
        """Open whatever was dropped or chosen."""
        run = self.attempt if self._control.stays(path) else self.leave
        run(f"Open {path.name}", lambda: self._control.open_path(path))

    def attempt(self, title: str, work: Callable[[], object]) -> None:
        """Do `work`; show a `UserError` as what it is, with `title` above it."""
        try:
            work()
        except UserError as error:
            self.show_failure(title, failure_of(error))

    def show_failure(self, title: str, failure: Failure) -> ProblemDialog:
        """Open the dialog for a failure."""
        dialog = ProblemDialog(
            self._context.theme, title, failure, diagnostics=self._diagnostics, parent=self._window
        )
        dialog.open()
        return dialog

    def show_error(self, error: BaseException) -> None:
        """Show an exception that nobody caught; one dialog at a time."""
        log.error("an exception that nobody caught", exc_info=error)
        if not self._has_error:
            self._has_error = True
            dialog = self.show_failure("Unexpected error", failure_of(error))
            dialog.finished.connect(self._on_error_closed)

    def new_project(self) -> None:
        """Ask for name and folder."""
        folder = self._context.settings.projects_folder
        dialog = NewProjectDialog(self._context.theme, folder, self._window)

        def make() -> None:
            path, name = dialog.project_folder(), dialog.project_name()
            self.leave("New project", lambda: self._control.create(path, name))

        dialog.accepted.connect(make)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def new_from_table(self) -> None:
        """Ask for a table and make a project for it."""

        def make(table: Path) -> None:
            self.leave("New project from a table", lambda: self._control.create_from_table(table))

        ask_for_path(self._window, self._context.settings, make)

    def open_project(self) -> None:
        """Ask for a project's folder."""
        start = str(self._context.settings.projects_folder)
        chosen = QFileDialog.getExistingDirectory(self._window, "Folder of the project", start)
        if chosen:
            self.leave("Open project", lambda: self._control.open(Path(chosen)))

    def show_preferences(self) -> None:
        """Open the preferences."""
        context = self._context
        PreferencesDialog(
            context.theme, context.settings, client=context.data_client, parent=self._window
        ).open()

    def show_palette(self) -> None:
        """Open the list of all commands."""
        has_project = self._context.project.is_open
        CommandPalette(self._context.actions, has_project=has_project, parent=self._window).open()

    def copy_diagnostics(self) -> None:
        """Put versions and the end of the log on the clipboard."""
        QGuiApplication.clipboard().setText(self._diagnostics(""))

    def leave(self, title: str, work: Callable[[], object]) -> None:
        """Attempt `work`, which closes the project, once the user agrees to leave it."""
        self._leaving.leave_project(title, lambda: self.attempt(title, work))

    def _on_error_closed(self) -> None:
        self._has_error = False
