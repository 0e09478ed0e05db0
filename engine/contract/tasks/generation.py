"""Text generation: a text is written for each input."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.contract.metrics import DEFAULT_METRICS, VALIDATION_METRICS
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.training import DecodingSpec
from engine.contract.tasks.info import TaskInfo


@dataclass(frozen=True)
class GenerationTask:
    """The target is learned token by token, and decoded."""

    decoding: DecodingSpec = field(default_factory=DecodingSpec)


def with_task(plain: dict[str, Any]) -> dict[str, Any]:
    """What an older file says of a run or a prefix: its decoding was where its task is now."""
    if "decoding" not in plain or "task" in plain:
        return plain
    others = {name: value for name, value in plain.items() if name != "decoding"}
    task = {"type": GenerationTask.__name__, "decoding": plain["decoding"]}
    return {**others, "task": task}


GENERATION = TaskInfo(
    spec=GenerationTask,
    name="generation",
    title="Text",
    answer=AnswerKind.TEXT,
    parts=(("decoding", DecodingSpec),),
    metrics=DEFAULT_METRICS,
    quick_metrics=VALIDATION_METRICS,
)
