"""From a study to queued runs, one a turn of the event loop: a folder costs some milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from app.context import AppContext
from app.models.study_tally import STOPPED
from app.pages.runs.form.run_making import NewRun, make_runs
from engine.contract.errors import UserError
from engine.contract.runs.events import RunState
from engine.contract.studies.labels import run_name
from engine.contract.studies.study import StudyRun, StudySpec


@dataclass(frozen=True)
class _Job:
    study: StudySpec
    run: StudyRun
    states: Sequence[RunState]


class StudyMaker(QObject):
    """Makes the runs of a study that are missing, and queues those that are not at their end.

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
        self._jobs: list[_Job] = []
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._turn)
        context.project.closed.connect(self._drop)

    def proceed(self, study: StudySpec) -> None:
        """Queue all of its runs that are missing or were stopped."""
        self._add(study, STOPPED)

    def begin(self, study: StudySpec) -> None:
        """Queue all of its runs; one of the project that had failed is tried again."""
        self._add(study, (*STOPPED, RunState.FAILED))

    def retry(self, study: StudySpec) -> None:
        """Queue its failed runs again."""
        for run in study.runs:
            model = self._runs.get(run.spec.run_id)
            if model is not None and model.status.state is RunState.FAILED:
                self._runner.submit(model.path)

    def cancel(self, study: StudySpec) -> None:
        """Make no more runs of this study."""
        self._jobs = [job for job in self._jobs if job.study.study_id != study.study_id]

    def _add(self, study: StudySpec, states: Sequence[RunState]) -> None:
        self.cancel(study)
        self._jobs += [_Job(study, run, states) for run in study.runs]
        self._timer.start()

    def _turn(self) -> None:
        if not self._jobs:
            self._timer.stop()
            return
        job = self._jobs.pop(0)
        try:
            self._make(job)
        except UserError as error:
            self.cancel(job.study)
            self.failed.emit(error.message)
            return
        if all(other.study.study_id != job.study.study_id for other in self._jobs):
            self.done.emit(job.study.study_id)

    def _make(self, job: _Job) -> None:
        model = self._runs.get(job.run.spec.run_id)
        if model is None:
            name = run_name(job.study.kind, job.run)
            make_runs(self._context, [NewRun(job.run.spec, name, tags=(job.study.name,))])
        elif model.status.state in job.states:
            self._runner.submit(model.path)

    def _drop(self) -> None:
        self._jobs = []
        self._timer.stop()
