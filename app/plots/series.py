"""The numbers of one run as growing columns, fed from its model without starting over."""

from __future__ import annotations

import enum
import sys
from bisect import bisect_left
from collections.abc import Callable, Sequence
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from app.models.run import RunModel
from app.models.run_numbers import saved_step
from engine.contract.runs.scores import Score

Floats = NDArray[np.float64]


class Axis(enum.Enum):
    """Unit of the horizontal axis."""

    STEP = "step"
    EPOCH = "epoch"
    TOKENS = "tokens"
    TIME = "elapsed_s"


METRIC_COLUMNS = (
    *("step", "epoch", "tokens", "elapsed_s"),
    *("loss", "learning_rate", "grad_norm", "tokens_per_s", "memory_bytes"),
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


class _Feed(Columns):
    """Copies what is new in one list of a run model.

    A resume replaces the model's list by a shorter one that begins with equal items; where the two
    part is found by bisection.
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(names)
        self._row: Callable[[object], tuple[float, ...]] = attrgetter(*names)
        self._source: Sequence[object] = ()

    def update(self, source: Sequence[object], limit: int = sys.maxsize) -> bool:
        """Copy at most `limit` of what is new; return whether there was any."""
        old, changed = self._source, False
        if source is not old:
            rows = range(min(self.size, len(source)))
            common = bisect_left(rows, True, key=lambda row: old[row] != source[row])
            changed = common < self.size
            self.size, self._source = common, source
        new = source[self.size : self.size + limit]
        self.extend([self._row(item) for item in new])
        return changed or bool(new)

    @property
    def is_behind(self) -> bool:
        """Whether the limit left something for the next time."""
        return self.size < len(self._source)


class RunSeries:
    """Training metrics and evaluations of a run as arrays.

    `update` is cheap when nothing is new; a 50,000-step run is converted once and then
    only appended to, or cut back where a resume takes steps again.

    Attributes:
        metrics, evaluations: a row for each optimiser step, and for each evaluation.
        best_step: whose checkpoint is saved, or None.
        resumed_steps: where the run was resumed.
    """

    def __init__(self, run: RunModel) -> None:
        self.run = run
        self.metrics, self.evaluations = _Feed(METRIC_COLUMNS), _Feed(EVALUATION_COLUMNS)
        self._scores: list[tuple[Score, ...]] = []
        self.best_step: float | None = None
        self.resumed_steps: tuple[float, ...] = ()

    @property
    def is_behind(self) -> bool:
        """Whether the last `update` left steps for the next one."""
        return self.metrics.is_behind

    def update(self, limit: int = sys.maxsize) -> bool:
        """Read what is new, at most `limit` steps of it; return whether there was any.

        A step costs about a microsecond, so a limit keeps the window answering while a long
        run that has ended is opened.
        """
        evaluations, marks = self.run.evaluations, (self.best_step, self.resumed_steps)
        changed = self.metrics.update(self.run.metrics, limit)
        changed |= self.evaluations.update(evaluations)
        self._scores = [item.scores for item in evaluations]
        self.best_step, self.resumed_steps = saved_step(self.run), tuple(self.run.resumed_steps)
        return changed or (self.best_step, self.resumed_steps) != marks

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
        values = ({score.metric: score.value for score in scores} for scores in self._scores)
        return np.array([scores.get(metric, np.nan) for scores in values], dtype=np.float64)

    def score_metrics(self) -> tuple[str, ...]:
        """Metrics that some evaluation has, in the order in which they came."""
        names = (score.metric for scores in self._scores for score in scores)
        return tuple(dict.fromkeys(names))
