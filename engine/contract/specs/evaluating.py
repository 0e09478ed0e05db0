"""After which steps a run is evaluated."""

from __future__ import annotations


class EvaluationSteps:
    """After which steps (from 1) a run is evaluated, in little memory however many they are.

    Args:
        regular: all but the last.
        last: of the whole run.
    """

    def __init__(self, regular: range, last: int) -> None:
        self.regular, self.last = regular, last

    def __contains__(self, step: int) -> bool:
        return step == self.last or step in self.regular

    def __len__(self) -> int:
        return len(self.regular) + 1

    def count_after(self, step: int) -> int:
        """How many come after a step."""
        past = (step - self.regular.start) // self.regular.step + 1
        return len(self.regular) - min(max(past, 0), len(self.regular)) + (self.last > step)


def evaluation_steps(total_steps: int, every: int | None) -> EvaluationSteps:
    """After which steps (from 1) the run is evaluated; the last one always is."""
    if every is not None:
        return EvaluationSteps(range(every, total_steps, every), total_steps)
    quarter = max(total_steps // 4, 1)
    return EvaluationSteps(range(quarter, total_steps - quarter // 2, quarter), total_steps)
