"""Where trained vectors start, and how many there may be: shared by prefixes and prompts."""

from __future__ import annotations

import enum

from engine.contract.errors import UserError
from engine.contract.schema import check_range

MAX_PREFIX_LENGTH = 512


class Init(enum.Enum):
    """Where the prefix starts (Li & Liang 2021, section 7.4)."""

    RANDOM = "random"
    WORDS = "words"
    """The backbone's own keys and values, or embeddings, of real words."""


def check_start(name: str, length: int, init: Init = Init.RANDOM, text: str = "") -> None:
    """Refuse a length that cannot be trained, and a start from words without any.

    Args:
        name: what the length is, as its sentence begins.

    Raises:
        UserError: either.
    """
    check_range(name, length, low=1, high=MAX_PREFIX_LENGTH)
    if init is Init.WORDS and not text.strip():
        raise UserError(
            "no-words-to-start-from",
            "init_text is empty. Give words to start from, or start at random.",
        )
