"""Where trained vectors start, and how many there may be: shared by prefixes and prompts."""

from __future__ import annotations

import enum
from typing import Any, Protocol

from engine.contract.errors import UserError
from engine.contract.schema import setting
from engine.contract.specs.answer import AnswerKind

MAX_PREFIX_LENGTH = 512


class Init(enum.Enum):
    """Where the prefix starts (Li & Liang 2021, section 7.4)."""

    RANDOM = "random"
    WORDS = "words"
    """The backbone's own keys and values, or embeddings, of real words."""
    PREFIX = "prefix"
    """What a prefix, or a prompt, was trained to: P-tuning v2 goes on so from several data sets."""


def init_setting() -> Any:
    """The field `init` of a method."""
    return setting(
        Init.WORDS,
        label="Start from",
        help="How the prefix or prompt is initialised: with the backbone's activations of real "
        "words, at random, or from what was trained before.",
        labels=(
            (Init.WORDS, "real words"),
            (Init.RANDOM, "random"),
            (Init.PREFIX, "a trained prefix"),
        ),
    )


def init_text_setting() -> Any:
    """The field `init_text` of a method that has `init` too."""
    return setting(
        "Describe the table in one fluent text:",
        label="Words",
        help="The words to start from; repeated or cut to as many tokens as there are to train.",
        visible_when=(("init", (Init.WORDS,)),),
    )


def init_prefix_setting() -> Any:
    """The field `init_prefix` of a method that has `init` too."""
    return setting(
        "",
        label="Trained prefix",
        help="Folder of a run, or of a saved prefix or prompt, to start from: of the same "
        "backbone, length and places. Its head is not used.",
        visible_when=(("init", (Init.PREFIX,)),),
    )


class PromptPlacement(enum.Enum):
    """Where trained embeddings stand in the input."""

    FRONT = "front"
    TEMPLATE = "template"
    """At the template's `[soft*n]`."""


def prompt_length_setting() -> Any:
    """The field `prompt_length` of a method that has `place` too."""
    return setting(
        20,
        label="Prompt length",
        help="How many trained embeddings stand before the source (P, in tokens).",
        unit="tokens",
        low=1,
        high=MAX_PREFIX_LENGTH,
        visible_when=(("placement", (PromptPlacement.FRONT,)),),
    )


def placement_setting() -> Any:
    """The field `place` of a method that trains embeddings."""
    return setting(
        PromptPlacement.FRONT,
        label="Placement",
        flag="--prompt-placement",
        help="Where the trained embeddings stand: before the source, or where the template of a "
        "label read by words has [soft*n], which then decides how many there are.",
        labels=(
            (PromptPlacement.FRONT, "before the source"),
            (PromptPlacement.TEMPLATE, "in the template"),
        ),
        answers=(AnswerKind.LABEL,),
    )


def train_backbone_setting() -> Any:
    """The field `train_backbone` of a method that trains embeddings."""
    return setting(
        False,
        label="Train the backbone too",
        help="Whether every weight of the backbone is trained beside the embeddings in the "
        "template, as P-tuning does on language understanding tasks.",
        visible_when=(("placement", (PromptPlacement.TEMPLATE,)),),
        answers=(AnswerKind.LABEL,),
    )


def backbone_rate_setting() -> Any:
    """The field `backbone_rate` of a method that has `train_backbone` too."""
    return setting(
        1e-5,
        label="Backbone's learning rate",
        help="Peak learning rate of the backbone's weights; the embeddings have the run's.",
        above=0,
        factor=2,
        visible_when=(("train_backbone", (True,)),),
        answers=(AnswerKind.LABEL,),
    )


def backbone_dropout_setting() -> Any:
    """The field `backbone_dropout` of a method that trains within the backbone."""
    return setting(
        True,
        label="Backbone dropout",
        help="Whether the backbone's own dropout is active in training, as in the paper's "
        "baselines.",
        flag="--no-backbone-dropout",
    )


def check_start(init: Init, text: str, prefix: str) -> None:
    """Raise `UserError` for a start from words, or from a prefix, without any."""
    if init is Init.WORDS and not text.strip():
        raise UserError(
            "no-words-to-start-from",
            "init_text is empty. Give words to start from, or start at random.",
        )
    if init is Init.PREFIX and not prefix.strip():
        raise UserError(
            "no-prefix-to-start-from",
            "init_prefix is empty. Give the folder of a trained prefix, or start at random.",
        )


class PlacedVectors(Protocol):
    """What `prompt_words` and `trained_with` need of a method."""

    @property
    def prompt_length(self) -> int:
        """P."""

    @property
    def placement(self) -> PromptPlacement:
        """Where they stand."""

    @property
    def train_backbone(self) -> bool:
        """Whether the backbone is trained too."""


def trains_backbone(method: PlacedVectors) -> bool:
    """Whether every weight of the backbone is trained beside the vectors."""
    return method.placement is PromptPlacement.TEMPLATE and method.train_backbone


def trained_with(method: PlacedVectors, parameters: int) -> int:
    """How many of the backbone's so many parameters are trained beside the vectors."""
    return parameters if trains_backbone(method) else 0


def prompt_words(method: PlacedVectors) -> str:
    """How many vectors there are, and where: "20", "3 in the template, with the backbone"."""
    if method.placement is PromptPlacement.FRONT:
        return str(method.prompt_length)
    more = ", with the backbone" if method.train_backbone else ""
    return f"{method.prompt_length} in the template{more}"
