"""A label read by words at a blank: the template, the words, the examples shown."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from engine.contract.errors import UserError
from engine.contract.label_words import LabelWords, parse_label_words
from engine.contract.schema import check_settings, setting
from engine.contract.specs.answer import AnswerKind
from engine.contract.templates import Template, parse_template, template_of


class ReadoutKind(enum.Enum):
    """How a label is read off the backbone."""

    HEAD = "head"
    """By a head on the hidden states, which is trained."""
    WORDS = "words"
    """By comparing words at a blank, with the backbone's own output layer."""


class CompareAmong(enum.Enum):
    """What the loss compares the right word with."""

    LABELS = "labels"
    """The other label words (Schick & Schütze 2021; Gao et al. 2021; Logan et al. 2021)."""
    VOCABULARY = "vocabulary"
    """All words that the backbone knows (Shin et al. 2020; Liu et al. 2021 on facts)."""


class Calibration(enum.Enum):
    """What a label's score is compared with, so that none wins by being frequent."""

    NONE = "none"
    EMPTY = "empty"
    """Its score where all fields are empty (Zhao et al. 2021)."""
    MEAN = "mean"
    """Its mean score over training rows, whose labels are not read."""


class ExampleChoice(enum.Enum):
    """Which training rows are shown."""

    RANDOM = "random"
    FIRST = "first"
    """The first of each label, in the dataset's order."""
    SIMILAR = "similar"
    """Those nearest to the row by a sentence encoder (Gao et al. 2021, 5.2; Liu et al. 2022)."""


_WORDS = (("readout", (ReadoutKind.WORDS,)),)


@dataclass(frozen=True)
class WordsSpec:
    """Words at a blank.

    Attributes:
        prior: what calibration subtracts from each label's score, in nats; empty until it has been
            measured, in a card filled.
        shown: the rows shown in the input where all inputs have the same: label and cells; empty
            until they have been chosen, in a card filled.

    Raises:
        UserError: a value outside its range, a template or words that do not read.
    """

    readout: ReadoutKind = setting(
        ReadoutKind.HEAD,
        label="Read by",
        help="How the label is read: by a head on the hidden states, which is trained, or by "
        "comparing words at a blank, such as great and terrible, with what the backbone knows.",
        labels=((ReadoutKind.HEAD, "a head"), (ReadoutKind.WORDS, "words at a blank")),
        answers=(AnswerKind.LABEL,),
    )
    template: str = setting(
        "",
        label="Template",
        help="How a row is written: {column} for a cell, [blank] for the word, [soft*3] for "
        "trained vectors, [examples] for rows with their words; \\n is a line break.",
        none="the fields, then the blank",
        visible_when=_WORDS,
        answers=(AnswerKind.LABEL,),
    )
    label_words: str = setting(
        "",
        label="Label words",
        help="The word of each label, such as positive=great, negative=terrible.",
        none="the labels' names",
        visible_when=_WORDS,
        answers=(AnswerKind.LABEL,),
    )
    compare_among: CompareAmong = setting(
        CompareAmong.LABELS,
        label="Compare among",
        help="What the right word is compared with in training: the other label words, or all "
        "words that the backbone knows.",
        labels=(
            (CompareAmong.LABELS, "the label words"),
            (CompareAmong.VOCABULARY, "all words"),
        ),
        visible_when=_WORDS,
        answers=(AnswerKind.LABEL,),
    )
    calibration: Calibration = setting(
        Calibration.NONE,
        label="Calibration",
        help="What is subtracted from each label's score, so that no label wins because its word "
        "is frequent: its score for an empty input, or its mean score over training rows.",
        labels=(
            (Calibration.NONE, "none"),
            (Calibration.EMPTY, "by an empty input"),
            (Calibration.MEAN, "by the mean over training rows"),
        ),
        visible_when=_WORDS,
        answers=(AnswerKind.LABEL,),
    )
    examples: int = setting(
        4,
        label="Examples per label",
        help="How many training rows of each label are shown at [examples]; as many as fit.",
        flag="--examples-per-label",
        low=1,
        high=64,
        visible_when=_WORDS,
        answers=(AnswerKind.LABEL,),
    )
    example_choice: ExampleChoice = setting(
        ExampleChoice.RANDOM,
        label="Examples",
        help="Which training rows are shown: chosen with the seed, the first of each label, or the "
        "most similar to the input by a sentence encoder.",
        flag="--example-choice",
        labels=(
            (ExampleChoice.RANDOM, "at random"),
            (ExampleChoice.FIRST, "the first"),
            (ExampleChoice.SIMILAR, "the most similar"),
        ),
        visible_when=_WORDS,
        answers=(AnswerKind.LABEL,),
    )
    example_seed: int = setting(
        0,
        label="Examples seed",
        help="Seed of the examples chosen at random, and of their order.",
        flag="--example-seed",
        low=0,
        visible_when=_WORDS,
        answers=(AnswerKind.LABEL,),
    )
    prior: tuple[float, ...] = ()
    shown: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        check_settings(self)
        self.words()
        if self.template.strip():
            parse_template(self.template)
        if self.prior and not all(map(_is_finite, self.prior)):
            raise UserError(
                "calibration-not-finite",
                "The calibration has the offset {offset}, which is no number. Train again.",
                offset=next(each for each in self.prior if not _is_finite(each)),
            )

    def words(self) -> LabelWords:
        """The label words."""
        return parse_label_words(self.label_words)

    def template_for(self, columns: tuple[str, ...]) -> Template:
        """The template for these input columns; raise `UserError` where it reads others."""
        template = template_of(self.template, columns)
        template.check_columns(columns)
        return template


def _is_finite(number: float) -> bool:
    return number - number == 0
