"""One run as the window knows it: its spec, state and everything its journal told."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

from PySide6.QtCore import QObject, Signal

from engine.contract.runs.events import (
    CheckpointSaved,
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
from engine.contract.runs.scores import Score
from engine.contract.specs.run import RunSpec

T = TypeVar("T")


class Records(Sequence[T], Generic[T]):
    """A growing list of frozen dataclasses that are made anew whenever they are asked for.

    A project of 500 short runs has 100,000 steps: as objects each full garbage collection looks
    at all of them, and the window waits meanwhile.

    Args:
        pack: makes of an item something that collections leave alone: bytes, or a tuple of plain
            values.
        unpack: makes an equal item of it.
    """

    def __init__(
        self,
        pack: Callable[[T], object],
        unpack: Callable[..., T],
        items: Iterable[T] = (),
    ) -> None:
        self._pack, self._unpack = pack, unpack
        self._packed = [pack(item) for item in items]

    def append(self, item: T) -> None:
        """Add an item at the end."""
        self._packed.append(self._pack(item))

    def only(self, keep: Callable[[T], bool]) -> Records[T]:
        """New records with those items that `keep` is true of; these stay as they are."""
        return Records(self._pack, self._unpack, filter(keep, self))

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

    def __setitem__(self, index: int, item: T) -> None:
        self._packed[index] = self._pack(item)


def _values_of(kind: type) -> attrgetter[tuple[Any, ...]]:
    """What makes a tuple of a dataclass's fields."""
    return attrgetter(*(field.name for field in dataclasses.fields(kind)))


_step_values, _score_values = _values_of(TrainMetrics), _values_of(Score)


def _pack_evaluation(event: Evaluation) -> tuple[Any, ...]:
    scores = tuple(map(_score_values, event.scores))
    return (event.step, event.epoch, event.valid_loss, scores, event.elapsed_s, event.is_best)


def _unpack_evaluation(packed: tuple[Any, ...]) -> Evaluation:
    step, epoch, valid_loss, scores, elapsed_s, is_best = packed
    made = tuple(Score(*score) for score in scores)
    return Evaluation(step, epoch, valid_loss, made, elapsed_s, is_best)


class RunModel(QObject):
    """A run; only `apply` (journal) and `set_status` change what the engine reports.

    Attributes:
        metrics, evaluations, samples, notices, outputs: in the journal's order; after a resume,
            what followed the checkpoint has been dropped.
        started, finished, failed, cancelled: the latest of their kind, or None.
        resumed_steps: where the run was resumed, rising; a mark on a plot for each.
        paused_s: seconds that it was paused in all.
        asked: the state that the user asked for and that the engine has not told yet, or None.

    Signals:
        status_changed, meta_changed: state, progress; name, tags, notes.
        metrics_changed: training metrics grew or were cut back by a resume.
        evaluated: an evaluation arrived (`evaluations[-1]`), with or without samples.
        outputs_changed: held-out outputs or their scores are new.
        noticed: `Notice`.
    """

    status_changed = Signal()
    meta_changed = Signal()
    metrics_changed = Signal()
    evaluated = Signal()
    outputs_changed = Signal()
    noticed = Signal(object)

    def __init__(self, folder: RunFolder, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self.spec: RunSpec = folder.read_spec()
        self.meta: RunMeta = folder.read_meta()
        self.status = RunStatus(run_id=self.spec.run_id, state=RunState.QUEUED)
        self.metrics = Records(_step_values, lambda values: TrainMetrics(*values))
        self.evaluations = Records(_pack_evaluation, _unpack_evaluation)
        self.samples: Records[SamplesTaken] = Records(pickle.dumps, pickle.loads)
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
        """Show that the user asked for this state, until the engine tells another one."""
        self.asked = state
        self.status_changed.emit()

    def apply(self, entries: tuple[JournalEntry, ...]) -> None:
        """Take journal entries in order; each signal is emitted at most once a call."""
        changed: set[str] = set()
        for entry in entries:
            if entry.run_id == self.run_id:
                changed |= self._apply(entry)
        for name in ("metrics_changed", "evaluated", "outputs_changed", "status_changed"):
            if name in changed:
                getattr(self, name).emit()

    def _apply(self, entry: JournalEntry) -> set[str]:
        match entry.event:
            case TrainMetrics() as event:
                self.metrics.append(event)
                return {"metrics_changed"}
            case Evaluation() as event:
                self.evaluations.append(event)
                return {"evaluated"}
            case SamplesTaken() as event:
                self.samples.append(event)
                return {"evaluated"}
            case RunStarted() as event:
                self._start(event)
                return {"metrics_changed", "evaluated", "status_changed"}
            case OutputsSaved() as event:
                self.outputs[event.split] = event
                return {"outputs_changed"}
            case CheckpointSaved():
                return {"metrics_changed"}
            case Notice() as event:
                self.notices.append(event)
                self.noticed.emit(event)
            case RunPaused():
                self._paused_at_s = entry.time_s
            case RunContinued() if self._paused_at_s is not None:
                self.paused_s += max(0.0, entry.time_s - self._paused_at_s)
                self._paused_at_s = None
            case RunFinished() as event:
                self.finished = event
                return {"status_changed"}
            case RunFailed() as event:
                self.failed = event
                return {"status_changed"}
            case RunCancelled() as event:
                self.cancelled = event
                return {"status_changed"}
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
