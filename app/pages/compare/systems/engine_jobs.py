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
from engine.contract.protocol.commands import Command, Failure
from engine.contract.protocol.outputs import DecodeSplit, ScoreOutputs
from engine.contract.tasks.all import decoding_of


class EngineJobs(QObject):
    """At most one job a system, each in the Activity list.

    Signals:
        began: the job's `Activity`.
        ended: key of the system; a sentence if it failed, else "".
    """

    began = Signal(object)
    ended = Signal(str, str)

    def __init__(self, context: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._jobs: dict[str, _Job] = {}
        self._scored: set[str] = set()
        self._preparing: dict[str, IdleTask[None]] = {}

    def text(self, key: str) -> str:
        """What is being done for this system, or ""."""
        return self._jobs[key].text if key in self._jobs else ""

    def decode_bare(self, entry: SystemEntry, run: RunModel) -> None:
        """Decode the run's test inputs with its backbone alone."""
        if entry.key not in self._jobs:
            decoding, path = decoding_of(run.spec.task), str(run.path)
            command = DecodeSplit(path, "", "test", decoding, str(entry.path))
            self._start(entry.key, f"Decode with the {entry.name}", "decoding", command)

    def score(
        self, system: ComparedSystem, beside: Sequence[ComparedSystem], metrics: tuple[str, ...]
    ) -> None:
        """Score a system's outputs in place; requested once, even where that fails.

        Rows of a file that have no references first get those of the systems that it stands
        beside.
        """
        key, base, rows = system.key, beside[base_of(beside)], None
        if key in self._scored or key in self._jobs:
            return
        if system.entry.kind is Kind.FILE and base.key != key:
            rows = with_references(system.rows, base.rows)
        if rows is None and not any(system.rows.references):
            return
        self._scored.add(key)
        command = ScoreOutputs(str(system.entry.path), metrics)
        if rows is None:
            self._score(system, command)
            return

        def done(_nothing: None) -> None:
            del self._preparing[key]
            self._score(system, command)

        def failed(error: UserError) -> None:
            del self._preparing[key]
            self.ended.emit(key, str(error))

        work = write_rows(system.entry.path, rows)
        self._preparing[key] = IdleTask(work, self, done=done, failed=failed)

    def score_by(self, system: ComparedSystem, metrics: tuple[str, ...]) -> None:
        """Score a system's outputs in place by these metrics and no others."""
        if system.key not in self._jobs and any(system.rows.references):
            encoder = self._context.settings.encoder
            self._score(system, ScoreOutputs(str(system.entry.path), metrics, encoder))

    def forget_scored(self) -> None:
        """Let scores be asked for again, after outputs have changed."""
        self._scored.clear()

    def cancel_all(self) -> None:
        """End all jobs, as when the project is closed."""
        for work in self._preparing.values():
            work.cancel()
        self._preparing.clear()
        self._scored.clear()
        for job in list(self._jobs.values()):
            job.pending.cancel()

    def _score(self, system: ComparedSystem, command: ScoreOutputs) -> None:
        self._start(system.key, f"Score {system.name}", "scoring", command)

    def _start(self, key: str, title: str, text: str, command: Command) -> None:
        pending = self._context.model_client.ask(command)
        self._jobs[key] = job = _Job(title, text, pending, self)
        activity = self._context.activities.follow(title, pending, tell_failure=False)
        job.ended.connect(lambda problem: self._end(key, problem))
        self.began.emit(activity)

    def _end(self, key: str, problem: str) -> None:
        self._jobs.pop(key).deleteLater()
        self.ended.emit(key, problem)


class _Job(QObject):
    """A request that runs; its signals end with its owner.

    Signals:
        ended: a sentence if it failed, else "".
    """

    ended = Signal(str)

    def __init__(self, title: str, text: str, pending: Pending, parent: QObject) -> None:
        super().__init__(parent)
        self.text, self.pending, self._title = text, pending, title
        pending.answered.connect(self._on_ended)
        pending.cancelled.connect(self._on_ended)
        pending.failed.connect(self._on_failed)

    def _on_ended(self, _reply: object = None) -> None:
        self.ended.emit("")

    def _on_failed(self, failure: Failure) -> None:
        self.ended.emit(f"{self._title} failed: {failure.message}")
