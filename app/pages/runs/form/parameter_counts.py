"""How many parameters a method trains, where only the engine can count them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.ports import Client, Pending
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
        self._client = model_client
        self._answers: dict[Question, Counted | Failure] = {}
        self._pending: Pending | None = None
        self._asked: Question | None = None

    @property
    def is_counting(self) -> bool:
        """Whether an answer is under way."""
        return self._pending is not None

    def look_up(self, backbone: BackboneEntry, method: MethodSpec) -> int | None:
        """Trained parameters; None where no count is needed, or none is there yet.

        Raises:
            UserError: the method cannot train this backbone.
        """
        question = (backbone, method)
        if self._asked != question:
            self._give_up()
        if info_of(method).counts(backbone.shape, method).exact:
            return None
        answer = self._answers.get(question)
        if answer is None and self._pending is None and backbone.on_disk:
            self._ask(question, CountParameters(backbone.name, method))
        if isinstance(answer, Failure) and answer.blame is Blame.USER:
            raise UserError.from_failure(answer.code, answer.message, answer.remedies)
        return answer.parameters if isinstance(answer, Counted) else None

    def _ask(self, question: Question, command: CountParameters) -> None:
        pending = self._client.ask(command)
        self._pending, self._asked = pending, question
        for ended in (pending.answered, pending.failed):
            ended.connect(lambda answer: self._take(pending, question, answer))

    def _take(self, pending: Pending, question: Question, answer: Counted | Failure) -> None:
        self._answers[question] = answer
        if pending is self._pending:
            self._pending = self._asked = None
            self.changed.emit()

    def _give_up(self) -> None:
        if self._pending is not None:
            pending, self._pending, self._asked = self._pending, None, None
            pending.cancel()
