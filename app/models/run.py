"""A run as the window knows it: its spec, state and everything in its journal."""

from __future__ import annotations

import dataclasses
import enum
import pickle
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

from PySide6.QtCore import QObject, Signal

from engine.contract.runs.events import (
    Evaluation,
    JournalEntry,
    Notice,
    OutputsSaved,
    RunCancelled,
    RunContinued,
    RunFailed,
    RunFinished,
    RunPaused,
    RunStarted,
    RunState,
    SamplesTaken,
    TrainMetrics,
)
from engine.contract.runs.folder import RunFolder, RunMeta, RunStatus
from engine.contract.specs.run import RunSpec

T = TypeVar("T")


class Records(Sequence[T], Generic[T]):
    """A growing list of frozen dataclasses that are made anew whenever they are asked for.

    A project of 500 short runs has 100,000 steps: as objects, each full garbage collection visits
    all of them, and the window waits meanwhile.

    Args:
        pack: makes of an item something that collections leave alone: bytes, or a tuple of plain
            values.
        unpack: makes an equal item of it.
    """

    def __init__(
        self,
        pack: Callable[[T], object] = pickle.dumps,
        unpack: Callable[..., T] = pickle.loads,
        items: Iterable[T] = (),
    ) -> None:
        self._pack, self._unpack = pack, unpack
        self._packed = [pack(item) for item in items]

    def append(self, item: T) -> None:
        """Add an item at the end."""
        self._packed.append(self._pack(item))

    def only(self, accept: Callable[[T], bool]) -> Records[T]:
        """New records with those items that `accept` is true of; these stay as they are."""
        return Records(self._pack, self._unpack, filter(accept, self))

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> list[T]: ...

    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self._unpack(packed) for packed in self._packed[index]]
        return self._unpack(self._packed[index])


_step_values: attrgetter[tuple[Any, ...]] = attrgetter(
    *(field.name for field in dataclasses.fields(TrainMetrics))
)


class RunPart(enum.Enum):
    """What of a run may be new; the value names the signal of `RunModel` that says so."""

    METRICS = "metrics_changed"
    EVALUATIONS = "evaluated"
    OUTPUTS = "outputs_changed"
    NOTICES = "noticed"
    STATUS = "status_changed"
    META = "meta_changed"


class RunModel(QObject):
    """A run; only `apply` (journal) and `set_status` change what the engine reports.

    Attributes:
        metrics, evaluations, samples, notices, outputs: in the journal's order; after a resume,
            what followed the checkpoint has been dropped.
        started, finished, failed, cancelled: the latest of their kind, or None.
        resumed_steps: where the run was resumed, rising; a mark on a plot for each.
        paused_s: seconds that it was paused in all.
        asked: the state that the user asked for and the engine has not reported yet, or None.

    Signals:
        metrics_changed: training metrics grew or were cut back by a resume.
        evaluated: an evaluation arrived (`evaluations[-1]`), with or without samples.
        outputs_changed: held-out outputs or their scores are new.
        noticed: a notice arrived.
        status_changed, meta_changed: state, progress; name, tags, notes.
    """

    metrics_changed = Signal()
    evaluated = Signal()
    outputs_changed = Signal()
    noticed = Signal()
    status_changed = Signal()
    meta_changed = Signal()

    def __init__(self, folder: RunFolder, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self.spec: RunSpec = folder.read_spec()
        self.meta: RunMeta = folder.read_meta()
        self.status = RunStatus(run_id=self.spec.run_id, state=RunState.QUEUED)
        self.metrics = Records(_step_values, lambda values: TrainMetrics(*values))
        self.evaluations: Records[Evaluation] = Records()
        self.samples: Records[SamplesTaken] = Records()
        self.notices: list[Notice] = []
        self.outputs: dict[str, OutputsSaved] = {}
        self.started: RunStarted | None = None
        self.finished: RunFinished | None = None
        self.failed: RunFailed | None = None
        self.cancelled: RunCancelled | None = None
        self.resumed_steps: list[int] = []
        self.paused_s = 0.0
        self.asked: RunState | None = None
        self._paused_at_s: float | None = None

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.spec.run_id

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.folder.path

    def set_meta(self, meta: RunMeta) -> None:
        """Rename, tag, star or annotate the run; saved at once."""
        if meta != self.meta:
            self.folder.write_meta(meta)
            self.meta = meta
            self.meta_changed.emit()

    def set_status(self, status: RunStatus) -> None:
        """Take the state that the runner reports."""
        if status.run_id == self.run_id and status != self.status:
            if status.state is not self.status.state:
                self.asked = None
            self.status = status
            self.status_changed.emit()

    def ask(self, state: RunState) -> None:
        """Show that the user asked for this state, until the engine reports another."""
        self.asked = state
        self.status_changed.emit()

    def apply(self, entries: tuple[JournalEntry, ...]) -> None:
        """Take journal entries in order; each signal is emitted at most once a call."""
        changed: set[RunPart] = set()
        for entry in entries:
            if entry.run_id == self.run_id:
                changed |= self._apply(entry)
        for part in RunPart:
            if part in changed:
                getattr(self, part.value).emit()

    def _apply(self, entry: JournalEntry) -> set[RunPart]:
        match entry.event:
            case TrainMetrics() as event:
                self.metrics.append(event)
                return {RunPart.METRICS}
            case Evaluation() as event:
                self.evaluations.append(event)
                return {RunPart.EVALUATIONS}
            case SamplesTaken() as event:
                self.samples.append(event)
                return {RunPart.EVALUATIONS}
            case OutputsSaved() as event:
                self.outputs[event.split] = event
                return {RunPart.OUTPUTS}
            case Notice() as event:
                self.notices.append(event)
                return {RunPart.NOTICES}
            case RunStarted() as event:
                self._start(event)
                return {RunPart.METRICS, RunPart.EVALUATIONS, RunPart.STATUS}
            case RunPaused():
                self._paused_at_s = entry.time_s
            case RunContinued() if self._paused_at_s is not None:
                self.paused_s += max(0.0, entry.time_s - self._paused_at_s)
                self._paused_at_s = None
            case RunFinished() as event:
                self.finished = event
                return {RunPart.STATUS}
            case RunFailed() as event:
                self.failed = event
                return {RunPart.STATUS}
            case RunCancelled() as event:
                self.cancelled = event
                return {RunPart.STATUS}
        return set()

    def _start(self, event: RunStarted) -> None:
        """A fresh start or a resume: what came after the checkpoint will come again."""
        self.started = event
        self.finished = self.failed = self.cancelled = None
        last = event.resumed_from_step or 0
        self.resumed_steps = [step for step in self.resumed_steps if step < last]
        if event.resumed_from_step is not None:
            self.resumed_steps.append(last)
        self.metrics = self.metrics.only(lambda item: item.step <= last)
        self.evaluations = self.evaluations.only(lambda item: item.step <= last)
        self.samples = self.samples.only(lambda item: item.step <= last)
