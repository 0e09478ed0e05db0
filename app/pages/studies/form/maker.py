"""From a study to queued runs, while the event loop is idle: a folder costs some milliseconds."""

from __future__ import annotations

from collections.abc import Collection, Generator

from PySide6.QtCore import QObject, Signal

from app.context import AppContext
from app.models.study_tally import STOPPED
from app.pages.runs.form.run_making import NewRun, make_runs
from app.qt.idle_task import IdleTask
from engine.contract.errors import UserError
from engine.contract.runs.events import RunState
from engine.contract.studies.labels import run_name
from engine.contract.studies.study import StudySpec


class StudyMaker(QObject):
    """Makes the runs of a study that are missing, and queues those that have not finished.

    Signals:
        done: id of a study whose runs are all made.
        failed: a sentence; what is missing then can be made with *Continue*.
    """

    done = Signal(str)
    failed = Signal(str)

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._runs, self._runner = context.runs, context.runner
        self._context = context
        self._tasks: dict[str, IdleTask[str]] = {}
        context.project.closed.connect(self._cancel_all)

    def proceed(self, study: StudySpec, *, also: tuple[RunState, ...] = ()) -> None:
        """Queue all of its runs that are missing, were stopped, or are in one of these states."""
        self.cancel(study)
        work = self._make(study, (*STOPPED, *also))
        self._tasks[study.study_id] = IdleTask(
            work, self, done=self.done.emit, failed=self._on_failed
        )

    def cancel(self, study: StudySpec) -> None:
        """Make no more runs of this study."""
        if (task := self._tasks.pop(study.study_id, None)) is not None:
            task.cancel()

    def _make(self, study: StudySpec, states: Collection[RunState]) -> Generator[None, None, str]:
        try:
            for run in study.runs:
                model = self._runs.get(run.spec.run_id)
                if model is None:
                    name = run_name(study.kind, run)
                    make_runs(self._context, [NewRun(run.spec, name, tags=(study.name,))])
                elif model.status.state in states:
                    self._runner.submit(model.path)
                yield
        finally:
            self._tasks.pop(study.study_id, None)
        return study.study_id

    def _on_failed(self, error: UserError) -> None:
        self.failed.emit(error.message)

    def _cancel_all(self) -> None:
        while self._tasks:
            self._tasks.popitem()[1].cancel()
