"""One label: each input, of one text or several, gets one of a fixed set of labels."""

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
from engine.contract.tasks.words import WordsSpec


@dataclass(frozen=True)
class LabelTask:
    """The label is read by a head, or by words at a blank.

    Attributes:
        labels: in the order of the head's outputs; empty until the training rows have shown them,
            in a card always filled.
        categories: those of each category, where each has a head; filled likewise.
    """

    labels: tuple[str, ...] = ()
    words: WordsSpec = field(default_factory=WordsSpec)
    head: HeadSpec = field(default_factory=HeadSpec)
    categories: tuple[CategoryNames, ...] = ()

    def __post_init__(self) -> None:
        check_names("labels", self.labels)
        check_categories("labels", self.categories)


LABELS = TaskInfo(
    spec=LabelTask,
    name="label",
    title="One label",
    answer=AnswerKind.LABEL,
    parts=(("words", WordsSpec), ("head", HeadSpec)),
    metrics=default_metrics(AnswerKind.LABEL),
    quick_metrics=validation_metrics(AnswerKind.LABEL),
)
