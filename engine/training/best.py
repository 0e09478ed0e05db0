"""Which evaluation is the best so far, and whether a better one is still waited for."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.training.checkpoint_files import TrainingState


class BestTracker:
    """Notes the best evaluation in a `TrainingState`; lower values are better.

    Args:
        patience: evaluations without a better one that end the training; None for any number.
    """

    def __init__(self, patience: int | None) -> None:
        self._patience = patience

    def update(self, state: TrainingState, value: float) -> TrainingState:
        """The state after an evaluation at its step.

        Without validation rows the value is NaN: then the latest is the best.
        """
        known = state.best_value
        if known is None or value < known or math.isnan(value):
            return replace(state, best_step=state.step, best_value=value, bad_evaluations=0)
        return replace(state, bad_evaluations=state.bad_evaluations + 1)

    def gives_up(self, state: TrainingState) -> bool:
        """Whether the patience is at its end."""
        return self._patience is not None and state.bad_evaluations >= self._patience
