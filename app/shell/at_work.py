"""What is at work, beyond the page: in the window's title, and in a notification at its end."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QMainWindow, QSystemTrayIcon

from app.assets import application_icon
from app.models.project import ProjectModel
from app.models.run import RunModel
from app.models.runs import RunsModel
from app.qt.plain_text import visible
from app.run_text import at_work
from app.shell.messages import Navigator
from app.words import duration
from engine.contract.runs.events import RunState

PROGRAM = "Prefix Workbench"
Notify = Callable[[str, str], None]
"""Shows a title and a sentence outside of the window."""


class WindowTitle(QObject):
    """Keeps the title in step: "training, 23 of 40 – huts – Prefix Workbench"."""

    def __init__(self, project: ProjectModel, runs: RunsModel, window: QMainWindow) -> None:
        super().__init__(window)
        self._project, self._runs, self._window = project, runs, window
        for signal in (project.opened, project.closed, project.changed):
            signal.connect(self._tell)
        runs.added.connect(lambda run: run.status_changed.connect(self._tell))
        runs.removed.connect(self._tell)
        self._tell()

    def _tell(self) -> None:
        runs = [run for run in self._runs.all() if run.status.state.is_active]
        name = self._project.project.name if self._project.is_open else ""
        parts = (at_work(runs[0]) if runs else "", visible(name), PROGRAM)
        self._window.setWindowTitle(" – ".join(filter(None, parts)))


class RunNotifier(QObject):
    """Tells the end of a run that was seen at work, unless the window is the active one."""

    def __init__(self, runs: RunsModel, window: QMainWindow, notify: Notify) -> None:
        super().__init__(window)
        self._window, self._notify = window, notify
        self._at_work: set[str] = set()
        runs.added.connect(self._follow)
        runs.removed.connect(lambda run: self._at_work.discard(run.run_id))

    def _follow(self, run: RunModel) -> None:
        run.status_changed.connect(lambda: self._on_status(run))

    def _on_status(self, run: RunModel) -> None:
        state = run.status.state
        if state.is_active:
            self._at_work.add(run.run_id)
        elif state.is_final and run.run_id in self._at_work:
            self._at_work.discard(run.run_id)
            # What the user has just stopped is no news.
            if state is not RunState.CANCELLED and not self._window.isActiveWindow():
                self._notify(f"“{visible(run.meta.name)}” {_ENDS[state]}", _sentence(run))


class SystemNotifications(QObject):
    """Shows notifications by the system's tray, or lets the window ask for attention.

    A click on one shows the runs.
    """

    def __init__(self, navigator: Navigator, window: QMainWindow) -> None:
        super().__init__(window)
        self._window, self._navigator = window, navigator
        self._tray: QSystemTrayIcon | None = None

    def show(self, title: str, text: str) -> None:
        """Show one."""
        QApplication.alert(self._window)
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(application_icon(), self)
            self._tray.setToolTip(PROGRAM)
            self._tray.messageClicked.connect(self._come)
            self._tray.activated.connect(self._come)
            self._tray.show()
        self._tray.showMessage(title, text, application_icon())

    def _come(self) -> None:
        self._window.showNormal() if self._window.isMinimized() else self._window.show()
        self._window.raise_()
        self._window.activateWindow()
        self._navigator.show_runs()
        if self._tray is not None:
            self._tray.deleteLater()
            self._tray = None


_ENDS = {
    RunState.FINISHED: "has finished",
    RunState.FAILED: "has failed",
    RunState.INTERRUPTED: "was interrupted",
}


def _sentence(run: RunModel) -> str:
    """Words of ours alone: some systems take a notification's text for markup."""
    if run.finished is not None and run.status.state is RunState.FINISHED:
        return f"After {duration(run.finished.elapsed_s)}, {run.finished.step:,} steps."
    return "See the Runs page for the reason."
