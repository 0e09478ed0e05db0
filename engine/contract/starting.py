"""Where trained vectors start, and how many there may be: shared by prefixes and prompts."""

from __future__ import annotations

import enum

MAX_PREFIX_LENGTH = 512


class Init(enum.Enum):
    """Where the prefix starts (Li & Liang 2021, section 7.4)."""

    RANDOM = "random"
    WORDS = "words"
    """The backbone's own keys and values, or embeddings, of real words."""
