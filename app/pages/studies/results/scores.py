"""The results of the current study, requested from the engine client and kept up to date."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.context import AppContext
from app.ports import Pending
from app.qt.timers import single_shot
from engine.contract.metrics import needs_encoder
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.outputs import CollectStudy
from engine.contract.runs.events import Blame
from engine.contract.studies.results import StudyResults

CANCELLED = "Scoring cancelled; showing the previous scores."
UNEXPECTED = "The scores could not be computed because of an unexpected error."
PAUSE_MS = 300
"""Runs of a project that is opened tell their states one after the other; one question does."""


class StudyScores(QObject):
    """Asks when a study is first shown and whenever one of its runs has finished.

    Signals:
        changed: the results of the study with this id, or why there are no new ones.
    """

    changed = Signal(str)

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._library, self._activities = context.studies, context.activities
        # Scores are read and figures drawn without torch: they need not wait behind a decoding.
        self._client, self._model_client = context.data_client, context.model_client
        self._results: dict[str, StudyResults] = {}
        self._problems: dict[str, str] = {}
        self._wanted = False
        self._is_watched = False
        self._pending: Pending | None = None
        self._asked = ""
        self._timer = single_shot(self, PAUSE_MS, self._ask)
        self._library.finished.connect(self._on_finished)
        self._library.current_changed.connect(self.refresh)
        self._library.changed.connect(self._forget)

    def get(self, study_id: str) -> StudyResults | None:
        """The latest results of a study, or None."""
        return self._results.get(study_id)

    def problem(self, study_id: str) -> str:
        """Why the results of a study are those of before, as a sentence, or ""."""
        return self._problems.get(study_id, "")

    @property
    def is_waiting(self) -> bool:
        """Whether a response is on its way."""
        return self._pending is not None or self._timer.isActive()

    def set_watched(self, watched: bool) -> None:
        """Whether the page is on the screen; while it is not, nothing is asked."""
        self._is_watched = watched
        if watched:
            self.refresh()

    def refresh(self) -> None:
        """Ask soon for the current study."""
        self._wanted = True
        if self._is_watched and self._library.current is not None:
            self._timer.start()

    def _on_finished(self, study_id: str) -> None:
        current = self._library.current
        if current is not None and current.study_id == study_id:
            self.refresh()

    def _ask(self) -> None:
        study = self._library.current
        if study is None or self._pending is not None:
            return  # the answer that is on its way asks again
        study = self._library.reread(study.study_id) or study
        self._wanted, self._asked = False, study.study_id
        folder = self._library.folder(study.study_id)
        command = CollectStudy(str(folder.project_path), study.study_id)
        needs_torch = needs_encoder(study.metrics)
        pending = (self._model_client if needs_torch else self._client).ask(command)
        self._pending = pending
        self._activities.follow(f"Score “{study.name}”", pending, tell_failure=False)
        pending.answered.connect(lambda reply: self._take(str(folder.path), reply))
        pending.failed.connect(self._fail)
        pending.cancelled.connect(lambda: self._fail(Failure(Blame.USER, CANCELLED)))

    def _take(self, path: str, reply: StudyResults) -> None:
        self._end()
        current = self._library.get(reply.study_id)
        if current is None or str(self._library.folder(reply.study_id).path) != path:
            return  # another project is open by now
        self._results[reply.study_id] = reply
        self._problems.pop(reply.study_id, None)
        self.changed.emit(reply.study_id)

    def _fail(self, failure: Failure) -> None:
        self._end()
        if self._library.get(self._asked) is None:
            return  # it was deleted meanwhile
        is_ours = failure.blame is Blame.ENGINE
        if is_ours:
            self._activities.failed.emit("Score the study", failure)
        self._problems[self._asked] = UNEXPECTED if is_ours else failure.message
        self.changed.emit(self._asked)

    def _end(self) -> None:
        self._pending = None
        if self._wanted:
            self.refresh()

    def _forget(self) -> None:
        if self._pending is not None and self._library.get(self._asked) is None:
            self._pending.cancel()
        for study_id in list(self._results):
            if self._library.get(study_id) is None:
                del self._results[study_id]
