"""What a study has come to so far: its runs, their means, and the differences between methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.contract.runs.events import RunState
from engine.contract.runs.scores import Absent, Score
from engine.contract.studies.keys import Factors, StudyKey

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
        key, replicate: as the study has them.
        state: None where its folder is gone.
        message: why it failed; of a finished one, which file is damaged or changed.
        trainable_parameters, stored_bytes, elapsed_s: 0 until known.
    """

    run_id: str
    key: StudyKey
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
        spread: their standard deviation (n - 1); None of a single number.
        low, high: of several, the 95 % interval of the mean by Student's t over the runs, those
            on the same training rows counted once; of a single number, its own bootstrap interval
            over the inputs; None where there is none.
    """

    count: int
    value: float
    spread: float | None
    low: float | None
    high: float | None


def mean_text(mean: Mean, *, signed: bool = False) -> str:
    """Such as "63.4 ± 0.6 [61.9, 64.9]"; two decimal places below 10, but one of differences."""
    decimals = 2 if abs(mean.value) < 10 and not signed else 1
    sign = "+" if signed else ""
    text = f"{round(mean.value, decimals) + 0.0:{sign}.{decimals}f}"
    if mean.spread is not None:
        text += f" ± {mean.spread:.{decimals}f}"
    if mean.low is not None and mean.high is not None:
        text += f" [{mean.low:{sign}.{decimals}f}, {mean.high:{sign}.{decimals}f}]"
    return text


@dataclass(frozen=True)
class Summary:
    """A metric over the replicates of one point of a series."""

    key: StudyKey
    part: str
    metric: str
    mean: Mean


@dataclass(frozen=True)
class Difference:
    """One series less another, or one point less another of its series, replicate by replicate.

    Attributes:
        first, second: first less second; without points where whole series are compared.
    """

    first: StudyKey
    second: StudyKey
    part: str
    metric: str
    mean: Mean


Column = tuple[str, str]
"""Metric and part."""


@dataclass(frozen=True)
class TableRow:
    """A point of a series in all columns of a table, and its runs that have scores."""

    means: Mapping[Column, Mean]
    runs: tuple[RunResult, ...]


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
        scores = (item.score for run in self.runs for item in run.scores)
        absent = [score for score in scores if isinstance(score, Absent)]
        return tuple({score.metric: score for score in absent}.values())

    def columns(self) -> tuple[Column, ...]:
        """What there are means of, in the order of the study's metrics."""
        return tuple(dict.fromkeys((item.metric, item.part) for item in self.summaries))

    def rows(self) -> dict[StudyKey, TableRow]:
        """The means by point, with the runs that have scores."""
        means: dict[StudyKey, dict[Column, Mean]] = {}
        for item in self.summaries:
            means.setdefault(item.key, {})[item.metric, item.part] = item.mean
        return {
            key: TableRow(columns, tuple(run for run in self.runs if run.key == key and run.scores))
            for key, columns in means.items()
        }

    def difference_rows(self) -> list[tuple[Difference, dict[Column, Mean]]]:
        """The differences of each pair, with its first."""
        rows: dict[tuple[StudyKey, StudyKey], tuple[Difference, dict[Column, Mean]]] = {}
        for item in self.differences:
            _, means = rows.setdefault((item.first, item.second), (item, {}))
            means[item.metric, item.part] = item.mean
        return list(rows.values())

    def dots(self, series: Factors, metric: str, part: str) -> list[tuple[Factors, float]]:
        """(point, score) of each finished run of a series."""
        return [
            (run.key.point, score.value)
            for run in self.runs
            for score in (item.score for item in run.scores if item.part == part)
            if run.key.series == series and isinstance(score, Score) and score.metric == metric
        ]
