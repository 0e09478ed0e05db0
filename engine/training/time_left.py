"""How long a run still takes, from its last steps and its evaluations."""

from __future__ import annotations

import statistics
from collections import deque

WINDOW_STEPS = 30
"""Batches differ in length, so that a few steps say little; many would hide a change of pace."""


class TimeLeft:
    """Knows the time of work alone: whoever reports it leaves pauses out."""

    def __init__(self) -> None:
        self._steps: deque[float] = deque(maxlen=WINDOW_STEPS)
        self._evaluations: deque[float] = deque(maxlen=4)

    def add_step(self, seconds: float) -> None:
        """Take the time of an optimiser step."""
        self._steps.append(seconds)

    def add_evaluation(self, seconds: float) -> None:
        """Take the time of an evaluation, which is counted apart from the steps."""
        self._evaluations.append(seconds)

    def remaining_s(self, steps: int, evaluations: int) -> float | None:
        """Seconds for so many steps and evaluations more; None before the first step.

        Evaluations count from the first that has ended.
        """
        if not self._steps:
            return None
        evaluation_s = statistics.fmean(self._evaluations) if self._evaluations else 0.0
        return statistics.fmean(self._steps) * steps + evaluation_s * evaluations
