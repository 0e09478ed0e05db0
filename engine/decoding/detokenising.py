"""What each token adds to a text, as it comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_UNFINISHED = "\ufffd"
_MOST_PARTS = 4
"""Bytes of a character in UTF-8; more that do not become one never will."""


class Detokeniser:
    """Turns tokens into pieces of text; joined, they are the text of all tokens.

    A character may be of several tokens, and a token may be written differently after others;
    so each is decoded behind those before it, as far back as a whole character begins.

    Args:
        clean_up: whether spaces before punctuation go; None: as the tokenizer is made.
    """

    def __init__(self, tokenizer: Any, *, clean_up: bool | None = False) -> None:
        self._tokenizer, self._clean_up = tokenizer, clean_up
        self._tokens: list[int] = []
        self._start = self._end = 0  # tokens that are decoded again, and those that were given

    def add(self, token: int) -> str:
        """The text that this token adds; "" where a character is not whole yet."""
        self._tokens.append(token)
        before = self._decode(self._tokens[self._start : self._end])
        now = self._decode(self._tokens[self._start :])
        is_whole = not now.endswith(_UNFINISHED) or len(self._tokens) - self._end >= _MOST_PARTS
        if len(now) <= len(before) or not is_whole:
            return ""
        self._start, self._end = self._end, len(self._tokens)
        return now[len(before) :]

    def _decode(self, tokens: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(
            tokens, skip_special_tokens=True, clean_up_tokenization_spaces=self._clean_up
        )
        return text


def pieces(tokenizer: Any, tokens: Sequence[int]) -> tuple[str, ...]:
    """The texts of tokens that follow each other."""
    detokeniser = Detokeniser(tokenizer)
    return tuple(detokeniser.add(token) for token in tokens)
