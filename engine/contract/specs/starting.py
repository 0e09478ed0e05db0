"""Where trained vectors start, and how many there may be: shared by prefixes and prompts."""

from __future__ import annotations

import enum
from typing import Any

from engine.contract.errors import UserError
from engine.contract.schema import setting

MAX_PREFIX_LENGTH = 512


class Init(enum.Enum):
    """Where the prefix starts (Li & Liang 2021, section 7.4)."""

    RANDOM = "random"
    WORDS = "words"
    """The backbone's own keys and values, or embeddings, of real words."""


def init_setting() -> Any:
    """The field `init` of a method."""
    return setting(
        Init.WORDS,
        label="Start from",
        help="How the prefix or prompt is initialised: with the backbone's activations of real "
        "words, or at random.",
        labels=((Init.WORDS, "real words"), (Init.RANDOM, "random")),
    )


def init_text_setting() -> Any:
    """The field `init_text` of a method that has `init` too."""
    return setting(
        "Describe the table in one fluent text:",
        label="Words",
        help="The words to start from; repeated or cut to as many tokens as there are to train.",
        visible_when=(("init", (Init.WORDS,)),),
    )


def prompt_length_setting() -> Any:
    """The field `prompt_length` of a method."""
    return setting(
        20,
        label="Prompt length",
        help="How many trained embeddings stand before the source (P, in tokens).",
        unit="tokens",
        low=1,
        high=MAX_PREFIX_LENGTH,
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


def check_start(init: Init, text: str) -> None:
    """Raise `UserError` for a start from words without any."""
    if init is Init.WORDS and not text.strip():
        raise UserError(
            "no-words-to-start-from",
            "init_text is empty. Give words to start from, or start at random.",
        )
