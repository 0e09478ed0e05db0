"""Text generation: a text is written for each input."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.contract.metrics import DEFAULT_METRICS, VALIDATION_METRICS
from engine.contract.specs.data import Role
from engine.contract.specs.training import DecodingSpec
from engine.contract.tasks.info import TaskInfo


@dataclass(frozen=True)
class GenerationTask:
    """The target is learned token by token, and decoded."""

    decoding: DecodingSpec = field(default_factory=DecodingSpec)


GENERATION = TaskInfo(
    name="generation",
    title="Text generation",
    target=Role.TARGET,
    metrics=DEFAULT_METRICS,
    quick_metrics=VALIDATION_METRICS,
)
