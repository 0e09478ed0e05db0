"""Leaving a project or the program while work is going on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.context import AppContext
from app.dialogs.closing import Closing, ClosingDialog
from engine.contract.runs.events import RunState


class Leaving(QObject):
    """Asks whether runs shall go on, and waits for those that shall stop; never blocks.

    Signals:
        waiting: a sentence: the runs were asked to stop, and have not ended yet.
    """

    waiting = Signal(str)

    def __init__(self, context: AppContext, window: QWidget) -> None:
        super().__init__(window)
        self._context, self._window = context, window
        self.dialog: ClosingDialog | None = None
        self._agreed = False
        self._then: Callable[[], object] | None = None
        context.runs.changed.connect(self._check)

    def may_close(self, close: Callable[[], object]) -> bool:
        """Whether the window may close now; if not, `close` is called once it may."""
        tasks = [a.title for a in self._context.activities.activities if not a.outlives]
        if self._agreed or not (tasks or self._context.runs.active()):
            return True

        def agree() -> None:
            self._agreed = True
            close()

        self._ask("Quit Prefix Workbench", agree, tasks=tasks)
        return False

    def leave_project(self, title: str, then: Callable[[], object]) -> None:
        """Call `then`, which closes the project, at once or when the user has agreed."""
        if self._context.runs.active():
            self._ask(title, then, tasks=[])
        else:
            then()

    def _ask(self, title: str, then: Callable[[], object], *, tasks: list[str]) -> None:
        if self.dialog is not None:
            self.dialog.raise_()
            return
        runs = self._context.runs
        dialog = ClosingDialog(
            self._context.theme,
            title,
            runs=[(run.meta.name, run.status.state) for run in runs.active()],
            queued=sum(run.status.state is RunState.QUEUED for run in runs.all()),
            tasks=tasks,
            parent=self._window,
        )
        self.dialog = dialog
        dialog.finished.connect(lambda _result: self._decide(dialog.choice, then))
        dialog.open()

    def _decide(self, choice: Closing, then: Callable[[], object]) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None
        if choice is Closing.LEAVE_RUNNING:
            then()
        elif choice is Closing.STOP_AND_SAVE:
            self._stop_all(then)

    def _stop_all(self, then: Callable[[], object]) -> None:
        self._then = then
        for run in self._context.runs.all():
            if run.status.state is RunState.QUEUED:
                self._context.runner.detach(run.run_id)  # it stays queued on disk
        for run in self._context.runs.active():
            self._context.runner.stop(run.run_id, save=True)
        self.waiting.emit("Stopping at a checkpoint; what you asked for follows once it is saved.")
        self._check()

    def _check(self) -> None:
        if self._then is not None and not self._context.runs.active():
            then, self._then = self._then, None
            then()
