"""Outputs as OpenAI's API gives them: whole, or in pieces."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import Any, Protocol

from engine.serving.jobs import JobEnded
from engine.serving.transcript import TokenText


class Format(Protocol):
    """One of the two endpoints."""

    def choice(self, number: int, ended: JobEnded) -> dict[str, Any]:
        """A whole output."""

    def body(self, choices: list[dict[str, Any]], usage: dict[str, int]) -> dict[str, Any]:
        """The whole response."""

    def chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        """One event of a stream."""

    def start(self, number: int) -> dict[str, Any] | None:
        """What an output begins with in a stream."""

    def piece(self, number: int, text: str, tokens: Sequence[TokenText]) -> dict[str, Any]:
        """What is new of an output."""

    def end(self, number: int, ended: JobEnded) -> dict[str, Any]:
        """An output's last event."""


def usage_of(prompt_tokens: int, ended: Sequence[JobEnded]) -> dict[str, int]:
    """The numbers of tokens."""
    new = sum(output.new_tokens for output in ended)
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": new,
        "total_tokens": prompt_tokens + new,
    }


class _Common:
    _KIND, _CHUNK, _ID = "", "", ""

    def __init__(self, model: str, alternatives: int | None) -> None:
        self._model, self._alternatives = model, alternatives
        self._id, self._created = f"{self._ID}-{secrets.token_hex(12)}", int(time.time())

    def body(self, choices: list[dict[str, Any]], usage: dict[str, int]) -> dict[str, Any]:
        """As `Format.body`."""
        return {**self._head(self._KIND), "choices": choices, "usage": usage}

    def chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        """As `Format.chunk`."""
        return {**self._head(self._CHUNK), "choices": choices}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._created, "model": self._model}


class CompletionFormat(_Common):
    """`/v1/completions`.

    Args:
        alternatives: how many there are of each token; None without log-probabilities.
    """

    _KIND, _CHUNK, _ID = "text_completion", "text_completion", "cmpl"

    def choice(self, number: int, ended: JobEnded) -> dict[str, Any]:
        """As `Format.choice`."""
        return {**self.piece(number, ended.text, ended.tokens), "finish_reason": reason_of(ended)}

    def start(self, number: int) -> None:
        """Nothing."""

    def piece(self, number: int, text: str, tokens: Sequence[TokenText]) -> dict[str, Any]:
        """As `Format.piece`."""
        logprobs = self._logprobs(tokens)
        return {"index": number, "text": text, "logprobs": logprobs, "finish_reason": None}

    def end(self, number: int, ended: JobEnded) -> dict[str, Any]:
        """As `Format.end`."""
        return {**self.piece(number, "", ()), "finish_reason": reason_of(ended)}

    def _logprobs(self, tokens: Sequence[TokenText]) -> dict[str, Any] | None:
        if self._alternatives is None:
            return None
        return {
            "tokens": [token.text for token in tokens],
            "token_logprobs": [token.log_probability for token in tokens],
            "top_logprobs": [self._by_text(token) for token in tokens],
            "text_offset": [token.offset for token in tokens],
        }

    def _by_text(self, token: TokenText) -> dict[str, float]:
        """The likeliest of those of one text, as parts of letters are."""
        return dict(reversed(token.alternatives[: self._alternatives]))


class ChatFormat(_Common):
    """`/v1/chat/completions`; arguments as `CompletionFormat`."""

    _KIND, _CHUNK, _ID = "chat.completion", "chat.completion.chunk", "chatcmpl"

    def choice(self, number: int, ended: JobEnded) -> dict[str, Any]:
        """As `Format.choice`."""
        return {
            "index": number,
            "message": {"role": "assistant", "content": ended.text, "refusal": None},
            "logprobs": self._logprobs(ended.tokens),
            "finish_reason": reason_of(ended),
        }

    def start(self, number: int) -> dict[str, Any]:
        """The role."""
        return self._delta(number, {"role": "assistant", "content": ""})

    def piece(self, number: int, text: str, tokens: Sequence[TokenText]) -> dict[str, Any]:
        """As `Format.piece`."""
        return self._delta(number, {"content": text}, tokens)

    def end(self, number: int, ended: JobEnded) -> dict[str, Any]:
        """As `Format.end`."""
        return {**self._delta(number, {}), "finish_reason": reason_of(ended)}

    def _delta(
        self, number: int, delta: dict[str, str], tokens: Sequence[TokenText] = ()
    ) -> dict[str, Any]:
        logprobs = self._logprobs(tokens) if tokens else None
        return {"index": number, "delta": delta, "logprobs": logprobs, "finish_reason": None}

    def _logprobs(self, tokens: Sequence[TokenText]) -> dict[str, Any] | None:
        if self._alternatives is None:
            return None
        content = [
            {
                **_token(token.text, token.log_probability),
                "top_logprobs": [
                    _token(text, value) for text, value in token.alternatives[: self._alternatives]
                ],
            }
            for token in tokens
        ]
        return {"content": content, "refusal": None}


def _token(text: str, log_probability: float) -> dict[str, Any]:
    data = list(text.encode("utf-8", "replace"))
    return {"token": text, "logprob": log_probability, "bytes": data}


def reason_of(ended: JobEnded) -> str:
    """Why an output ended, in OpenAI's words."""
    return "length" if ended.is_cut else "stop"
