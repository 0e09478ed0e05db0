"""The numbers of one run as growing columns, fed from its model without starting over."""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from app.models.run import RunModel
from app.models.run_numbers import saved_step
from engine.contract.runs.scores import Score

T = TypeVar("T")
Floats = NDArray[np.float64]


class Axis(enum.Enum):
    """Unit of the horizontal axis."""

    STEP = "step"
    EPOCH = "epoch"
    TOKENS = "tokens"
    TIME = "elapsed_s"


METRIC_COLUMNS = (
    "step",
    "epoch",
    "tokens",
    "elapsed_s",
    "loss",
    "learning_rate",
    "grad_norm",
    "tokens_per_s",
    "memory_bytes",
)
EVALUATION_COLUMNS = ("step", "epoch", "elapsed_s", "valid_loss", "is_best")


class Columns:
    """Named float64 columns of equal length in one block, grown by doubling."""

    def __init__(self, names: Sequence[str], capacity: int = 1024) -> None:
        self._index = {name: i for i, name in enumerate(names)}
        self._block: Floats = np.empty((len(names), capacity))
        self.size = 0

    def __getitem__(self, name: str) -> Floats:
        """A view of one column; valid until the next `extend`."""
        return self._block[self._index[name], : self.size]

    def extend(self, rows: Sequence[tuple[float, ...]]) -> None:
        """Append rows, each with one number a column."""
        needed = self.size + len(rows)
        if needed > self._block.shape[1]:
            block = np.empty((len(self._index), max(needed, 2 * self._block.shape[1])))
            block[:, : self.size] = self._block[:, : self.size]
            self._block = block
        if rows:
            self._block[:, self.size : needed] = np.array(rows, dtype=np.float64).T
        self.size = needed

    def cut(self, size: int) -> None:
        """Keep the first `size` rows."""
        self.size = min(self.size, size)


class _Feed:
    """Copies what is new in one list of a run model.

    A resume replaces the model's list by a shorter one that begins with equal items.
    The list read last is kept, so that the place where the two part is found by bisection.
    """

    def __init__(self, names: Sequence[str], row: Callable[[T], tuple[float, ...]]) -> None:
        self.columns = Columns(names)
        self._row: Callable[..., tuple[float, ...]] = row
        self._source: Sequence[object] = ()

    def update(self, source: Sequence[T], limit: int) -> bool:
        """Take at most `limit` of what is new; return whether anything was."""
        changed = False
        if source is not self._source:
            kept = _common_length(self._source, source, self.columns.size)
            changed = kept < self.columns.size
            self.columns.cut(kept)
            self._source = source
        new = source[self.columns.size : self.columns.size + limit]
        self.columns.extend([self._row(item) for item in new])
        return changed or bool(new)

    @property
    def is_behind(self) -> bool:
        """Whether the limit left something for the next time."""
        return self.columns.size < len(self._source)


def _common_length(old: Sequence[object], new: Sequence[object], limit: int) -> int:
    """How many equal items, at most `limit`, both lists begin with."""
    low, high = 0, min(limit, len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[middle - 1] == new[middle - 1]:
            low = middle
        else:
            high = middle - 1
    return low


@dataclass(frozen=True)
class Marks:
    """Places worth marking on the horizontal axis, all in steps."""

    best_step: float | None
    resumed_steps: tuple[float, ...]


class RunSeries:
    """Training metrics and evaluations of a run as arrays.

    `update` is cheap when nothing is new; a 50,000-step run is converted once and then
    only appended to, or cut back where a resume takes steps again.
    """

    def __init__(self, run: RunModel) -> None:
        self.run = run
        self._metrics = _Feed(METRIC_COLUMNS, attrgetter(*METRIC_COLUMNS))
        self._evaluations = _Feed(EVALUATION_COLUMNS, attrgetter(*EVALUATION_COLUMNS))
        self._scores: list[tuple[Score, ...]] = []
        self._marks = Marks(None, ())

    @property
    def metrics(self) -> Columns:
        """One row an optimiser step."""
        return self._metrics.columns

    @property
    def evaluations(self) -> Columns:
        """One row an evaluation."""
        return self._evaluations.columns

    @property
    def is_behind(self) -> bool:
        """Whether the last `update` left steps for the next one."""
        return self._metrics.is_behind

    def update(self, limit: int = sys.maxsize) -> bool:
        """Take what the run has new, at most `limit` steps of it; return whether there was any.

        A step costs about a microsecond, so a limit keeps the window answering while a long
        run that has ended is opened.
        """
        evaluations = self.run.evaluations
        changed = [
            self._metrics.update(self.run.metrics, limit),
            self._evaluations.update(evaluations, sys.maxsize),
        ]
        self._scores = [item.scores for item in evaluations]
        marks = self._find_marks()
        changed.append(marks != self._marks)
        self._marks = marks
        return any(changed)

    @property
    def marks(self) -> Marks:
        """The kept checkpoint and the resumes."""
        return self._marks

    def x(self, axis: Axis) -> Floats:
        """Horizontal positions of the metrics."""
        return self.metrics[axis.value]

    def evaluation_x(self, axis: Axis) -> Floats:
        """Horizontal positions of the evaluations."""
        if axis is Axis.TOKENS:
            return self.at_steps(self.evaluations["step"], axis)
        return self.evaluations[axis.value]

    def at_steps(self, steps: Floats, axis: Axis) -> Floats:
        """Horizontal positions of steps, between those of the metrics where need be."""
        if axis is Axis.STEP or self.metrics.size == 0:
            return steps
        return np.interp(steps, self.metrics["step"], self.x(axis))

    def scores(self, metric: str) -> Floats:
        """A corpus score at each evaluation; NaN where an evaluation has none."""
        return np.array([_value(scores, metric) for scores in self._scores], dtype=np.float64)

    def score_metrics(self) -> tuple[str, ...]:
        """Metrics that some evaluation has, in the order in which they came."""
        names = (score.metric for scores in self._scores for score in scores)
        return tuple(dict.fromkeys(names))

    def _find_marks(self) -> Marks:
        return Marks(saved_step(self.run), tuple(self.run.resumed_steps))


def _value(scores: tuple[Score, ...], metric: str) -> float:
    return next((score.value for score in scores if score.metric == metric), float("nan"))
