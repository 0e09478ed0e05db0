"""The studies of the open project, read from their folders, in step with the runs."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from app.models.project import ProjectModel
from app.models.run import RunModel, RunPart
from app.models.runs import RunsModel
from app.models.study_tally import StudyTally, tally
from app.qt.timers import single_shot
from engine.contract.errors import UserError
from engine.contract.runs.events import RunState
from engine.contract.runs.scores import Encoder
from engine.contract.studies.study import StudyFolder, StudySpec, study_ids

REFRESH_MS = 200


class StudyLibrary(QObject):
    """All studies, the latest first, and the current study.

    Files are read one a turn of the event loop; states come from the run models.

    Signals:
        changed: studies were added or removed.
        touched: runs of the study with this id have other states; five times a second at most.
        finished: a run of the study with this id has just finished.
        current_changed: another study is current, or none, or it has other metrics.
        damaged: a sentence about a study that does not open.
    """

    changed = Signal()
    touched = Signal(str)
    finished = Signal(str)
    current_changed = Signal()
    damaged = Signal(str)

    def __init__(self, project: ProjectModel, runs: RunsModel) -> None:
        super().__init__()
        self._project, self._runs = project, runs
        self._studies: dict[str, StudySpec] = {}
        self._current = ""
        self._unread: list[str] = []
        self._stale: set[str] = set()
        self._members: dict[str, set[str]] = {}
        self._reading = QTimer(self)
        self._reading.setInterval(0)
        self._reading.timeout.connect(self._read_next)
        self._notice = single_shot(self, REFRESH_MS, self._emit_touched)
        project.opened.connect(self.refresh)
        project.closed.connect(self._clear)
        runs.added.connect(self._touch)
        runs.removed.connect(self._touch)
        runs.changed.connect(self._on_run_changed)
        self.refresh()

    @property
    def current(self) -> StudySpec | None:
        """The study that is shown."""
        return self._studies.get(self._current)

    def all(self) -> list[StudySpec]:
        """The studies, the latest first."""
        studies = self._studies.values()
        return sorted(studies, key=lambda study: (study.created_s, study.study_id), reverse=True)

    def get(self, study_id: str) -> StudySpec | None:
        """The study with this id, or None."""
        return self._studies.get(study_id)

    def names_of(self, run_id: str) -> tuple[str, ...]:
        """The studies that a run is part of."""
        studies = (self._studies.get(study_id) for study_id in self._members.get(run_id, ()))
        return tuple(sorted(study.name for study in studies if study is not None))

    def has(self, study_id: str) -> bool:
        """Whether a study of this id is in the folder, even one that does not open."""
        return study_id in self._studies or self.folder(study_id).exists()

    def tally(self, study: StudySpec) -> StudyTally:
        """Its runs by state."""
        return tally(study, self._runs)

    def folder(self, study_id: str) -> StudyFolder:
        """Where a study of the open project is."""
        return StudyFolder(self._project.open_folder(), study_id)

    def select(self, study_id: str) -> None:
        """Make a study the current one, or none with ""."""
        if study_id != self._current:
            self._current = study_id
            self.current_changed.emit()

    def add(self, study: StudySpec) -> None:
        """Write a new study and make it the current one.

        Raises:
            UserError: its folder cannot be written to.
        """
        self.folder(study.study_id).write(study)
        self._take(study)
        self.changed.emit()
        self.select(study.study_id)

    def reread(self, study_id: str) -> StudySpec | None:
        """A study as its file is now, which the command line may have changed; None if unknown.

        A file that cannot be read leaves the study as it is known.
        """
        known = self._studies.get(study_id)
        if known is None:
            return None
        with contextlib.suppress(UserError):
            study = self.folder(study_id).read()
            if study != known:
                self._change(study)
        return self._studies.get(study_id)

    def set_metrics(self, study_id: str, metrics: tuple[str, ...], encoder: Encoder) -> None:
        """Let a study be scored by these.

        Args:
            encoder: for bertscore.

        Raises:
            UserError: its folder cannot be written to.
        """
        study = self.reread(study_id) or self._studies[study_id]
        study = replace(study, metrics=metrics, encoder=encoder)
        self.folder(study_id).write(study)
        self._change(study)

    def refresh(self) -> None:
        """Read what the folder holds; studies that are gone are forgotten."""
        folder = self._project.folder
        if folder is None:
            return
        ids = study_ids(folder)
        for study_id in set(self._studies) - set(ids):
            del self._studies[study_id]
        self._unread = [study_id for study_id in ids if study_id not in self._studies]
        if self._current and self._current not in ids:
            self.select("")
        if self._unread:
            self._reading.start()
        else:
            self._reading.stop()
            self._settle()

    def _read_next(self) -> None:
        try:
            self._take(self.folder(self._unread.pop(0)).read())
        except UserError as error:
            self.damaged.emit(error.message)
        if not self._unread:
            self._reading.stop()
            self._settle()

    def _change(self, study: StudySpec) -> None:
        self._take(study)
        self.changed.emit()
        if study.study_id == self._current:
            self.current_changed.emit()

    def _take(self, study: StudySpec) -> None:
        self._studies[study.study_id] = study
        for run in study.runs:
            self._members.setdefault(run.spec.run_id, set()).add(study.study_id)

    def _settle(self) -> None:
        self.changed.emit()
        if self.current is None and self._studies:
            self.select(self.all()[0].study_id)

    def _on_run_changed(self, run: RunModel, part: RunPart) -> None:
        if part in (RunPart.STATUS, RunPart.OUTPUTS):
            self._touch(run)
        if part is RunPart.STATUS and run.status.state is RunState.FINISHED:
            for study_id in self._members.get(run.run_id, ()):
                self.finished.emit(study_id)

    def _touch(self, run: RunModel) -> None:
        self._stale |= self._members.get(run.run_id, set())
        if self._stale and not self._notice.isActive():
            self._notice.start()

    def _emit_touched(self) -> None:
        stale, self._stale = self._stale, set()
        for study_id in sorted(stale & set(self._studies)):
            self.touched.emit(study_id)

    def _clear(self) -> None:
        self._reading.stop()
        self._notice.stop()
        self._studies, self._members = {}, {}
        self._unread, self._stale = [], set()
        self.select("")
        self.changed.emit()
