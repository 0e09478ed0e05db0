"""A tag for each word, such as those of named entities."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.contract.metrics import default_metrics, validation_metrics
from engine.contract.specs.answer import AnswerKind
from engine.contract.tasks.info import TaskInfo
from engine.contract.tasks.readouts import (
    CategoryNames,
    HeadSpec,
    check_categories,
    check_names,
)


@dataclass(frozen=True)
class TagTask:
    """A head reads each word's tag at its first token; of a decoder at its last.

    Attributes:
        tags: in the order of the head's outputs; empty until the training rows have shown them,
            in a card always filled.
        categories: those of each category, where each has a head; filled likewise.
    """

    tags: tuple[str, ...] = ()
    head: HeadSpec = field(default_factory=HeadSpec)
    categories: tuple[CategoryNames, ...] = ()

    def __post_init__(self) -> None:
        check_names("tags", self.tags)
        check_categories("tags", self.categories)


TAGS = TaskInfo(
    spec=TagTask,
    name="tags",
    title="A tag for each word",
    answer=AnswerKind.TAGS,
    parts=(("head", HeadSpec),),
    metrics=default_metrics(AnswerKind.TAGS),
    quick_metrics=validation_metrics(AnswerKind.TAGS),
)
