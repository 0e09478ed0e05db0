"""What there is to say of a task, beside its spec."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.specs.answer import AnswerKind


@dataclass(frozen=True)
class TaskInfo:
    """One task.

    Attributes:
        spec: the class of its settings.
        name: as the window tells tasks apart.
        title: on the screen.
        answer: what it predicts; a dataset's mapping says which one its target is (`--task`).
        parts: the fields of its spec that hold settings, with their classes. The dotted names of
            these settings leave the task out: "decoding.num_beams".
        metrics: what finished outputs are scored with.
        quick_metrics: what the validation outputs are scored with at each evaluation; the first
            is the primary metric, by which the best checkpoint may be selected.
    """

    spec: type
    name: str
    title: str
    answer: AnswerKind
    parts: tuple[tuple[str, type], ...]
    metrics: tuple[str, ...]
    quick_metrics: tuple[str, ...]
