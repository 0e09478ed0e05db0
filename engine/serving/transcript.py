"""From tokens, one by one, to the text that a client gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.data.prompt import Tokenizer
from engine.decoding.detokenising import Detokeniser
from engine.decoding.search import Streamed


@dataclass(frozen=True)
class TokenText:
    """A token as logprobs report it.

    Attributes:
        offset: characters of the output before it.
        alternatives: the likeliest texts in its place, with their log-probabilities.
    """

    text: str
    offset: int
    log_probability: float
    alternatives: tuple[tuple[str, float], ...]


class Transcript:
    """The text of one output: without special tokens, stripped, and cut before a stop text.

    Args:
        stops: texts before which the output ends.
        reads: whether the text is needed while it is made; else it is put together at its end.

    Attributes:
        is_stopped: whether a stop text has come.
        tokens: how many tokens there are.
        details: of each token that came with its log-probability.
    """

    def __init__(self, tokenizer: Tokenizer, stops: Sequence[str], *, reads: bool) -> None:
        self._tokenizer, self._stops = tokenizer, tuple(stops)
        self._detokeniser = Detokeniser(tokenizer, clean_up=None)
        self._reads = reads or bool(stops)
        self._ids: list[int] = []
        self._text, self._sent, self._end = "", 0, 0
        self._is_over = False
        self.is_stopped = False
        self.details: list[TokenText] = []

    @property
    def tokens(self) -> int:
        """Tokens so far, those of a stop text included."""
        return len(self._ids)

    def add(self, event: Streamed) -> None:
        """One token more."""
        if event.log_probability is not None:
            self._add_details(event, event.log_probability)
        self._ids.append(event.token)
        if self._reads and not self.is_stopped:
            self._read(event.token)

    def piece(self) -> str:
        """What is new and will not change any more: not what may be the beginning of a stop."""
        text = self._text.rstrip()
        if not (self.is_stopped or self._is_over):
            text = text[: len(text) - self._held(text)].rstrip()
        new, self._sent = text[self._sent :], max(self._sent, len(text))
        return new

    def end(self) -> str:
        """The whole text, at the end."""
        if not self.is_stopped:
            self._text = self._tokenizer.decode(self._ids, skip_special_tokens=True).lstrip()
            self._cut(0)
        self._text, self._is_over = self._text.rstrip(), True
        if self.is_stopped:
            length = len(self._text)
            self.details = [token for token in self.details if token.offset < length]
        return self._text

    def _read(self, token: int) -> None:
        """Add what a token says."""
        length = len(self._text)
        self._text += self._detokeniser.add(token)
        if not length:
            self._text = self._text.lstrip()
        self._cut(length)

    def _cut(self, length: int) -> None:
        """End before a stop text, of which none was in the first `length` characters."""
        starts = (self._text.find(stop, max(0, length - len(stop))) for stop in self._stops)
        begun = [start for start in starts if start >= 0]
        if begun:
            self._text, self.is_stopped = self._text[: min(begun)], True

    def _held(self, text: str) -> int:
        """How many of the last characters may be the beginning of a stop text."""
        longest = 0
        for stop in self._stops:
            for size in range(min(len(stop) - 1, len(text)), longest, -1):
                if text.endswith(stop[:size]):
                    longest = size
                    break
        return longest

    def _add_details(self, event: Streamed, log_probability: float) -> None:
        before = self._ids[-1:]
        skipped = len(self._tokenizer.decode(before))

        def text_of(token: int) -> str:
            text: str = self._tokenizer.decode([*before, token])[skipped:]
            return text if self._ids else text.lstrip()

        text = text_of(event.token)
        pairs = tuple((text_of(token), value) for token, value in event.alternatives)
        self.details.append(TokenText(text, self._end, log_probability, pairs))
        self._end += len(text)
