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
from app.words import duration
from engine.contract.runs.events import RunState

PROGRAM = "Prefix Workbench"
_ENDS = {
    RunState.FINISHED: "has finished",
    RunState.FAILED: "has failed",
    RunState.INTERRUPTED: "was interrupted",
}
"""What the user has just stopped is no news."""


class WindowTitle(QObject):
    """Keeps the title in step: "training, 23 of 40 – huts – Prefix Workbench"."""

    def __init__(self, project: ProjectModel, runs: RunsModel, window: QMainWindow) -> None:
        super().__init__(window)
        self._project, self._runs, self._window = project, runs, window
        for signal in (project.opened, project.closed, project.changed, runs.changed, runs.removed):
            signal.connect(self._show)
        self._show()

    def _show(self) -> None:
        runs = self._runs.active()
        name = self._project.project.name if self._project.is_open else ""
        parts = (at_work(runs[0]) if runs else "", visible(name), PROGRAM)
        self._window.setWindowTitle(" – ".join(filter(None, parts)))


class RunNotifier(QObject):
    """Reports the end of a run that was seen at work, unless the window is the active one.

    Args:
        notify: shows a title and a sentence outside of the window.
    """

    def __init__(
        self, runs: RunsModel, window: QMainWindow, notify: Callable[[str, str], None]
    ) -> None:
        super().__init__(window)
        self._window, self._notify = window, notify
        self._at_work: set[str] = set()
        runs.changed.connect(self._on_changed)
        runs.removed.connect(lambda run: self._at_work.discard(run.run_id))

    def _on_changed(self, run: RunModel) -> None:
        state = run.status.state
        if state.is_active:
            self._at_work.add(run.run_id)
        elif state.is_final and run.run_id in self._at_work:
            self._at_work.discard(run.run_id)
            if state in _ENDS and not self._window.isActiveWindow():
                self._notify(f"“{visible(run.meta.name)}” {_ENDS[state]}", _sentence(run))


class SystemNotifications(QSystemTrayIcon):
    """Shows notifications by the system's tray, or lets the window ask for attention.

    Args:
        clicked: called after the window has come to the front.
    """

    def __init__(self, window: QMainWindow, clicked: Callable[[], object]) -> None:
        super().__init__(application_icon(), window)
        self._window, self._clicked = window, clicked
        self.setToolTip(PROGRAM)
        for signal in (self.messageClicked, self.activated):
            signal.connect(self._on_clicked)

    def notify(self, title: str, text: str) -> None:
        """Show a notification; the icon stays until it is clicked."""
        QApplication.alert(self._window)
        if self.isSystemTrayAvailable() and self.supportsMessages():
            self.show()
            self.showMessage(title, text, self.icon())

    def _on_clicked(self) -> None:
        self._window.showNormal() if self._window.isMinimized() else self._window.show()
        self._window.raise_()
        self._window.activateWindow()
        self._clicked()
        self.hide()


def _sentence(run: RunModel) -> str:
    """Words of ours alone: some systems take a notification's text for markup."""
    if run.finished is not None and run.status.state is RunState.FINISHED:
        return f"After {duration(run.finished.elapsed_s)}, {run.finished.step:,} steps."
    return "See the Runs page for the reason."
