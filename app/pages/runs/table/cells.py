"""The cells of the run table: what stands in them, how they sort, what they explain."""

from __future__ import annotations

import enum

from app.models.run import RunModel
from app.models.run_numbers import test_bleu, training_speed, valid_bleu, valid_loss
from app.run_text import STATES, state_word
from app.words import date, duration
from engine.contract.runs.scores import Score
from engine.contract.specs.run import describe_method


class RunColumn(enum.IntEnum):
    """Columns from the left; their titles are in `TITLES`."""

    SHOWN = 0
    NAME = 1
    STATE = 2
    PROGRESS = 3
    LOSS = 4
    VALID_BLEU = 5
    TEST_BLEU = 6
    LEFT = 7
    SPEED = 8
    METHOD = 9
    STUDY = 10
    TAGS = 11
    CREATED = 12


TITLES = (
    ("", "On the plots"),
    ("Name", "The run's name; double-click to edit"),
    ("State", "State of the run"),
    ("Progress", "Optimiser steps taken, of all"),
    ("Valid loss", "Validation loss of the step that is saved, in nats per target token"),
    ("BLEU valid", "Corpus BLEU of the validation inputs at the step that is saved"),
    ("BLEU test", "Corpus BLEU of the test inputs, decoded once the run ends"),
    ("Left", "Estimated time until the run ends"),
    ("Train tok/s", "Training: source and target tokens a second in the last steps, no padding"),
    ("Method", "What is trained"),
    ("Study", "The studies that the run is part of"),
    ("Tags", "Tags to find a run by; double-click to edit"),
    ("Created", "When the run was created"),
)
NUMBERS = (
    RunColumn.LOSS,
    RunColumn.VALID_BLEU,
    RunColumn.TEST_BLEU,
    RunColumn.LEFT,
    RunColumn.SPEED,
)


def text(run: RunModel, column: RunColumn) -> str:
    """What a cell shows."""
    match column:
        case RunColumn.NAME:
            return run.meta.name
        case RunColumn.STATE:
            return state_word(run)
        case RunColumn.PROGRESS:
            step, total = progress(run)
            return f"{step:,} / {total:,}" if total else ""
        case RunColumn.LEFT:
            left = run.status.remaining_s if run.status.state.is_active else None
            return "" if left is None else duration(left)
        case RunColumn.METHOD:
            return describe_method(run.spec.method)
        case RunColumn.TAGS:
            return ", ".join(run.meta.tags)
        case RunColumn.CREATED:
            return date(run.meta.created_s)
        case _:
            value = number(run, column)
            digits = {RunColumn.LOSS: 3, RunColumn.SPEED: 0}.get(column, 1)
            return "" if value is None else f"{value:,.{digits}f}"


def progress(run: RunModel) -> tuple[int, int]:
    """Optimiser steps taken, and of all; 0 while unknown."""
    total = run.status.total_steps
    if not total and run.started is not None:
        total = run.started.total_steps
    step = run.status.step or (run.metrics[-1].step if run.metrics else 0)
    return step, total


def number(run: RunModel, column: RunColumn) -> float | None:
    """The number of a cell, or None."""
    if column is RunColumn.LOSS:
        return valid_loss(run)
    if column is RunColumn.SPEED:
        return training_speed(run)
    score = score_of(run, column)
    return score.value if score is not None else None


def score_of(run: RunModel, column: RunColumn) -> Score | None:
    """The score of a cell, or None."""
    if column is RunColumn.VALID_BLEU:
        return valid_bleu(run)
    return test_bleu(run) if column is RunColumn.TEST_BLEU else None


def sort_key(run: RunModel, column: RunColumn) -> object:
    """What a column is sorted by."""
    if column in (RunColumn.LOSS, RunColumn.SPEED, RunColumn.VALID_BLEU, RunColumn.TEST_BLEU):
        value = number(run, column)
        return float("-inf") if value is None else value
    if column is RunColumn.LEFT:
        return -1.0 if run.status.remaining_s is None else run.status.remaining_s
    if column is RunColumn.PROGRESS:
        step, total = progress(run)
        return step / total if total else 0.0
    if column is RunColumn.CREATED:
        return run.meta.created_s
    if column is RunColumn.STATE:
        return list(STATES).index(run.status.state)
    return text(run, column).casefold()


def tip(run: RunModel, column: RunColumn) -> str | None:
    """What a cell explains, or None."""
    if column is RunColumn.NAME:
        notes = f"\n{run.meta.notes}" if run.meta.notes else ""
        return f"{run.meta.name}{' (starred)' if run.meta.starred else ''}{notes}"
    if column is RunColumn.STATE:
        return run.status.message or None
    score = score_of(run, column)
    if score is None:
        return text(run, column) or None  # a narrow column cuts it
    interval = "" if score.low is None else f" [{score.low:.1f}, {score.high:.1f}]"
    return f"{score.value:.2f}{interval}\n{score.signature}"


def edited(run: RunModel, column: RunColumn) -> str | None:
    """What an editor starts with."""
    return text(run, column) if column in (RunColumn.NAME, RunColumn.TAGS) else None
