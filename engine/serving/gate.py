"""What every request passes before the app sees it: host, key, and a body that has an end."""

from __future__ import annotations

import asyncio
import hmac
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.serving.address import LOOPBACK
from engine.serving.errors import RequestError, response_of
from engine.serving.metrics import Metrics
from engine.serving.outputs import CLIENT_GONE

_OPEN = frozenset({"/health"})
"""What may be asked without a key."""
_PATHS = frozenset({"/v1/completions", "/v1/chat/completions", "/v1/models", "/health", "/metrics"})


@dataclass(frozen=True)
class Limits:
    """What a request may cost.

    Attributes:
        api_key: that every request must carry, or "".
        hosts: that a request may name as its server; empty: any.
        request_s: for its outputs.
        header_s: for its header to arrive, from the connection or the last answer on.
        body_s: for its body to arrive.
        body_bytes: of its body.
    """

    api_key: str = ""
    hosts: frozenset[str] = LOOPBACK
    request_s: float = 300.0
    header_s: float = 15.0
    body_s: float = 20.0
    body_bytes: int = 2**20


class Gate:
    """An ASGI app around the app; counts its answers too."""

    def __init__(self, app: ASGIApp, metrics: Metrics, *, limits: Limits) -> None:
        self._app, self._metrics, self._limits = app, metrics, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s, status = time.monotonic(), CLIENT_GONE

        async def noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            try:
                self._check(scope)
                body = await self._body(Headers(scope=scope), receive)
            except RequestError as error:
                await response_of(error)(scope, receive, noting_status)
                return
            if body is not None:
                await self._app(scope, _replayed(body, receive), noting_status)
        finally:
            path = scope["path"] if scope["path"] in _PATHS else "other"
            if path == "other" and scope["path"].startswith("/v1/prefixes/"):
                path = "/v1/prefixes/NAME/write"
            self._metrics.count_request(path, status, time.monotonic() - started_s)

    def _check(self, scope: Scope) -> None:
        """That the request is meant for this server, and may ask.

        A page from elsewhere can let its reader's browser ask a server on this machine: by a name
        of its own that leads here, or directly. Its host, or its origin, gives it away.
        """
        headers, limits = Headers(scope=scope), self._limits
        if limits.hosts:
            host = _host_of(f"//{headers.get('host', '')}")
            if host not in limits.hosts:
                message = f"The Host header names {host[:80]!r}, which is not this server."
                raise RequestError(403, message, code="wrong_host")
            origin = headers.get("origin")
            if origin is not None and _host_of(origin) not in limits.hosts:
                message = f"Pages of {origin[:80]!r} may not use this server."
                raise RequestError(403, message, code="wrong_origin")
        if limits.api_key and scope["path"] not in _OPEN:
            scheme, _, key = headers.get("authorization", "").partition(" ")
            known = hmac.compare_digest(key.strip().encode(), limits.api_key.encode())
            if scheme.lower() != "bearer" or not known:
                message = "The API key is missing or wrong. Send it as 'Authorization: Bearer KEY'."
                raise RequestError(401, message, code="invalid_api_key")

    async def _body(self, headers: Headers, receive: Receive) -> bytes | None:
        """The whole body; None if the client has gone."""
        limits = self._limits
        message = f"The body may have at most {limits.body_bytes:,} bytes."
        too_large = RequestError(413, message, code="body_too_large")
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length[:20]) > limits.body_bytes:
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(limits.body_s):
                while True:
                    event = await receive()
                    if event["type"] != "http.request":
                        return None
                    body += event.get("body", b"")
                    if len(body) > limits.body_bytes:
                        raise too_large
                    if not event.get("more_body", False):
                        return bytes(body)
        except TimeoutError:
            message = f"The body did not arrive within {limits.body_s:g} s."
            raise RequestError(408, message, code="body_too_slow") from None


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return address


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body again, then what comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
