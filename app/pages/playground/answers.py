"""The answers to a question: tokens as they come, and outputs when they end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, QTimer, Signal

from app.pages.playground.systems import PlaygroundSystem
from app.ports import Pending
from engine.contract.projects.playground import HistoryEntry, SavedAnswer
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.playground import (
    InputWritten,
    OutputEnded,
    Part,
    StreamedToken,
    StreamedTokens,
    StreamOutputs,
)

REPAINT_MS = 33
"""At most thirty repaints a second, however fast tokens come."""


@dataclass(eq=False)
class Answer:
    """An output of a system, growing.

    Attributes:
        source: what the system read; "" until it is known.
        ended: how it ended, or None.
        is_saved: whether it comes from the history, which has no tokens.
    """

    system: PlaygroundSystem
    sample: int = 0
    source: str = ""
    tokens: list[StreamedToken] = field(default_factory=list)
    ended: OutputEnded | None = None
    is_saved: bool = False

    @property
    def text(self) -> str:
        """What there is of it."""
        if self.ended is not None:
            return self.ended.text
        return "".join(token.text for token in self.tokens).lstrip()

    @property
    def problem(self) -> str:
        """Why there is no output, or ""."""
        return self.ended.problem if self.ended is not None else ""

    @property
    def tokens_per_s(self) -> float:
        """Of this output, those of its batch beside it not counted."""
        if self.ended is None or not self.ended.token_ids:
            return 0.0
        return len(self.ended.token_ids) / max(self.ended.decoding_s, 1e-6)


class AnswersModel(QObject):
    """A question at work, and the one that was answered last.

    Signals:
        asked: the answers are those to another question; all of them are new.
        grown: set of answers that have changed since the last time, at most thirty times a second.
        finished: the question was answered, cancelled or failed.
        failed: `Failure`.
    """

    asked = Signal()
    grown = Signal(object)
    finished = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.answers: tuple[Answer, ...] = ()
        self.fields: tuple[tuple[str, str], ...] = ()
        self.command: StreamOutputs | None = None
        self.asked_s = 0.0
        self._by_index: dict[tuple[int, int], Answer] = {}
        self._pending: Pending | None = None
        self._changed: set[Answer] = set()
        self._timer = QTimer(self)
        self._timer.setInterval(REPAINT_MS)
        self._timer.timeout.connect(self._tell)

    @property
    def is_busy(self) -> bool:
        """Whether a question is at work."""
        return self._pending is not None

    def follow(
        self, command: StreamOutputs, systems: Sequence[PlaygroundSystem], pending: Pending
    ) -> None:
        """Take the answers of a question that was sent."""
        self.stop()
        samples = command.samples
        self._take_over([Answer(system, n) for system in systems for n in range(samples)], ())
        self._by_index = {
            (number // samples, number % samples): answer
            for number, answer in enumerate(self.answers)
        }
        self.command, self.asked_s, self._pending = command, time.time(), pending
        pending.part_arrived.connect(self._take)
        pending.answered.connect(self._end)
        pending.cancelled.connect(self._end)
        pending.failed.connect(self._on_failed)
        self._timer.start()
        self.asked.emit()

    def show_entry(self, entry: HistoryEntry, systems: Sequence[PlaygroundSystem]) -> None:
        """Show answers of the history.

        Args:
            systems: of each answer.
        """
        self.stop()
        answers = []
        for saved, system in zip(entry.answers, systems, strict=True):
            decoding_s = len(saved.token_ids) / saved.tokens_per_s if saved.tokens_per_s else 0.0
            ended = OutputEnded(
                0, saved.sample, saved.text, saved.token_ids, saved.first_token_s,
                decoding_s=decoding_s, problem=saved.problem, answer=saved.answer,
                probabilities=saved.probabilities, start=saved.start,
            )  # fmt: skip
            answers.append(Answer(system, saved.sample, saved.source, ended=ended, is_saved=True))
        self._take_over(answers, entry.fields)
        self.command, self.asked_s = None, entry.asked_s
        self.asked.emit()

    def entry(self) -> HistoryEntry | None:
        """What is to be saved of the question that was answered last."""
        command = self.command
        if command is None:
            return None
        return HistoryEntry(
            self.asked_s,
            command.values,
            command.text,
            command.decoding,
            command.samples,
            tuple(map(_saved, self.answers)),
            self.fields,
        )

    def stop(self) -> None:
        """Give up the question at work; what there is of it stays."""
        if self._pending is not None:
            pending = self._release()
            pending.cancel()
            self._finish()

    def clear(self) -> None:
        """Show nothing."""
        self.stop()
        self._take_over([], ())
        self.command = None
        self.asked.emit()

    def _take_over(self, answers: Sequence[Answer], fields: tuple[tuple[str, str], ...]) -> None:
        self.answers, self.fields = tuple(answers), fields
        self._by_index.clear()
        self._changed.clear()

    def _take(self, part: Part) -> None:
        match part:
            case StreamedTokens():
                for token in part.tokens:
                    answer = self._by_index.get((token.system, token.sample))
                    if answer is not None:
                        # The same again, if the engine died and was asked again.
                        del answer.tokens[token.position :]
                        answer.tokens.append(token)
                        self._changed.add(answer)
            case InputWritten():
                self.fields = part.fields
                for answer in self._of(part.system):
                    answer.source = part.text
            case OutputEnded(problem=""):
                answer = self._by_index.get((part.system, part.sample))
                if answer is not None:
                    answer.ended = part
                    self._changed.add(answer)
            case OutputEnded():
                for answer in self._of(part.system):
                    answer.ended = part
                    self._changed.add(answer)

    def _of(self, system: int) -> list[Answer]:
        return [answer for (number, _), answer in self._by_index.items() if number == system]

    def _tell(self) -> None:
        if self._changed:
            changed, self._changed = self._changed, set()
            self.grown.emit(changed)

    def _end(self, _reply: object = None) -> None:
        self._release()
        self._finish()

    def _on_failed(self, failure: Failure) -> None:
        self._release()
        self.failed.emit(failure)
        self._finish()

    def _finish(self) -> None:
        self._timer.stop()
        self._tell()
        self.finished.emit()

    def _release(self) -> Pending:
        pending, self._pending = self._pending, None
        assert pending is not None
        pending.part_arrived.disconnect(self._take)
        pending.answered.disconnect(self._end)
        pending.cancelled.disconnect(self._end)
        pending.failed.disconnect(self._on_failed)
        return pending


def _saved(answer: Answer) -> SavedAnswer:
    ended = answer.ended or OutputEnded(0, 0, answer.text)
    return SavedAnswer(
        answer.system.key,
        answer.system.name,
        answer.sample,
        answer.source,
        ended.text,
        ended.token_ids,
        ended.first_token_s,
        answer.tokens_per_s,
        ended.problem,
        ended.answer,
        ended.probabilities,
        ended.start,
    )
