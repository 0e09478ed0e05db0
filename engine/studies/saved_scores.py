"""Scores of a study from before: when a run finishes, the others are not scored again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError

from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError
from engine.contract.files.writing import write_atomically
from engine.contract.metrics import needs_encoder
from engine.contract.runs.scores import Encoder, OutputRow, Score
from engine.contract.studies.results import PartScore
from engine.contract.studies.study import StudyFolder, StudySpec
from engine.metrics.division import Division
from engine.metrics.known import metric_named

FILE = "scores.json"

Key = tuple[str, str]
"""Part and metric."""


@dataclass(frozen=True)
class SavedRunScores:
    """Scores of one run.

    Attributes:
        made_of: as the function of this name gives it.
        encoder: of bertscore, if that is among them.
    """

    run_id: str
    made_of: str
    scores: tuple[PartScore, ...]
    encoder: Encoder


@dataclass(frozen=True)
class ScoredFile:
    """The file, whole."""

    runs: tuple[SavedRunScores, ...] = ()
    version: int = 1


class SavedScores:
    """What `FILE` in a study's folder holds; a damaged file holds nothing.

    A score is computed again where outputs, encoder or unseen categories are others, or the metric
    has another signature by now, as after an update of its package.
    """

    def __init__(self, folder: StudyFolder, study: StudySpec) -> None:
        self._folder, self._study = folder, study
        self._runs: dict[str, SavedRunScores] = {}
        try:
            file = codec.from_text(ScoredFile, (folder.path / FILE).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, ProtocolError, UserError):
            file = ScoredFile()
        self._before = {run.run_id: run for run in file.runs}

    def of(self, run_id: str, made_of: str, division: Division) -> dict[Key, Score]:
        """Scores of a run's outputs that still hold.

        Args:
            made_of: what `made_of` gives for the outputs.
            division: how their texts are divided.
        """
        saved = self._before.get(run_id)
        if saved is None or saved.made_of != made_of:
            return {}
        scores = [(item.part, item.score) for item in saved.scores if isinstance(item.score, Score)]
        return {
            (part, score.metric): score
            for part, score in scores
            if (
                saved.encoder == self._study.encoder
                if needs_encoder((score.metric,))
                else is_current(score, division)
            )
        }

    def add(self, run_id: str, made_of: str, scores: Iterable[PartScore]) -> None:
        """Save these with the next `write`; what could not be scored is tried again."""
        computed = tuple(item for item in scores if isinstance(item.score, Score))
        if computed:
            self._runs[run_id] = SavedRunScores(run_id, made_of, computed, self._study.encoder)

    def write(self) -> None:
        """Replace the file, if it would be another one and the study is still there.

        Raises:
            UserError: the folder cannot be written to.
        """
        runs = {**self._before, **self._runs}
        if runs != self._before and self._folder.exists():
            text = codec.to_text(ScoredFile(tuple(runs.values())))
            write_atomically(self._folder.path / FILE, text)


def made_of(rows: Sequence[OutputRow], unseen: Sequence[str]) -> str:
    """sha256 over all of the outputs that a score reads, and the categories it is parted by."""
    texts = [[row.output, row.references, row.fields, row.input, row.category] for row in rows]
    plain = codec.dump([sorted(unseen), texts])
    return hashlib.sha256(plain.encode("utf-8")).hexdigest()


def is_current(score: Score, division: Division | None = None) -> bool:
    """Whether the score would have the same signature if it were computed now; not of bertscore."""
    try:
        signature = metric_named(score.metric, division=division).signature()
    except PackageNotFoundError:  # as METEOR's, gone since: the score still stands
        return True
    except UserError:  # a metric of a newer version of the program
        return False
    return score.signature.startswith(f"{score.metric}|{signature}|")
