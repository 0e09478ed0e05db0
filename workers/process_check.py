"""Whether a process number in a file really is that of a run's engine."""

from __future__ import annotations

from pathlib import Path

import psutil

from engine.contract.runs.folder import RunStatus

MAX_PID = 2**31 - 1
CLOCK_TOLERANCE_S = 1.0


def is_engine_of(folder: Path, status: RunStatus) -> bool:
    """Whether the process that `status` names works on the run in `folder`.

    `status.json` may come from a stranger, and a process number may have been given to another
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
