"""What Compare asks of the model engine client: decode with a bare backbone, score outputs."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from app.context import AppContext
from app.models.run import RunModel
from app.pages.compare.comparison import base_of
from app.pages.compare.systems.outside import with_references, write_rows
from app.pages.compare.systems.systems import ComparedSystem, Kind, SystemEntry
from app.ports import Pending
from app.qt.idle_task import IdleTask
from engine.contract.errors import UserError
from engine.contract.protocol.commands import DecodeSplit, Failure, ScoreOutputs


class EngineJobs(QObject):
    """Jobs under way by system, each in the Activity list.

    Signals:
        changed: a job has begun.
        began: its `Activity`.
        ended: key of the system; a sentence if it failed, else "".
    """

    changed = Signal()
    began = Signal(object)
    ended = Signal(str, str)

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._texts: dict[str, str] = {}
        self._pendings: dict[str, Pending] = {}
        self._asked: set[str] = set()
        self._preparing: dict[str, IdleTask[None]] = {}

    def text(self, key: str) -> str:
        """What is being done for this system, or ""."""
        return self._texts.get(key, "")

    def decode_bare(self, entry: SystemEntry, run: RunModel) -> None:
        """Decode the run's test inputs with its backbone alone."""
        if entry.key in self._texts:
            return
        command = DecodeSplit(
            run=str(run.path),
            system="",
            split="test",
            decoding=run.spec.decoding,
            out=str(entry.path),
        )
        pending = self._context.model_client.ask(command)
        self._follow(entry.key, f"Decode with the {entry.name}", "decoding", pending)

    def score(self, system: ComparedSystem, beside: Sequence[ComparedSystem]) -> None:
        """Score a system's outputs in place; asked once, whatever comes of it.

        Rows of an outside file that have no references first get those of the systems that
        it stands beside.
        """
        if system.key in self._asked or system.key in self._texts:
            return
        base, rows = beside[base_of(beside)], None
        if system.entry.kind is Kind.FILE and base.key != system.key:
            rows = with_references(system.rows, base.rows)
        if rows is None and not any(system.rows.references):
            return
        self._asked.add(system.key)
        if rows is None:
            self._ask(system, ScoreOutputs(str(system.entry.path)))
            return

        def done(_nothing: None) -> None:
            del self._preparing[system.key]
            self._ask(system, ScoreOutputs(str(system.entry.path)))

        def failed(error: UserError) -> None:
            del self._preparing[system.key]
            self.ended.emit(system.key, str(error))

        work = IdleTask(write_rows(system.entry.path, rows), self, done=done, failed=failed)
        self._preparing[system.key] = work

    def score_by(self, system: ComparedSystem, metrics: tuple[str, ...]) -> None:
        """Score a system's outputs in place by these metrics and no others."""
        if system.key not in self._texts and any(system.rows.references):
            encoder = self._context.settings.encoder
            self._ask(system, ScoreOutputs(str(system.entry.path), metrics, encoder))

    def forget_scored(self) -> None:
        """Let scores be asked for again, after outputs have changed."""
        self._asked.clear()

    def cancel_all(self) -> None:
        """Give everything up, as when the project is closed."""
        for work in self._preparing.values():
            work.cancel()
        self._preparing.clear()
        self._asked.clear()
        for pending in list(self._pendings.values()):
            pending.cancel()

    def _ask(self, system: ComparedSystem, command: ScoreOutputs) -> None:
        pending = self._context.model_client.ask(command)
        self._follow(system.key, f"Score {system.name}", "scoring", pending)

    def _follow(self, key: str, title: str, text: str, pending: Pending) -> None:
        self._texts[key] = text
        self._pendings[key] = pending
        activity = self._context.activities.follow(title, pending, tell_failure=False)
        _Job(key, title, pending, self).over.connect(self._end)
        self.changed.emit()
        self.began.emit(activity)

    def _end(self, key: str, problem: str) -> None:
        self._pendings.pop(key, None)
        self._texts.pop(key, None)
        self.ended.emit(key, problem)


class _Job(QObject):
    """One pending request's end, heard as long as its owner lives.

    Signals:
        over: key of the system; a sentence if it failed, else "".
    """

    over = Signal(str, str)

    def __init__(self, key: str, title: str, pending: Pending, parent: QObject) -> None:
        super().__init__(parent)
        self._key, self._title = key, title
        pending.answered.connect(self._end)
        pending.cancelled.connect(self._end)
        pending.failed.connect(self._fail)

    def _fail(self, failure: Failure) -> None:
        self.over.emit(self._key, f"{self._title} failed: {failure.message}")
        self.deleteLater()

    def _end(self, _reply: object = None) -> None:
        self.over.emit(self._key, "")
        self.deleteLater()
