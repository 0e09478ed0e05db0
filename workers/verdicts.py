"""The verdicts that an engine could not write itself, because it was ended or never began."""

from __future__ import annotations

import logging
import os
from dataclasses import replace

from engine.contract.errors import UserError
from engine.contract.runs.events import Blame, Event, RunCancelled, RunFailed, RunState
from engine.contract.runs.folder import RunFolder, RunStatus
from engine.contract.runs.journal import JournalWriter
from engine.contract.runs.lock import FolderLock
from workers.outcome import ProcessOutcome

log = logging.getLogger(__name__)


def conclude_cancelled(folder: RunFolder, last: RunStatus) -> RunStatus:
    """The user asked the run to stop, and its process has ended."""
    event = RunCancelled(step=last.step, saved_step=_last_checkpoint(folder))
    return _conclude(folder, _ended(last, RunState.CANCELLED), event)


def conclude_failed(folder: RunFolder, last: RunStatus, outcome: ProcessOutcome) -> RunStatus:
    """The engine ended before it said anything, or with a sentence that it could not record."""
    if outcome.sentence:
        blame, message = Blame.USER, outcome.sentence
    else:
        blame, message = Blame.ENGINE, f"The engine {outcome.describe()} before the run began."
    event = RunFailed(last.step, blame, message, traceback=outcome.said)
    return _conclude(folder, _ended(last, RunState.FAILED, message), event)


def conclude_interrupted(folder: RunFolder, last: RunStatus, outcome: ProcessOutcome) -> RunStatus:
    """The process ended unasked and without a verdict, in a way that we know."""
    message = f"The run's process {outcome.describe()}. Resume goes on from the last checkpoint."
    log.warning("%s: %s It said last: %s", last.run_id, message, outcome.said)
    return _conclude(folder, _ended(last, RunState.INTERRUPTED, message), None)


def _ended(last: RunStatus, state: RunState, message: str = "") -> RunStatus:
    """What stays true of a status after the process has gone."""
    return replace(
        last, state=state, message=message, phase=None, done=0, total=0, remaining_s=None, pid=0
    )


def _conclude(folder: RunFolder, status: RunStatus, event: Event | None) -> RunStatus:
    """Write the verdict while holding the lock, as the engine would have."""
    lock = FolderLock(folder.path)
    try:
        if not lock.acquire():  # someone resumed the run at this moment
            return folder.read_status()
        with lock:
            if event is not None:
                writer = JournalWriter(folder.events, status.run_id)
                writer.append(event, flush=True)
                writer.close()
            folder.write_status(status)
    except (UserError, OSError) as error:
        log.warning("%s: the verdict could not be written: %s", status.run_id, error)
    return status


def _last_checkpoint(folder: RunFolder) -> int | None:
    """The latest step that can be resumed from, by the names of the checkpoint folders."""
    try:
        names = os.listdir(folder.checkpoints)
    except OSError:
        return None
    steps = [name.removeprefix("step-") for name in names if name.startswith("step-")]
    return max((int(step) for step in steps if step.isdigit()), default=None)
