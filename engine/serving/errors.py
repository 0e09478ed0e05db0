"""Errors as OpenAI's clients read them."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from engine.contract.errors import UserError
from engine.serving.jobs import QueueFullError

log = logging.getLogger(__name__)

_MOST_SHOWN = 80
"""Characters of a wrong value that are repeated."""
RETRY_AFTER_S = 1


class RequestError(Exception):
    """A request that cannot be answered.

    Attributes:
        status: HTTP's.
        param: the field of the request that is wrong, or None.
    """

    def __init__(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param


def json_response(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A response in ASCII, since a text may hold halves of surrogate pairs."""
    return Response(json.dumps(value), status, headers, media_type="application/json")


def error_body(
    status: int, message: str, *, code: str | None = None, param: str | None = None
) -> dict[str, Any]:
    """The JSON of an error."""
    kinds = {401: "authentication_error", 429: "rate_limit_error", 404: "not_found_error"}
    kind = kinds.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def error_response(
    status: int, message: str, *, code: str | None = None, param: str | None = None
) -> Response:
    """An error as a response."""
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 429 else {}
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer"}
    return json_response(error_body(status, message, code=code, param=param), status, headers)


def response_of(error: Exception) -> Response:
    """What a client is answered for this error."""
    match error:
        case RequestError():
            return error_response(error.status, error.message, code=error.code, param=error.param)
        case QueueFullError():
            message = f"Too many outputs are waiting. Try again in {RETRY_AFTER_S} s."
            return error_response(429, message, code="queue_full")
        case UserError():
            return error_response(422, error.message, code=error.code)
        case RequestValidationError():
            return _invalid(error)
        case TimeoutError():
            return error_response(504, "The output took too long.", code="timeout")
        case HTTPException():
            return error_response(error.status_code, str(error.detail))
    log.error("unexpected error", exc_info=error)
    return error_response(500, "The server made a mistake; see its log.", code="unexpected")


def answer_errors(app: FastAPI) -> None:
    """Let the app answer every error with `response_of`."""

    async def handle(request: Request, error: Exception) -> Response:
        return response_of(error)

    kinds = (RequestError, QueueFullError, UserError, RequestValidationError, TimeoutError)
    for kind in (*kinds, HTTPException, Exception):
        app.add_exception_handler(kind, handle)


def _invalid(error: RequestValidationError) -> Response:
    """The first thing that is wrong with a body, its name and value."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error", "")
        message = f"The body is not JSON: {reason} at character {first['loc'][-1]}."
        return error_response(400, message, code="invalid_json")
    param = ".".join(str(part) for part in first["loc"][1:]) or "body"
    message = f"{param}: {first['msg']}"
    if first["type"] not in ("missing", "extra_forbidden") and param != "body":
        shown = repr(first.get("input"))
        shown = shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}…"
        message = f"{param} is {shown}: {first['msg']}"
    return error_response(422, f"{message}.", code=first["type"], param=param)
