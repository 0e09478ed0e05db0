"""Scores that a study has taken before: when a run finishes, the others are not scored anew."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError
from engine.contract.files import write_atomically
from engine.contract.scores import Encoder, Score
from engine.contract.study import StudySpec
from engine.contract.study_results import PartScore
from engine.metrics.known import metric_named

FILE = "scores.json"

Key = tuple[str, str]
"""Part and metric."""


@dataclass(frozen=True)
class KeptRun:
    """Scores of one run.

    Attributes:
        made_of: sha256 over the outputs and the unseen categories.
        encoder: of bertscore, if that is among them.
    """

    run_id: str
    made_of: str
    scores: tuple[PartScore, ...]
    encoder: Encoder


@dataclass(frozen=True)
class KeptFile:
    """The file, whole."""

    runs: tuple[KeptRun, ...] = ()
    version: int = 1


class KeptScores:
    """What `FILE` in a study's folder holds; a damaged file holds nothing.

    A score is taken again where outputs, encoder or unseen categories are others, or the metric
    has another signature by now, as after an update of its package.
    """

    def __init__(self, folder: Path, study: StudySpec) -> None:
        self._path = folder / FILE
        self._study = study
        self._runs: dict[str, KeptRun] = {}
        try:
            kept = codec.from_text(KeptFile, self._path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, ProtocolError, UserError):
            kept = KeptFile()
        self._before = {run.run_id: run for run in kept.runs}

    def of(self, run_id: str, outputs: Path) -> dict[Key, Score]:
        """Scores of a run's outputs that still hold."""
        kept = self._before.get(run_id)
        if kept is None or kept.made_of != self._made_of(outputs):
            return {}
        scores = [(one.part, one.score) for one in kept.scores if isinstance(one.score, Score)]
        return {
            (part, score.metric): score
            for part, score in scores
            if self.is_current(score)
            and (score.metric != "bertscore" or kept.encoder == self._study.encoder)
        }

    def keep(self, run_id: str, outputs: Path, scores: Iterable[PartScore]) -> None:
        """Remember these; what could not be scored is asked again."""
        taken = tuple(one for one in scores if isinstance(one.score, Score))
        if taken:
            made_of = self._made_of(outputs)
            self._runs[run_id] = KeptRun(run_id, made_of, taken, self._study.encoder)

    def write(self) -> None:
        """Replace the file, if it would be another one.

        Raises:
            UserError: the folder cannot be written to.
        """
        runs = {**self._before, **self._runs}
        if runs != self._before:
            write_atomically(self._path, codec.to_text(KeptFile(tuple(runs.values()))))

    def is_current(self, score: Score) -> bool:
        """Whether the score would have the same signature if it were taken now."""
        try:
            signature = metric_named(score.metric, encoder=self._study.encoder).signature()
        except PackageNotFoundError:  # as METEOR's, gone since: the score still stands
            return True
        return score.signature.startswith(f"{score.metric}|{signature}|")

    def _made_of(self, outputs: Path) -> str:
        digest = hashlib.sha256(codec.dump(sorted(self._study.unseen)).encode("utf-8"))
        digest.update(outputs.read_bytes())
        return digest.hexdigest()
