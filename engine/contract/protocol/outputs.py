"""Outputs, their scores, and studies.

Each command has one reply type, named in its docstring and, where it is of no other use, defined
after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.contract.metrics import DEFAULT_METRICS
from engine.contract.runs.confusion import Confusion
from engine.contract.runs.scores import BaselineScores, Encoder, MeanDifference
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.training import DecodingSpec


@dataclass(frozen=True)
class Generate:
    """Decode a few inputs now. Reply: `Generated`.

    Attributes:
        system: a run folder, a prefix folder, or "" for the bare backbone `backbone`.
    """

    system: str
    backbone: str
    inputs: tuple[str, ...]
    decoding: DecodingSpec = field(default_factory=DecodingSpec)


@dataclass(frozen=True)
class Generated:
    """Outputs in the order of the inputs."""

    outputs: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class DecodeSplit:
    """Decode a split of a run's dataset with another system or decoding. Reply: `Done`.

    Attributes:
        run: run folder whose dataset, mapping, linearisation and split are used.
        system: a run folder, a prefix folder, or "" for the bare backbone.
        out: outputs file to write.
    """

    run: str
    system: str
    split: str
    decoding: DecodingSpec
    out: str


@dataclass(frozen=True)
class ScoreOutputs:
    """Score an outputs file, and its rows, in place. Reply: `Done`.

    Attributes:
        encoder: for bertscore.
    """

    path: str
    metrics: tuple[str, ...] = DEFAULT_METRICS
    encoder: Encoder = field(default_factory=Encoder)


@dataclass(frozen=True)
class CompareOutputs:
    """Test the differences of row scores of outputs files to the first. Reply: `Compared`.

    Rows that not all files have are left out.

    Attributes:
        paths: of two files or more.
        metrics: that rows have scores of; a pair of files without one has no difference.
        base: index of the file whose rows are looked up in the others, by `runs.alignment`.
    """

    paths: tuple[str, ...]
    metrics: tuple[str, ...]
    base: int = 0


@dataclass(frozen=True)
class RowDifference:
    """A metric of one file less that of the first; `file` is its index in the question."""

    metric: str
    file: int
    mean: MeanDifference


@dataclass(frozen=True)
class Compared:
    """The differences that there are."""

    differences: tuple[RowDifference, ...]


@dataclass(frozen=True)
class CountPredictions:
    """Count what outputs files predict for what, and score the baseline. Reply: `PredictionCounts`.

    Rows that not all files have are left out.

    Attributes:
        answer: what is predicted; of texts there is nothing to count.
        metrics: of the baseline.
        base: as in `CompareOutputs`; its references are what is right.
    """

    paths: tuple[str, ...]
    answer: AnswerKind
    metrics: tuple[str, ...]
    base: int = 0


@dataclass(frozen=True)
class PredictionCounts:
    """What was counted.

    Attributes:
        confusions: of each file; rows have their index among those that all files have.
        baseline: over the same rows; None where no reference is known.
    """

    confusions: tuple[Confusion, ...]
    baseline: BaselineScores | None


@dataclass(frozen=True)
class CollectStudy:
    """Score a study's finished runs and write its figure and tables. Reply: `StudyResults`."""

    project: str
    study_id: str
