"""The lines between the window and a long-lived engine, in JSON: `RequestLine` in, `Response` out.

Commands are answered in order, one at a time; `CancelRequest` overtakes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from engine.contract.protocol.commands import Command, Failure, Progress, Reply
from engine.contract.protocol.playground import Part

PROTOCOL_VERSION = 1


@dataclass(frozen=True)
class Request:
    """A numbered command."""

    request_id: int
    command: Command


@dataclass(frozen=True)
class CancelRequest:
    """Give up on a command, waiting or under way."""

    request_id: int


@dataclass(frozen=True)
class Shutdown:
    """End the engine."""


@dataclass(frozen=True)
class RequestLine:
    """One line to the engine."""

    message: Request | CancelRequest | Shutdown
    version: int = PROTOCOL_VERSION


@dataclass(frozen=True)
class RequestCancelled:
    """A command ended because it was cancelled; nothing half-done is left."""


@dataclass(frozen=True)
class Response:
    """One line from the engine: any number of `Progress` and parts, then one of the others."""

    request_id: int
    body: Progress | Part | Reply | Failure | RequestCancelled
    version: int = PROTOCOL_VERSION

    @property
    def is_final(self) -> bool:
        """Whether it is the last of its request."""
        return not isinstance(self.body, Progress | Part)


def find_request_id(line: str) -> int | None:
    """The id of the request that a line is about, even where the line does not decode.

    So that a request of another version is answered, and a response of another version fails
    its request, rather than leaving someone waiting.
    """
    try:
        plain = json.loads(line)
    except ValueError:
        return None
    if not isinstance(plain, dict):
        return None
    inner = plain.get("message", plain)
    request_id = inner.get("request_id") if isinstance(inner, dict) else None
    return request_id if type(request_id) is int else None
