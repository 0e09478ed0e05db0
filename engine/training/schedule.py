"""The learning rate of each step: linear warm-up, then linear decay to 0."""

from __future__ import annotations


def learning_rate(step: int, *, peak: float, warmup_steps: int, total_steps: int) -> float:
    """The rate of optimiser step `step` (from 0).

    As `get_linear_schedule_with_warmup` of transformers, which the paper's code uses
    (trainer_prefix.py), but never 0 in the first step of a warm-up.
    """
    if step < warmup_steps:
        return peak * (step + 1) / (warmup_steps + 1)
    left = max(total_steps - step, 0)
    return peak * left / max(total_steps - warmup_steps, 1)
