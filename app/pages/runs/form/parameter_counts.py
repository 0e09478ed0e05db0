"""How many parameters a method trains, where only the engine can count them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.ports import Client
from app.qt.latest_request import LatestRequest
from engine.contract.backbone import BackboneEntry
from engine.contract.errors import UserError
from engine.contract.methods.all import MethodSpec, info_of
from engine.contract.protocol.commands import Counted, CountParameters, Failure
from engine.contract.runs.events import Blame

Question = tuple[BackboneEntry, MethodSpec]


class ParameterCounts(QObject):
    """Asks for each backbone and method once; only the latest question is waited for.

    Signals:
        changed: an answer has come.
    """

    changed = Signal()

    def __init__(self, model_client: Client, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._answers: dict[Question, Counted | Failure] = {}
        self._asked: Question | None = None
        self._request = LatestRequest(model_client, self)
        self._request.answered.connect(self._take)
        self._request.failed.connect(self._take)

    @property
    def is_counting(self) -> bool:
        """Whether an answer is under way."""
        return self._request.is_busy

    def look_up(self, backbone: BackboneEntry, method: MethodSpec) -> int | None:
        """Trained parameters; None where no count is needed, or none is there yet.

        Raises:
            UserError: the method cannot train this backbone.
        """
        question = (backbone, method)
        if self._asked != question:
            self._request.drop()
        if info_of(method).counts(backbone.shape, method).exact:
            return None
        answer = self._answers.get(question)
        if answer is None and not self.is_counting and backbone.on_disk:
            self._asked = question
            self._request.ask(CountParameters(backbone.name, method))
        if isinstance(answer, Failure) and answer.blame is Blame.USER:
            raise UserError.from_failure(answer.code, answer.message, answer.remedies)
        return answer.parameters if isinstance(answer, Counted) else None

    def _take(self, answer: Counted | Failure) -> None:
        if self._asked is not None:
            self._answers[self._asked] = answer
            self.changed.emit()
