"""A run on disk.

run.json            the frozen RunSpec
meta.json           name, tags, notes: what the user may change
status.json         state, phase, progress: replaced as a whole, the latest wins
events.jsonl        the journal: one event a line, only ever appended to
control.jsonl       what the window asks of the engine: one request a line
lock                held by the engine while it works on the run
engine.log          what the engine and its libraries said
checkpoints/step-N/ states to resume from
prefix/             the trained prefix, folded (native format), once finished
model/              the fine-tuned backbone, once finished
delta/              what another method trained, once finished
outputs/SPLIT.jsonl decoded rows; SPLIT.meta.json what they were made with
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError
from engine.contract.files.regular_files import open_to_change, read_text, refuse_links
from engine.contract.files.writing import explain_disk_errors, write_atomically
from engine.contract.runs.events import Event, Phase, RunState
from engine.contract.runs.journal import JournalWriter
from engine.contract.runs.lock import FolderLock, is_locked
from engine.contract.specs.run import RunSpec

T = TypeVar("T")


@dataclass(frozen=True)
class RunMeta:
    """What the user calls and writes about a run."""

    name: str
    tags: tuple[str, ...] = ()
    notes: str = ""
    starred: bool = False
    created_s: float = 0.0
    version: int = 1


@dataclass(frozen=True)
class RunStatus:
    """The present state of a run.

    Attributes:
        done, total: of the present phase, in `unit` ("steps", "rows", "tokens"); total 0: unknown.
        step, total_steps: optimiser steps of the run.
        remaining_s: estimate for the whole run, or None while unknown.
        pid: of the engine; true only while the run's lock is held.
        process_started_s: when that process was started, in seconds since 1970; what tells it from
            a later one of the same number.
        message: the verdict's sentence for FAILED.
    """

    run_id: str
    state: RunState
    phase: Phase | None = None
    done: int = 0
    total: int = 0
    step: int = 0
    total_steps: int = 0
    remaining_s: float | None = None
    pid: int = 0
    message: str = ""
    updated_s: float = 0.0
    process_started_s: float = 0.0
    unit: str = ""
    version: int = 1

    def without_process(self, state: RunState, message: str = "") -> RunStatus:
        """How far the run is, in a state in which no process works on it (or none yet)."""
        return RunStatus(
            self.run_id,
            state,
            step=self.step,
            total_steps=self.total_steps,
            message=message,
            updated_s=self.updated_s,
        )


@dataclass(frozen=True)
class StopRequest:
    """End the run; with `save`, leave a checkpoint first."""

    save: bool


@dataclass(frozen=True)
class PauseRequest:
    """Wait after the present step."""


@dataclass(frozen=True)
class ContinueRequest:
    """Go on after a pause."""


ControlRequest = StopRequest | PauseRequest | ContinueRequest


@dataclass(frozen=True)
class ControlLine:
    """One line of `control.jsonl`."""

    request: ControlRequest


class _DamagedFileError(UserError):
    """A small file of a run is missing or torn (one of a newer version is neither)."""


def _unreadable(path: Path, error: Exception) -> _DamagedFileError:
    reason = getattr(error, "strerror", None) or error
    return _DamagedFileError(
        "unreadable", "{path} cannot be read ({reason}).", path=path, reason=reason
    )


class RunFolder:
    """Paths and small files of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def events(self) -> Path:
        """The journal."""
        return self.path / "events.jsonl"

    @property
    def control(self) -> Path:
        """What the window asks of the engine."""
        return self.path / "control.jsonl"

    @property
    def log(self) -> Path:
        """The engine's log."""
        return self.path / "engine.log"

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def prefix(self) -> Path:
        """The folder of the trained prefix."""
        return self.path / "prefix"

    @property
    def model(self) -> Path:
        """The folder of a fine-tuned backbone."""
        return self.path / "model"

    @property
    def delta(self) -> Path:
        """The folder of what another method method trained."""
        return self.path / "delta"

    @property
    def outputs(self) -> Path:
        """The folder of decoded outputs."""
        return self.path / "outputs"

    @classmethod
    def create(cls, path: Path, spec: RunSpec, meta: RunMeta) -> RunFolder:
        """Make the folder of a new run, queued.

        Raises:
            UserError: there is a run in this folder already, or it cannot be written to.
        """
        if (path / "run.json").exists():
            raise UserError(
                "folder-has-a-run",
                "There is a run in {path} already. Choose another folder, or resume that run.",
                path=path,
            )
        folder = cls(path)
        with explain_disk_errors(path):
            path.mkdir(parents=True, exist_ok=True)
        folder.write_meta(meta)
        folder.write_status(RunStatus(run_id=spec.run_id, state=RunState.QUEUED))
        write_atomically(path / "run.json", codec.to_text(spec))
        return folder

    def read_spec(self) -> RunSpec:
        """Read `run.json`; the first thing that is done with a run.

        Raises:
            UserError: missing or damaged, or there are links, pipes or devices in the folder.
        """
        try:
            refuse_links(self.path)
        except (FileNotFoundError, NotADirectoryError):
            pass  # reported below, with what is missing
        except OSError as error:
            raise _unreadable(self.path, error) from error
        return self._read(RunSpec, "run.json")

    def read_meta(self) -> RunMeta:
        """Read `meta.json`; a missing one gives the folder's name."""
        if not (self.path / "meta.json").exists():
            return RunMeta(name=self.path.name)
        return self._read(RunMeta, "meta.json")

    def write_meta(self, meta: RunMeta) -> None:
        """Replace `meta.json`."""
        write_atomically(self.path / "meta.json", codec.to_text(meta))

    def write_status(self, status: RunStatus) -> None:
        """Replace `status.json` (not flushed to disk: the journal is what must survive)."""
        write_atomically(self.path / "status.json", codec.to_text(status), flush=False)

    def read_status(self) -> RunStatus:
        """Read `status.json` and hold it against the lock.

        A status that says "at work" while no process holds the lock is INTERRUPTED.
        """
        status = self._last_status()
        if status.state.is_active and not is_locked(self.path):
            # The engine may have written its verdict between our two reads.
            status = self._last_status()
            if status.state.is_active:
                return interrupted(status)
        return status

    def status_stamp(self) -> tuple[int, int] | None:
        """Changes whenever `status.json` is replaced; None where there is none."""
        try:
            status = (self.path / "status.json").stat()
        except OSError:
            return None
        return (status.st_ino, status.st_mtime_ns)

    def conclude(self, status: RunStatus, event: Event | None = None) -> RunStatus:
        """Record what became of a run whose process left no verdict, as the engine would have.

        Returns:
            The status that holds now: another where the run was resumed at this moment.

        Raises:
            UserError: the disk does not take it.
        """
        lock = FolderLock(self.path)
        if not lock.acquire():
            return self.read_status()
        with lock:
            if event is not None:
                writer = JournalWriter(self.events, status.run_id)
                writer.append(event, flush=True)
                writer.close()
            self.write_status(status)
        return status

    def saved_step(self) -> int | None:
        """The latest step that can be resumed from, by the names of the checkpoint folders."""
        try:
            names = os.listdir(self.checkpoints)
        except OSError:
            return None
        steps = [name.removeprefix("step-") for name in names if name.startswith("step-")]
        return max((int(step) for step in steps if step.isdigit()), default=None)

    def request(self, request: ControlRequest) -> None:
        """Ask something of the engine that works on this run."""
        line = codec.to_line(ControlLine(request)) + "\n"
        with explain_disk_errors(self.path), open_to_change(self.control) as stream:
            stream.write(line.encode("utf-8"))

    def resolve(self, path: str) -> Path:
        """A path of the spec, which may be relative to the run folder."""
        return (self.path / path).resolve()

    def _last_status(self) -> RunStatus:
        """`status.json`; "starting" where a power cut left none, for the lock to decide."""
        try:
            return self._read(RunStatus, "status.json")
        except _DamagedFileError:
            return RunStatus(run_id=self.read_spec().run_id, state=RunState.STARTING)

    def _read(self, kind: type[T], name: str) -> T:
        try:
            text = read_text(self.path / name)
        except FileNotFoundError as error:
            raise _DamagedFileError(
                "no-run-folder",
                "{path} is not a run folder ({file} is missing). Choose the folder that has "
                "run.json.",
                path=self.path,
                file=name,
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(self.path / name, error) from error
        try:
            return codec.from_text(kind, text)
        except ProtocolError as error:
            path = self.path / name
            raise _DamagedFileError(
                "damaged-run-file", "{path} is damaged: {reason}.", path=path, reason=error
            ) from error


def interrupted(status: RunStatus) -> RunStatus:
    """The same status as INTERRUPTED: its process is gone and left no verdict."""
    message = "The run's process ended without a result. Resume continues from the last checkpoint."
    return status.without_process(RunState.INTERRUPTED, message)
