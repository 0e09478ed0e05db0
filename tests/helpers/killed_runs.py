"""Runs, each in a child process that SIGKILL may end at a moment of the run.

python killed_runs.py RUN_DIR[=PHASE@STEP] …

Writes a line for each: the exit code, and the state that its folder shows after it. Importing
torch takes seconds, so that the children are forked after it.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.contract.runs.events import JournalEntry, Phase, RunState, TrainMetrics
from engine.contract.runs.folder import RunFolder, RunStatus


def in_children(
    runs: Sequence[tuple[Path, tuple[Phase, int] | None]],
) -> list[tuple[int, RunState]]:
    """Work on each run until it ends, or until a phase at a step if one is given.

    Returns:
        Of each its exit code, which is negative after a signal, and the state of its folder.
    """
    words = [str(path) if end is None else f"{path}={end[0].name}@{end[1]}" for path, end in runs]
    command = [sys.executable, __file__, *words]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line.split() for line in result.stdout.splitlines()]
    assert len(lines) == len(runs), result.stderr
    return [(int(code), RunState(state)) for code, state in lines]


class Killer:
    """Hears a run, and ends the process at the first moment that is in a phase at a step."""

    def __init__(self, phase: Phase, step: int) -> None:
        self._phase, self._step = phase, step

    def __call__(self, heard: JournalEntry | RunStatus) -> None:
        if isinstance(heard, RunStatus):
            is_here = heard.phase is self._phase is not Phase.TRAINING and heard.step >= self._step
        else:
            event = heard.event
            is_step = isinstance(event, TrainMetrics) and event.step == self._step
            is_here = is_step and self._phase is Phase.TRAINING
        if is_here:
            os.kill(os.getpid(), signal.SIGKILL)


def work(path: Path, moment: str) -> None:
    """Work on a run until its end, or the moment; the process's exit code says how it ended."""
    from engine.run import run_folder

    phase, _, step = moment.partition("@")
    sys.exit(run_folder(path, listener=Killer(Phase[phase], int(step)) if moment else None))


def main() -> None:
    importlib.import_module("engine.run")
    for word in sys.argv[1:]:
        path, _, moment = word.partition("=")
        child = multiprocessing.get_context("fork").Process(target=work, args=(Path(path), moment))
        child.start()
        child.join()
        state = RunFolder(Path(path)).read_status().state
        sys.stdout.write(f"{child.exitcode} {state.value}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
