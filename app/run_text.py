"""Words, icons and tones for the states of a run."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QIcon

from app.assets import icon
from app.models.run import RunModel
from app.theme import Theme
from app.words import duration, progress
from engine.contract.runs.events import RunState


@dataclass(frozen=True)
class StateStyle:
    """How a state is shown: its word, an icon, and the name of a colour of the theme."""

    word: str
    icon: str
    tone: str


STATES = {
    RunState.QUEUED: StateStyle("queued", "more", "muted"),
    RunState.STARTING: StateStyle("starting", "activity", "accent"),
    RunState.RUNNING: StateStyle("running", "play", "accent"),
    RunState.PAUSED: StateStyle("paused", "pause", "warning"),
    RunState.STOPPING: StateStyle("stopping", "stop", "warning"),
    RunState.FINISHED: StateStyle("finished", "check", "good"),
    RunState.CANCELLED: StateStyle("stopped", "stop", "muted"),
    RunState.FAILED: StateStyle("failed", "error", "bad"),
    RunState.INTERRUPTED: StateStyle("interrupted", "warning", "warning"),
}
_ASKED = {
    RunState.PAUSED: "pausing…",
    RunState.RUNNING: "continuing…",
    RunState.CANCELLED: "stopping…",
}


def state_icon(run: RunModel, theme: Theme) -> QIcon:
    """The icon of the run's state in its colour."""
    style = STATES[run.status.state]
    return icon(style.icon, getattr(theme.colors, style.tone))


def state_word(run: RunModel) -> str:
    """The run's state, or the one that it was asked to come to."""
    return _ASKED[run.asked] if run.asked is not None else STATES[run.status.state].word


def at_work(run: RunModel) -> str:
    """What a run at work does and how far it is, such as "training, 23 of 40"."""
    status, word = run.status, doing(run)
    return f"{word}, {status.step:,} of {status.total_steps:,}" if status.total_steps else word


def doing(run: RunModel) -> str:
    """The phase of a run at work, or its state where that says more."""
    status = run.status
    if run.asked is not None or status.state is not RunState.RUNNING or status.phase is None:
        return state_word(run)
    return status.phase.value


def time_left(run: RunModel) -> str:
    """Such as "about 3 min 20 s left", or "" while it is not known or does not run down."""
    left = run.status.remaining_s
    known = left is not None and run.status.state is RunState.RUNNING
    return f"about {duration(left)} left" if left is not None and known else ""


def status_line(run: RunModel) -> str:
    """One line: state, phase, how far, how long still."""
    status = run.status
    parts = [state_word(run)]
    if status.state.is_active and status.phase is not None:
        parts.append(status.phase.value)
        if status.total and status.unit not in ("", "steps"):
            parts[-1] += f" ({progress(status.done, status.total, status.unit)})"
    if status.total_steps:
        parts.append(f"step {status.step:,} of {status.total_steps:,}")
    if left := time_left(run):
        parts.append(left)
    if status.state is RunState.FINISHED and run.finished is not None:
        parts.append(duration(run.finished.elapsed_s))
        parts.append(f"step {run.finished.best_step:,} is saved")
        if run.finished.stopped_early:
            parts.append("stopped early")
    return " · ".join(parts)


def verdict(run: RunModel) -> str:
    """Why a run ended before its end, in a sentence; "" where it did not."""
    state = run.status.state
    if state is RunState.CANCELLED:
        saved = run.cancelled.saved_step if run.cancelled is not None else None
        if saved is not None:
            return f"Stopped and saved: it can be resumed from step {saved:,}."
        return "Stopped as you asked; it can be resumed from its last checkpoint, if it has one."
    if state is RunState.INTERRUPTED:
        return run.status.message or "Its process ended unexpectedly; it can be resumed."
    if state is RunState.FAILED:
        return run.failed.message if run.failed is not None else run.status.message
    return ""
