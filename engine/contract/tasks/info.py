"""What there is to say of a task, beside its spec."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.schema import Architecture
from engine.contract.specs.data import Role


@dataclass(frozen=True)
class TaskInfo:
    """One task.

    Attributes:
        name: as files and the command line have it.
        title: as the window shows it.
        target: the role of the column that is predicted.
        metrics: what finished outputs are scored with.
        quick_metrics: what the validation outputs are scored with at each evaluation; the first
            is the primary metric, by which the best checkpoint may be selected.
        architecture: the backbones that it takes.
    """

    name: str
    title: str
    target: Role
    metrics: tuple[str, ...]
    quick_metrics: tuple[str, ...]
    architecture: Architecture = Architecture.ANY
