"""The frozen description of a training run, shared by form, command line and `run.json`."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field, replace
from typing import Any

from engine.contract.errors import UserError
from engine.contract.files.names import check_name
from engine.contract.methods.all import BASELINE, MethodSpec, info_of
from engine.contract.methods.all import describe_method as describe_method
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import DataSpec, Role, SplitKind
from engine.contract.specs.starting import PromptPlacement
from engine.contract.specs.training import TrainingSpec
from engine.contract.tasks.all import TaskSpec, reads_category, task_info
from engine.contract.tasks.generation import GenerationTask, with_task
from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.words import ReadoutKind, WordsSpec
from engine.contract.templates import parse_template

RUN_VERSION = 2


@dataclass(frozen=True)
class RunSpec:
    """One run, whole: the same spec on the same machine gives the same numbers.

    Attributes:
        run_id: unique name of the run and of its folder.
        backbone: a name of the catalog, or the path of a folder in transformers' format.
        task: what is predicted, and how.
    """

    run_id: str
    backbone: str
    method: MethodSpec
    data: DataSpec
    training: TrainingSpec = field(default_factory=TrainingSpec)
    task: TaskSpec = field(default_factory=GenerationTask)
    version: int = RUN_VERSION

    def __post_init__(self) -> None:
        if self.run_id:  # a form's spec has none yet
            check_name(self.run_id, what="run_id")
        method: Any = self.method
        if (soft := self._soft()) and is_in_template(method):
            object.__setattr__(self, "method", replace(method, prompt_length=soft))

    def _soft(self) -> int:
        """How many trained vectors the template has."""
        words = words_of(self.task)
        return parse_template(words.template).soft if words and words.template.strip() else 0

    def check_trainable(self) -> None:
        """Raise `UserError` where there is nothing to train, or nowhere to put it."""
        if words := words_of(self.task):
            words.template_for(tuple(column.name for column in self.data.mapping.inputs))
        soft, in_template = self._soft(), is_in_template(self.method)
        if soft and not in_template:
            raise UserError(
                "template-vectors-not-trained",
                "The template has {count} trained vectors ([soft*n]), which {method} does not "
                "train. Choose prompt tuning or P-tuning with --prompt-placement template, or "
                "remove them.",
                count=soft,
                method=info_of(self.method).title,
            )
        if in_template and not soft:
            raise UserError(
                "template-without-vectors",
                "{method} is to train vectors in the template, but there is none. Read the label "
                "by words (--readout words) with a template that has [soft*3], or choose "
                "--prompt-placement front.",
                method=info_of(self.method).title,
            )
        if reads_category(self.task):
            self._check_categories()
        info, task = info_of(self.method), task_info(self.task)
        if not info.can_predict(task.answer):
            raise UserError(
                "nothing-to-train",
                "{method} trains the head of a task alone, but texts are written without one. "
                "Choose another method, or predict labels, tags or spans (--task).",
                method=info.title,
            )

    def _check_categories(self) -> None:
        if self.data.mapping.column_of(Role.CATEGORY) is None:
            raise UserError(
                "head-per-category-without-column",
                "Each category is to have a head, but no column holds categories. Give one column "
                "the role category (--category-column COL), or use the same head for all rows.",
            )
        if self.data.split.kind is SplitKind.CATEGORY:
            raise UserError(
                "head-per-category-held-out",
                "Each category is to have a head, but the split holds out {categories}, whose head "
                "would not be trained. Choose another split, or use the same head for all rows.",
                categories=", ".join(map(repr, self.data.split.unseen_categories)) or "some",
            )

    @staticmethod
    def upgrade(plain: dict[str, Any]) -> dict[str, Any]:
        """A run of version 1 had its decoding where the task is now."""
        upgraded = with_task(plain)
        return plain if upgraded is plain else {**upgraded, "version": RUN_VERSION}


def words_of(task: TaskSpec) -> WordsSpec | None:
    """How labels are read by words, or None where they are not."""
    words = task.words if isinstance(task, LabelTask) else None
    return words if words is not None and words.readout is ReadoutKind.WORDS else None


def describe_system(method: MethodSpec, task: TaskSpec) -> str:
    """A method with how the answer is read where that is not a head: "no training, words"."""
    words = words_of(task)
    if words is None:
        return describe_method(method)
    what = "no training" if info_of(method).needs_head else describe_method(method)
    shows = words.template.strip() and parse_template(words.template).has_examples
    return f"{what}, words" + (f", {words.examples} examples per label" if shows else "")


def is_in_template(method: MethodSpec) -> bool:
    """Whether the method trains vectors that stand in a template."""
    return getattr(method, "placement", PromptPlacement.FRONT) is PromptPlacement.TEMPLATE


READING_EPOCHS = 20.0
"""Of labels, tags and spans: a label teaches less than a text does. P-tuning v2's scripts
have 10 to 120."""


def new_run_id() -> str:
    """A new run id: the local time and eight random hexadecimal digits, sortable by age."""
    # A study makes 45 ids in a second: of four digits, two would be equal once in 66 studies.
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}"


def default_training(method: MethodSpec, task: TaskSpec | None = None) -> TrainingSpec:
    """Recommended for a few hundred rows on a small backbone.

    Args:
        task: what is predicted; None for a text.
    """
    info = info_of(method)
    if task is None or task_info(task).answer is AnswerKind.TEXT:
        return TrainingSpec(learning_rate=info.learning_rate(method), objective=info.objective)
    rate = info.reading_rate(method)
    return TrainingSpec(learning_rate=rate, epochs=READING_EPOCHS)


def finetuning_baseline(spec: RunSpec) -> RunSpec:
    """The full fine-tuning run to compare with: same backbone, data, split, seed, task."""
    method = BASELINE.spec()
    defaults = default_training(method, spec.task)
    training = replace(
        spec.training, learning_rate=defaults.learning_rate, objective=defaults.objective
    )
    return replace(spec, run_id=new_run_id(), method=method, training=training)
