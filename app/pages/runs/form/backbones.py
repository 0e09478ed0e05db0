"""The catalog of backbones, listed and fetched; what a method trains of one, once counted."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.context import AppContext
from app.ports import Client
from app.qt.latest_request import LatestRequest
from app.words import size
from engine.contract.backbone import BackboneEntry
from engine.contract.errors import UserError
from engine.contract.methods.all import MethodSpec, info_of
from engine.contract.protocol.backbones import (
    BackboneList,
    Counted,
    CountParameters,
    FetchBackbone,
    ListBackbones,
)
from engine.contract.protocol.commands import Failure
from engine.contract.runs.events import Blame


class BackbonesModel(QObject):
    """The backbones that a run can have, and the device that AUTO would choose.

    Args:
        context: its data client lists them (it needs no torch), the model client fetches.

    Signals:
        changed: the list, or what is being fetched, is new.
        fetched: name of a backbone that is now on disk.
        fetch_failed: name, sentence.
    """

    changed = Signal()
    fetched = Signal(str)
    fetch_failed = Signal(str, str)

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._model_client = context.model_client
        self._project, self._activities = context.project, context.activities
        self.entries: tuple[BackboneEntry, ...] = ()
        self.device = ""
        self.device_memory_bytes = 0
        self.failure = ""
        self._list = LatestRequest(context.data_client, self)
        self._list.answered.connect(self._on_listed)
        self._list.failed.connect(self._on_list_failed)
        self._fetching: set[str] = set()
        self._folders: tuple[str, ...] | None = None
        self._project.changed.connect(self._on_project_changed)

    @property
    def is_waiting(self) -> bool:
        """Whether the list is still to come."""
        return not self.entries and not self.failure

    def get(self, name: str) -> BackboneEntry | None:
        """The catalog's entry, or None."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def is_fetching(self, name: str) -> bool:
        """Whether it is on its way."""
        return name in self._fetching

    def add_folder(self, path: Path) -> None:
        """List the user's own folder too, as an undoable edit of the project."""
        project, name = self._project.project, str(path)
        if name not in project.backbone_folders:
            folders = (*project.backbone_folders, name)
            edited = dataclasses.replace(project, backbone_folders=folders)
            self._project.edit(f"Add the backbone “{path.name}”", edited)

    def refresh(self) -> None:
        """Ask for the list."""
        self._folders = self._project.project.backbone_folders
        self._list.ask(ListBackbones(self._folders))

    def fetch(self, name: str) -> None:
        """Bring a backbone to this machine, in the list of activities."""
        entry = self.get(name)
        if entry is None or self.is_fetching(name):
            return
        self._fetching.add(name)
        pending = self._model_client.ask(FetchBackbone(name))
        title = f"Fetching {entry.title} ({size(entry.download_bytes)})"
        self._activities.follow(title, pending, tell_failure=False)
        pending.answered.connect(lambda _reply: self._on_fetched(name))
        pending.cancelled.connect(lambda: self._on_fetched(name, "Fetching was cancelled."))
        pending.failed.connect(lambda failure: self._on_fetched(name, failure.message))
        self.changed.emit()

    def _on_fetched(self, name: str, problem: str = "") -> None:
        self._fetching.discard(name)
        if not problem:
            self.refresh()
        self.changed.emit()
        if problem:
            self.fetch_failed.emit(name, problem)
        else:
            self.fetched.emit(name)

    def _on_project_changed(self) -> None:
        if self._project.is_open and self._project.project.backbone_folders != self._folders:
            self.refresh()

    def _on_listed(self, reply: BackboneList) -> None:
        self.entries, self.device = reply.entries, reply.device
        self.device_memory_bytes = reply.device_memory_bytes
        self.failure = ""
        self.changed.emit()

    def _on_list_failed(self, failure: Failure) -> None:
        self.failure = failure.message
        self.changed.emit()


Question = tuple[BackboneEntry, MethodSpec, bool]


class ParameterCounts(QObject):
    """Asks for each backbone and method once; only the latest question is waited for.

    Signals:
        changed: an answer has come.
    """

    changed = Signal()

    def __init__(self, model_client: Client, parent: QObject) -> None:
        super().__init__(parent)
        self._answers: dict[Question, Counted | Failure] = {}
        self._asked: Question | None = None
        self._request = LatestRequest(model_client, self)
        self._request.answered.connect(self._on_answered)
        self._request.failed.connect(self._on_answered)

    @property
    def is_counting(self) -> bool:
        """Whether an answer is under way."""
        return self._request.is_busy

    def count(self, backbone: BackboneEntry, method: MethodSpec, *, by_states: bool) -> int | None:
        """Trained parameters; None where no count is needed, or none is there yet.

        Args:
            by_states: as `CountParameters` has it.

        Raises:
            UserError: the method cannot train this backbone.
        """
        question = (backbone, method, by_states)
        if self._asked != question:
            self._request.drop()
        if info_of(method).counts(backbone.shape, method).exact:
            return None
        answer = self._answers.get(question)
        if answer is None and not self.is_counting and backbone.on_disk:
            self._asked = question
            self._request.ask(CountParameters(backbone.name, method, by_states))
        if isinstance(answer, Failure) and answer.blame is Blame.USER:
            raise UserError.from_failure(answer.code, answer.message, answer.remedies)
        return answer.parameters if isinstance(answer, Counted) else None

    def _on_answered(self, answer: Counted | Failure) -> None:
        if self._asked is not None:
            self._answers[self._asked] = answer
            self.changed.emit()
