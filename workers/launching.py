"""Starting and ending engine processes, the same way on every system."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
TAIL_LINES = 20
TAIL_BYTES = 16_384


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
    environment = {**os.environ, "PYTHONUTF8": "1"}
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            creationflags=flags,
        )
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
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


def read_tail(log: IO[bytes], since: int = 0) -> str:
    """The last lines of a log, at most 20, of what was written after byte `since`."""
    size = log.seek(0, os.SEEK_END)
    log.seek(max(since, size - TAIL_BYTES))
    text = log.read().decode("utf-8", errors="replace")
    return "\n".join(text.splitlines()[-TAIL_LINES:])
