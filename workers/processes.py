"""Engine processes, the same way on every system: how they start, end, and are recognised."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from engine.contract.runs.folder import RunStatus

ROOT = Path(__file__).resolve().parents[1]
TAIL_LINES = 20
TAIL_BYTES = 16_384
MAX_PID = 2**31 - 1
CLOCK_TOLERANCE_S = 1.0

if sys.platform == "win32":
    _FLAGS = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
else:
    _FLAGS = 0


@dataclass(frozen=True)
class ProcessOutcome:
    """How a process ended.

    Attributes:
        returncode: as `Popen` has it (negative: a signal); None where it could not be started.
        last_lines: of its standard error, or why it could not be started.
    """

    returncode: int | None
    last_lines: str = ""

    @property
    def user_error(self) -> str:
        """What an engine that ended with exit code 2 has to say to the user, or ""."""
        return self.last_lines.splitlines()[-1] if self.returncode == 2 and self.last_lines else ""

    def describe(self) -> str:
        """What happened, to follow "the process …"."""
        if self.returncode is None:
            return f"could not be started ({self.last_lines})"
        if self.returncode >= 0:
            return f"ended with exit code {self.returncode}"
        number = -self.returncode
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = "unknown"
        cause = ", often because memory ran out" if name == "SIGKILL" else ""
        return f"was ended by signal {number} ({name}){cause}"


def engine_command(verb: str) -> tuple[str, ...]:
    """The command line of the engine: `verb` is "run" (a run folder follows) or "serve"."""
    return (sys.executable, "-m", "engine", verb)


def start_engine(
    command: Sequence[str], *, stdin: int, stdout: int | IO[bytes], stderr: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a process that outlives the window and does not hear its terminal's Ctrl+C.

    Raises:
        OSError: it cannot be started.
    """
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1"},
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        creationflags=_FLAGS,
        start_new_session=True,
    )


def end_process(pid: int, *, force: bool) -> None:
    """Tell a process to end (SIGTERM), or end it (SIGKILL); on Windows both end it.

    A process that is gone already is no error.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if force and sys.platform != "win32":
            os.kill(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)


def read_tail(log: IO[bytes], since: int) -> str:
    """The last lines of a log, at most 20, of what was written after byte `since`."""
    size = log.seek(0, os.SEEK_END)
    log.seek(max(since, size - TAIL_BYTES))
    text = log.read().decode("utf-8", errors="replace")
    return "\n".join(text.splitlines()[-TAIL_LINES:])


def is_engine_of(folder: Path, status: RunStatus) -> bool:
    """Whether the process that `status` names works on the run in `folder`.

    `status.json` may be untrusted, and a process number may have been given to another
    program since: the process must have been started when the status says, and hold the run's lock
    open, which no other program does.
    """
    if not 1 < status.pid <= MAX_PID:
        return False
    try:
        process = psutil.Process(status.pid)
        if abs(process.create_time() - status.process_started_s) > CLOCK_TOLERANCE_S:
            return False
        lock = str((folder / "lock").resolve())
        return any(file.path == lock for file in process.open_files())
    except (psutil.Error, OSError):  # it is gone, or belongs to another user
        return False
