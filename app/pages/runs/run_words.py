"""Words, icons and tones for the states of a run."""

from __future__ import annotations

from dataclasses import dataclass

from app.models.run import RunModel
from app.words import duration
from engine.contract.events import RunState
from engine.contract.scores import Score


@dataclass(frozen=True)
class StateLook:
    """How a state is shown: its word, an icon, and the name of a colour of the theme."""

    word: str
    picture: str
    tone: str


STATES = {
    RunState.QUEUED: StateLook("queued", "more", "muted"),
    RunState.STARTING: StateLook("starting", "activity", "accent"),
    RunState.RUNNING: StateLook("running", "play", "accent"),
    RunState.PAUSED: StateLook("paused", "pause", "warning"),
    RunState.STOPPING: StateLook("stopping", "stop", "warning"),
    RunState.FINISHED: StateLook("finished", "check", "good"),
    RunState.CANCELLED: StateLook("stopped", "stop", "muted"),
    RunState.FAILED: StateLook("failed", "error", "bad"),
    RunState.INTERRUPTED: StateLook("interrupted", "warning", "warning"),
}


def status_line(run: RunModel) -> str:
    """One line: state, phase, how far, how long still."""
    status = run.status
    parts = [STATES[status.state].word]
    if status.state.is_active and status.phase is not None:
        parts.append(status.phase.value)
        in_steps = status.total == status.total_steps and status.done == status.step
        if status.total and not in_steps:
            parts[-1] += f" ({status.done:,} of {status.total:,})"
    if status.total_steps:
        parts.append(f"step {status.step:,} of {status.total_steps:,}")
    if status.state.is_active and status.remaining_s is not None:
        parts.append(f"about {duration(status.remaining_s)} left")
    if status.state is RunState.FINISHED and run.finished is not None:
        parts.append(duration(run.finished.elapsed_s))
        parts.append(f"step {run.finished.best_step:,} is kept")
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
        return run.status.message or "Its process ended without a verdict; it can be resumed."
    if state is RunState.FAILED:
        return run.failed.message if run.failed is not None else run.status.message
    return ""


def best_valid_loss(run: RunModel) -> float | None:
    """The lowest validation loss so far."""
    losses = [evaluation.valid_loss for evaluation in run.evaluations]
    return min(losses, default=None)


def valid_bleu(run: RunModel) -> Score | None:
    """The best BLEU of an evaluation."""
    scores = [_bleu(evaluation.scores) for evaluation in run.evaluations]
    return max((s for s in scores if s is not None), key=lambda s: s.value, default=None)


def test_bleu(run: RunModel) -> Score | None:
    """BLEU of the test inputs, once the run has decoded them."""
    outputs = run.outputs.get("test")
    return _bleu(outputs.scores) if outputs is not None else None


def _bleu(scores: tuple[Score, ...]) -> Score | None:
    return next((score for score in scores if score.metric == "bleu"), None)
