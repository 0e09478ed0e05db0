"""How far a study is: its runs counted by state, from the run models alone."""

from __future__ import annotations

from dataclasses import dataclass

from app.models.runs import RunsModel
from engine.contract.runs.events import RunState
from engine.contract.studies.study import StudyRun, StudySpec

STOPPED = (RunState.CANCELLED, RunState.INTERRUPTED)


@dataclass(frozen=True)
class StudyTally:
    """Numbers of runs.

    Attributes:
        stopped: by the user or by a crash; *Continue* puts them back into the queue.
        missing: planned and not made, or deleted since.
    """

    total: int
    finished: int
    running: int
    waiting: int
    failed: int
    stopped: int
    missing: int

    @property
    def headline(self) -> str:
        """Such as "7 of 24 finished"."""
        return f"{self.finished} of {self.total} finished"


@dataclass(frozen=True)
class StateCount:
    """A state with runs in it, such as "3 running".

    Attributes:
        icon: its name.
        tone: name of a colour of the theme.
    """

    text: str
    icon: str
    tone: str


def state_of(run: StudyRun, runs: RunsModel) -> RunState | None:
    """The state of a run of a study, or None where the project has no such run."""
    model = runs.get(run.spec.run_id)
    return model.status.state if model is not None else None


def tally(study: StudySpec, runs: RunsModel) -> StudyTally:
    """Count the runs of a study."""
    states = [state_of(run, runs) for run in study.runs]
    return StudyTally(
        total=len(states),
        finished=states.count(RunState.FINISHED),
        running=sum(state is not None and state.is_active for state in states),
        waiting=states.count(RunState.QUEUED),
        failed=states.count(RunState.FAILED),
        stopped=sum(states.count(state) for state in STOPPED),
        missing=states.count(None),
    )


def unfinished(count: StudyTally) -> tuple[StateCount, ...]:
    """What is not finished, the most urgent first; states without runs are left out."""
    states = (
        (count.running, "running", "play", "accent"),
        (count.failed, "failed", "error", "bad"),
        (count.waiting, "waiting", "more", "frozen"),
        (count.stopped, "stopped", "stop", "warning"),
        (count.missing, "not made", "info", "warning"),
    )
    return tuple(
        StateCount(f"{number} {word}", icon, tone) for number, word, icon, tone in states if number
    )
