"""What can be compared: runs, bare backbones and files of outputs."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from pathlib import Path

from app.models.run import RunModel
from app.models.run_numbers import saved_bytes, training_s
from app.pages.compare.systems.rows import Rows
from app.words import metric_value
from engine.contract import codec
from engine.contract.methods.all import info_of
from engine.contract.metrics import metric_title
from engine.contract.runs.scores import OutputsMeta, Score
from engine.contract.specs.run import RunSpec
from engine.contract.tasks.all import decoding_of, task_info

Stamp = tuple[int, int]
"""Time of change and size of a file."""
BARE = "bare:"
FILE = "file:"
"""First letters of a key in `Project.compared`; a run's key is its id."""


class Kind(enum.Enum):
    """What made the outputs."""

    RUN = "run"
    BARE = "bare backbone"
    FILE = "file"
    BASELINE = "baseline"


@dataclass(frozen=True)
class SystemEntry:
    """One line of the chooser.

    Attributes:
        key: what `Project.compared` holds.
        path: where its outputs are, or will be.
        ready: whether they are there.
        note: why they are not, or what the system is, in a few words.
        stored_bytes, training_s, trainable: saved on disk beside the backbone, seconds of training,
            parameters that were trained; None where it is not known.
        style: number of the run's colour in the whole program, or -1.
        is_baseline: whether it is a fine-tuned backbone, the default to compare with.
        task: name of what it predicts; "" of a file, which does not say.
    """

    key: str
    kind: Kind
    name: str
    path: Path
    ready: bool
    note: str = ""
    stored_bytes: int | None = None
    training_s: float | None = None
    trainable: int | None = None
    style: int = -1
    is_baseline: bool = False
    task: str = ""


@dataclass(frozen=True)
class ComparedSystem:
    """A chosen system with its outputs in memory.

    Attributes:
        rows: in the file's order.
        meta: what they were made with, or None where the file does not say.
        is_scored: whether it has corpus scores, and each row with references has scores.
        is_changed: whether the rows are not those that were decoded.
        stamp: of the file when it was read.
    """

    entry: SystemEntry
    rows: Rows
    meta: OutputsMeta | None = None
    is_scored: bool = True
    is_changed: bool = False
    stamp: Stamp | None = None

    @property
    def key(self) -> str:
        """The entry's key."""
        return self.entry.key

    @property
    def name(self) -> str:
        """The entry's name."""
        return self.entry.name

    @property
    def decoding(self) -> str:
        """The decoding's signature, "" where it is not known."""
        return self.meta.decoding if self.meta is not None else ""

    @property
    def precision(self) -> str:
        """Number format of the backbone's weights, "" where it is not known."""
        return self.meta.precision if self.meta is not None else ""

    @property
    def scores(self) -> dict[str, Score]:
        """Corpus scores by metric."""
        return {score.metric: score for score in self.meta.scores} if self.meta else {}


def letter(index: int) -> str:
    """The short name of the system with this index: A, B, C and so on."""
    return chr(ord("A") + index) if index < 26 else f"S{index + 1}"


def run_entry(run: RunModel, style: int) -> SystemEntry:
    """A run of the project as a system."""
    path = run.folder.outputs / "test.jsonl"
    ready, state = path.exists(), run.status.state
    if ready:
        scores = run.outputs["test"].scores if "test" in run.outputs else ()
        parts = [
            f"{metric_title(score.metric)} {metric_value(score.metric, score.value)}"
            for score in scores[:1]
        ]
        note = " · ".join([*parts, Path(run.spec.backbone).name])
    else:
        note = f"{state.value}, no outputs" if state.is_final else "no test outputs yet"
    return SystemEntry(
        run.run_id,
        Kind.RUN,
        run.meta.name,
        path,
        ready,
        note,
        stored_bytes=saved_bytes(run),
        training_s=training_s(run) if run.finished is not None else None,
        trainable=run.started.trainable_parameters if run.started else None,
        style=style,
        is_baseline=info_of(run.spec.method).is_baseline,
        task=task_info(run.spec.task).name,
    )


def bare_key(spec: RunSpec) -> str:
    """Key of the bare backbone on this run's test inputs, equal for runs that share them."""
    parts = [spec.backbone, codec.to_line(spec.data), codec.to_line(decoding_of(spec.task))]
    return BARE + hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def bare_entry(run: RunModel, key: str, project: Path) -> SystemEntry:
    """The backbone of a run, untrained, on the same test inputs with the same decoding.

    Args:
        key: `bare_key` of the run.
    """
    path = compare_folder(project) / f"bare-{key.removeprefix(BARE)}.jsonl"
    name = f"bare {Path(run.spec.backbone).name}"
    ready, task = path.exists(), task_info(run.spec.task).name
    note = "untrained" if ready else "untrained; tick to decode the test inputs"
    return SystemEntry(key, Kind.BARE, name, path, ready, note, 0, 0.0, 0, task=task)


def file_entry(path: Path) -> SystemEntry:
    """A file of outputs, as it was copied into the project."""
    note = "outputs from a file" if path.exists() else "the project's copy is missing"
    return SystemEntry(FILE + path.name, Kind.FILE, path.stem, path, path.exists(), note)


def compare_folder(project: Path) -> Path:
    """Where Compare saves its own files in a project."""
    return project / "compare"


def outside_folder(project: Path) -> Path:
    """Where copies of files of outputs are saved."""
    return compare_folder(project) / "outside"
