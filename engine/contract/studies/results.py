"""What a study has come to so far: its runs, their means, and the differences between methods."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.runs.events import RunState
from engine.contract.runs.scores import Absent, Score

ALL, SEEN, UNSEEN = "all", "seen", "unseen"
"""Parts of the held-out inputs, as WebNLG's A, S and U."""


@dataclass(frozen=True)
class PartScore:
    """A score of one part of the held-out inputs."""

    part: str
    score: Score | Absent


@dataclass(frozen=True)
class RunResult:
    """One run of a study.

    Attributes:
        series, point, replicate: as `StudyRun` has them.
        state: None where its folder is gone.
        message: why it failed; of a finished one, which file is damaged or changed.
        trainable_parameters, stored_bytes, elapsed_s: 0 until known.
    """

    run_id: str
    series: str
    point: str
    replicate: int
    seed: int
    state: RunState | None
    message: str = ""
    scores: tuple[PartScore, ...] = ()
    trainable_parameters: int = 0
    stored_bytes: int = 0
    elapsed_s: float = 0.0


@dataclass(frozen=True)
class Mean:
    """Some numbers as one.

    Attributes:
        count: how many.
        spread: their standard deviation (n - 1); None of one.
        low, high: of several, the 95 % interval of the mean by Student's t over the runs, those
            on the same training rows taken as one; of one, its own bootstrap interval over the
            inputs; None where there is none.
    """

    count: int
    value: float
    spread: float | None
    low: float | None
    high: float | None


def mean_text(mean: Mean, *, signed: bool = False) -> str:
    """Such as "63.4 ± 0.6 [61.9, 64.9]"; two decimal places below 10, but one of differences."""
    places = 2 if abs(mean.value) < 10 and not signed else 1
    sign = "+" if signed else ""
    text = f"{round(mean.value, places) + 0.0:{sign}.{places}f}"
    if mean.spread is not None:
        text += f" ± {mean.spread:.{places}f}"
    if mean.low is not None and mean.high is not None:
        text += f" [{mean.low:{sign}.{places}f}, {mean.high:{sign}.{places}f}]"
    return text


@dataclass(frozen=True)
class Summary:
    """A metric over the replicates of one place in the figure."""

    series: str
    point: str
    part: str
    metric: str
    mean: Mean


@dataclass(frozen=True)
class Difference:
    """One method less another, pair by pair: same place, same replicate.

    Attributes:
        first, second: series, or points where the study has no axis, the first with its series
            before it; first less second.
    """

    first: str
    second: str
    part: str
    metric: str
    mean: Mean


@dataclass(frozen=True)
class StudyResults:
    """All of it.

    Attributes:
        signatures: (metric, signature) of the scores; several of a metric where runs differ.
    """

    study_id: str
    runs: tuple[RunResult, ...]
    summaries: tuple[Summary, ...] = ()
    differences: tuple[Difference, ...] = ()
    signatures: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()

    def damaged(self) -> tuple[tuple[str, str], ...]:
        """Finished runs of which a file is damaged or changed: id, and what is said of it."""
        return tuple(
            (run.run_id, run.message if run.scores else f"left out. {run.message}")
            for run in self.runs
            if run.state is RunState.FINISHED and run.message
        )

    def absent(self) -> tuple[Absent, ...]:
        """What could not be scored, each metric with its latest reason."""
        scores = (one.score for run in self.runs for one in run.scores)
        return tuple({one.metric: one for one in scores if isinstance(one, Absent)}.values())

    def dots(self, series: str, metric: str, part: str) -> list[tuple[str, float]]:
        """(point, score) of each finished run of a series."""
        return [
            (run.point, one.score.value)
            for run in self.runs
            for one in run.scores
            if run.series == series
            and one.part == part
            and isinstance(one.score, Score)
            and one.score.metric == metric
        ]
