"""What happens in a run, in order: the lines of `events.jsonl` (the journal).

Metrics, samples and verdicts are journal events and are never dropped. Progress is not: it
lives in `status.json`, where the latest wins (`run_folder.RunStatus`).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from engine.contract.errors import Remedy
from engine.contract.runs.scores import Score

JOURNAL_VERSION = 1


class RunState(enum.Enum):
    """Where a run is in its life. The last four are final until it is resumed."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    """Stopped by the user; the process has ended."""
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """The process vanished without a verdict (killed, crash, power); can be resumed."""

    @property
    def is_final(self) -> bool:
        """Whether no process works on the run any more."""
        return self in (
            RunState.FINISHED,
            RunState.CANCELLED,
            RunState.FAILED,
            RunState.INTERRUPTED,
        )

    @property
    def is_active(self) -> bool:
        """Whether a process works on the run."""
        return not self.is_final and self is not RunState.QUEUED


class Phase(enum.Enum):
    """What a working run is doing now."""

    LOADING = "loading the backbone"
    DATA = "preparing the data"
    INITIALISING = "initialising"
    TRAINING = "training"
    EVALUATING = "evaluating"
    DECODING = "decoding the test inputs"
    PREDICTING = "predicting the test inputs"
    """As decoding, where no texts are written."""
    SAVING = "saving"


@dataclass(frozen=True)
class RunStarted:
    """The engine is ready to train; also the first event after a resume.

    Attributes:
        total_steps: optimiser steps of the whole run.
        resumed_from_step: None for a fresh start. Readers then drop metrics of later steps,
            since those steps are repeated.
        device, precision: what AUTO became, such as "cpu" and "float32".
        trainable_parameters, frozen_parameters: numbers, exact.
        train_rows, valid_inputs, test_inputs: sizes after limits.
        backbone_fingerprint: sha256 over weights and tokenizer.
        versions: (package, version) pairs.
        computed_by: "fast path", or "transformers" with the reason; "" in older journals.
    """

    total_steps: int
    resumed_from_step: int | None
    device: str
    precision: str
    trainable_parameters: int
    frozen_parameters: int
    train_rows: int
    valid_inputs: int
    test_inputs: int
    backbone_fingerprint: str
    versions: tuple[tuple[str, str], ...] = ()
    computed_by: str = ""


@dataclass(frozen=True)
class TrainMetrics:
    """One optimiser step.

    Attributes:
        step: optimiser steps done, 1 after the first.
        epoch: passes over the training rows, fractional.
        loss: nats per target token, whatever the objective, so that runs can be compared.
        learning_rate: the rate this step used.
        grad_norm: before clipping.
        tokens: target tokens seen since the start.
        tokens_per_s: source and target tokens a second in this step, padding not counted.
        elapsed_s: seconds of work since the start, pauses and interruptions not counted.
        memory_bytes: peak of the device (CUDA) or of the process (CPU).
    """

    step: int
    epoch: float
    loss: float
    learning_rate: float
    grad_norm: float
    tokens: int
    tokens_per_s: float
    elapsed_s: float
    memory_bytes: int


@dataclass(frozen=True)
class Evaluation:
    """An evaluation on the validation inputs.

    Attributes:
        valid_loss: nats per target token.
        scores: corpus scores of greedy outputs; empty where BLEU is switched off.
        is_best: whether this became the best checkpoint.
    """

    step: int
    epoch: float
    valid_loss: float
    scores: tuple[Score, ...]
    elapsed_s: float
    is_best: bool


@dataclass(frozen=True)
class Sample:
    """One fixed validation input and what the run made of it."""

    example_id: str
    input: str
    output: str
    references: tuple[str, ...]


@dataclass(frozen=True)
class SamplesTaken:
    """The sample strip at an evaluation."""

    step: int
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class CheckpointSaved:
    """A state from which the run can be resumed is on disk."""

    step: int
    best_step: int | None


class Level(enum.Enum):
    """How loudly a notice is shown."""

    INFO = "info"
    WARNING = "warning"


@dataclass(frozen=True)
class Notice:
    """A sentence for the user, such as how many rows were cut to the token limit."""

    level: Level
    text: str


@dataclass(frozen=True)
class OutputsSaved:
    """The held-out inputs were predicted and scored; `path` is relative to the run folder."""

    split: str
    path: str
    count: int
    scores: tuple[Score, ...]
    elapsed_s: float


@dataclass(frozen=True)
class RunPaused:
    """The run waits, holding its memory, until it is continued or stopped."""

    step: int


@dataclass(frozen=True)
class RunContinued:
    """A paused run goes on."""

    step: int


@dataclass(frozen=True)
class RunFinished:
    """Verdict: the run is complete.

    Attributes:
        best_step: step of the saved parameters.
        stored_bytes: size of the trained part on disk.
        stopped_early: whether patience ended it.
        stored_parameters: numbers in the trained part; 0 in older journals.
    """

    step: int
    best_step: int
    elapsed_s: float
    stored_bytes: int
    stopped_early: bool = False
    stored_parameters: int = 0


@dataclass(frozen=True)
class RunCancelled:
    """Verdict: stopped as the user asked; `saved_step` is where it can be resumed."""

    step: int
    saved_step: int | None


class Blame(enum.Enum):
    """Who can mend a failure."""

    USER = "user"
    ENGINE = "engine"


@dataclass(frozen=True)
class RunFailed:
    """Verdict: the run could not go on; checkpoints stay and it can be resumed.

    Attributes:
        message: one sentence; for Blame.USER it says what to do.
        traceback: for Blame.ENGINE, to copy into a report.
        code: the error's code (`errors.CodedError`); empty where it has none.
    """

    step: int
    blame: Blame
    message: str
    remedies: tuple[Remedy, ...] = ()
    traceback: str = ""
    code: str = ""


Event = (
    RunStarted
    | TrainMetrics
    | Evaluation
    | SamplesTaken
    | CheckpointSaved
    | Notice
    | OutputsSaved
    | RunPaused
    | RunContinued
    | RunFinished
    | RunCancelled
    | RunFailed
)


@dataclass(frozen=True)
class JournalEntry:
    """One line of the journal.

    Attributes:
        run_id: entries of another run are dropped by readers.
        time_s: seconds since 1970, UTC.
    """

    run_id: str
    time_s: float
    event: Event
    version: int = JOURNAL_VERSION
