"""The endpoints."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.types import ASGIApp

from engine.serving.bodies import ChatBody, CompletionBody, OpenAIBody, WriteBody
from engine.serving.errors import (
    RequestError,
    answer_errors,
    json_response,
    response_of,
)
from engine.serving.gate import Gate, Limits
from engine.serving.jobs import JobEnded, JobQueue
from engine.serving.metrics import Metrics
from engine.serving.openai_format import (
    ChatFormat,
    CompletionFormat,
    Format,
    reason_of,
    usage_of,
)
from engine.serving.outputs import Outputs
from engine.serving.prefixes import ServedPrefix, ServedPrefixes


def make_app(
    served: ServedPrefixes, queue: JobQueue, metrics: Metrics, *, limits: Limits
) -> ASGIApp:
    """The app, behind its gate.

    Args:
        queue: of which a search takes jobs.
    """
    app = FastAPI(title="Prefix Workbench", docs_url=None, redoc_url=None)
    answer_errors(app)
    created = int(time.time())

    def prefix_named(name: str) -> ServedPrefix:
        if name not in served.by_name:
            known = ", ".join(map(repr, served.by_name))
            message = f"There is no prefix {name[:80]!r}. Those that are served are {known}."
            raise RequestError(404, message, code="model_not_found", param="model")
        return served.by_name[name]

    async def answer(
        request: Request, body: OpenAIBody, sources: Sequence[str], made: Format, alternatives: int
    ) -> Response:
        prefix = prefix_named(body.model)
        outputs = Outputs(
            served,
            queue,
            metrics,
            prefix=prefix,
            sources=sources,
            decoding=body.decoding(prefix.decoding),
            count=body.n,
            stops=body.stops,
            alternatives=alternatives,
            streams=bool(body.stream),
            timeout_s=limits.request_s,
        )
        if body.stream:
            lines = _stream(outputs, made, len(sources) * body.n, usage=body.includes_usage)
            return StreamingResponse(lines, media_type="text/event-stream")
        ended = await outputs.all(request)
        choices = [made.choice(number, output) for number, output in enumerate(ended)]
        return json_response(made.body(choices, usage_of(outputs.prompt_tokens, ended)))

    @app.post("/v1/completions")
    async def completions(request: Request, body: CompletionBody) -> Response:
        """Outputs for source texts."""
        made = CompletionFormat(body.model, body.logprobs)
        alternatives = 0 if body.logprobs is None else max(1, body.logprobs)
        return await answer(request, body, body.sources, made, alternatives)

    @app.post("/v1/chat/completions")
    async def chat(request: Request, body: ChatBody) -> Response:
        """Outputs for the last user message."""
        made = ChatFormat(body.model, (body.top_logprobs or 0) if body.logprobs else None)
        alternatives = max(1, body.top_logprobs or 0) if body.logprobs else 0
        return await answer(request, body, [body.source], made, alternatives)

    @app.post("/v1/prefixes/{name}/write")
    async def write(request: Request, name: str, body: WriteBody) -> Response:
        """A text about fields."""
        prefix = prefix_named(name)
        source = prefix.text_of(body.fields)
        outputs = Outputs(
            served,
            queue,
            metrics,
            prefix=prefix,
            sources=[source],
            decoding=body.decoding(prefix.decoding),
            stops=body.stops,
            timeout_s=limits.request_s,
        )
        (ended,) = await outputs.all(request)
        return json_response(
            {
                "model": name,
                "input": source,
                "text": ended.text,
                "finish_reason": reason_of(ended),
                "usage": usage_of(outputs.prompt_tokens, [ended]),
            }
        )

    def model(prefix: ServedPrefix) -> dict[str, object]:
        fields = [column.name for column in prefix.mapping.inputs] if prefix.mapping else []
        return {
            "id": prefix.name,
            "object": "model",
            "created": created,
            "owned_by": "prefix-workbench",
            "backbone": served.backbone.name,
            "fields": fields,
        }

    @app.get("/v1/models")
    async def models() -> Response:
        """The prefixes."""
        data = [model(prefix) for prefix in served.by_name.values()]
        return json_response({"object": "list", "data": data})

    @app.get("/v1/models/{name}")
    async def one_model(name: str) -> Response:
        """A prefix."""
        return json_response(model(prefix_named(name)))

    @app.get("/health")
    async def health() -> Response:
        """Whether requests are answered."""
        return json_response({"status": "ok", "waiting": queue.waiting, "running": queue.running})

    @app.get("/metrics")
    async def show_metrics() -> Response:
        """Counts, in Prometheus' text format."""
        return PlainTextResponse(metrics.text(), media_type="text/plain; version=0.0.4")

    return Gate(app, metrics, limits=limits)


async def _stream(outputs: Outputs, made: Format, count: int, *, usage: bool) -> AsyncIterator[str]:
    """Server-sent events, until all outputs have ended."""
    ended: list[JobEnded] = []
    try:
        for number in range(count):
            if (start := made.start(number)) is not None:
                yield _line(made.chunk([start]))
        async with aclosing(outputs.events()) as events:
            async for number, event in events:
                if isinstance(event, JobEnded):
                    ended.append(event)
                    yield _line(made.chunk([made.end(number, event)]))
                else:
                    yield _line(made.chunk([made.piece(number, event.text, event.tokens)]))
        if usage:
            yield _line({**made.chunk([]), "usage": usage_of(outputs.prompt_tokens, ended)})
    except (RequestError, TimeoutError) as error:
        yield f"data: {bytes(response_of(error).body).decode()}\n\n"
        return
    finally:
        outputs.cancel()
    yield "data: [DONE]\n\n"


def _line(value: object) -> str:
    return f"data: {json.dumps(value)}\n\n"
