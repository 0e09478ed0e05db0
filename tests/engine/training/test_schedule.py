"""The learning rate, and the steps after which a run is evaluated."""

from __future__ import annotations

import pytest
import torch
from transformers import get_linear_schedule_with_warmup

from engine.contract.specs.evaluating import evaluation_steps
from engine.training.schedule import learning_rate


@pytest.mark.parametrize("warmup_steps", [0, 4])
def test_rates_are_those_of_transformers(warmup_steps: int) -> None:
    """But for the warm-up, whose first step is not lost with a rate of 0."""
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    schedule = get_linear_schedule_with_warmup(optimiser, warmup_steps, 20)
    for step in range(20):
        ours = learning_rate(step, peak=0.5, warmup_steps=warmup_steps, total_steps=20)
        assert ours > 0
        if step >= warmup_steps:
            assert ours == pytest.approx(schedule.get_last_lr()[0])
        else:
            assert ours == pytest.approx(0.5 * (step + 1) / (warmup_steps + 1))
        optimiser.step()
        schedule.step()


def test_a_warm_up_longer_than_the_run_only_rises() -> None:
    rates = [learning_rate(step, peak=1.0, warmup_steps=9, total_steps=4) for step in range(4)]
    assert rates == sorted(rates)
    assert 0 < rates[0] < rates[-1] < 1


@pytest.mark.parametrize(
    ("total", "every", "steps"),
    [
        (100, None, [25, 50, 75, 100]),
        (10, None, [2, 4, 6, 8, 10]),
        (3, None, [1, 2, 3]),
        (1, None, [1]),
        (10, 4, [4, 8, 10]),
        (10, 5, [5, 10]),
        (3, 50, [3]),
    ],
)
def test_the_last_step_is_always_evaluated(total: int, every: int | None, steps: list[int]) -> None:
    found = evaluation_steps(total, every)
    assert [step for step in range(total + 1) if step in found] == steps
    assert len(found) == len(steps)
    for step in range(total + 1):
        assert found.count_after(step) == sum(due > step for due in steps)


def test_very_many_evaluations_take_no_memory() -> None:
    found = evaluation_steps(10**15, 1)
    assert len(found) == 10**15
    assert found.count_after(10) == 10**15 - 10
