"""How an answer is read off a backbone that does not write it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from engine.contract.errors import UserError
from engine.contract.schema import check_settings, setting
from engine.contract.specs.answer import AnswerKind

MAX_NAMES = 10_000
"""Of the labels or tags of a task."""


def check_names(what: str, names: tuple[str, ...]) -> None:
    """Raise `UserError` for labels or tags that are given twice, or too many."""
    if len(names) > MAX_NAMES or len(set(names)) < len(names):
        raise UserError(
            "names-of-a-task",
            "A task has {count:,} {what}, {distinct:,} of them distinct. There may be up to "
            "{limit:,}, each once.",
            what=what,
            count=len(names),
            distinct=len(set(names)),
            limit=MAX_NAMES,
        )


@dataclass(frozen=True)
class CategoryNames:
    """The labels or tags of a category's rows, in the order of its head's outputs."""

    category: str
    names: tuple[str, ...]


def check_categories(what: str, categories: tuple[CategoryNames, ...]) -> None:
    """Raise `UserError` for categories, or names of theirs, that are given twice or too many."""
    check_names("categories", tuple(each.category for each in categories))
    for each in categories:
        check_names(what, each.names)
    count = sum(len(each.names) for each in categories)
    if count > MAX_NAMES:
        raise UserError(
            "names-of-categories",
            "The {categories:,} categories have {count:,} {what} in all. There may be up to "
            "{limit:,}.",
            categories=len(categories),
            count=count,
            what=what,
            limit=MAX_NAMES,
        )


class Pooling(enum.Enum):
    """Which hidden states stand for a whole text."""

    AUTO = "auto"
    """The first token's of masked models, as of BERT and RoBERTa; the mean of encoders without a
    head for blanks, which mostly were made to compare sentences by it; the last token's of
    decoders; the first state of an encoder–decoder's decoder."""
    FIRST = "first"
    MEAN = "mean"
    LAST = "last"


@dataclass(frozen=True)
class HeadSpec:
    """A head on the backbone's last hidden states, trained with the method.

    Raises:
        UserError: a value outside its range, naming both.
    """

    pooling: Pooling = setting(
        Pooling.AUTO,
        label="Pooling",
        help="Which hidden states stand for the text: the first token's, the mean of all, or the "
        "last token's. Automatic takes the first of masked models, the mean of sentence "
        "encoders and the last of decoders.",
        labels=(
            (Pooling.AUTO, "automatic"),
            (Pooling.FIRST, "first token"),
            (Pooling.MEAN, "mean over tokens"),
            (Pooling.LAST, "last token"),
        ),
    )
    hidden_layers: int = setting(
        0,
        label="Hidden layers",
        help="Hidden layers of the head, each as wide as the backbone, with tanh between them; "
        "0 is a linear head.",
        flag="--head-layers",
        low=0,
        high=8,
    )
    dropout: float = setting(
        0.1,
        label="Head dropout",
        help="Share of the pooled state's numbers that are dropped while training.",
        flag="--head-dropout",
        low=0,
        below=1,
        step=0.05,
    )
    per_category: bool = setting(
        False,
        label="A head for each category",
        help="Whether each category of the data has labels or tags and a linear layer of its own, "
        "as for one prefix over several data sets. Hidden layers are shared.",
        flag="--head-per-category",
        answers=(AnswerKind.LABEL, AnswerKind.TAGS),
    )

    def __post_init__(self) -> None:
        check_settings(self)

    def parameters(self, width: int, outputs: int) -> int:
        """How many it has, on states of this width and with so many outputs."""
        return self.hidden_layers * width * (width + 1) + (width + 1) * outputs
