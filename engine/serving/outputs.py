"""The asyncio side: jobs of one request, waited for and cancelled together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from starlette.requests import Request

from engine.contract.specs.training import DecodingSpec
from engine.serving.errors import RequestError
from engine.serving.jobs import (
    JobEnded,
    JobEvent,
    JobQueue,
    OutputFailed,
    OutputJob,
    OutputPiece,
)
from engine.serving.metrics import Metrics
from engine.serving.prefixes import ServedPrefix, ServedPrefixes
from engine.serving.transcript import Transcript

CLIENT_GONE = 499
"""nginx's status for a client that does not wait for its answer."""


class Outputs:
    """The outputs of one request, in the order of its sources; each source has `count` of them.

    Args:
        timeout_s: for all of them together.

    Attributes:
        prompt_tokens: read for it.

    Raises:
        UserError: a source with its output does not fit into the backbone.
        QueueFullError: too many wait.
    """

    def __init__(
        self,
        served: ServedPrefixes,
        queue: JobQueue,
        metrics: Metrics,
        *,
        prefix: ServedPrefix,
        sources: Sequence[str],
        decoding: DecodingSpec,
        count: int = 1,
        stops: Sequence[str] = (),
        alternatives: int = 0,
        streams: bool = False,
        timeout_s: float,
    ) -> None:
        self._queue, self._timeout_s = queue, timeout_s
        self._events: asyncio.Queue[tuple[int, JobEvent]] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        tokenizer = served.backbone.tokenizer
        prompts = [served.prompt(prefix, source, decoding) for source in sources]
        self.prompt_tokens = sum(map(len, prompts))
        self._jobs = [
            OutputJob(
                row=prefix.row,
                prompt=prompt,
                decoding=replace(decoding, seed=decoding.seed + sample),
                transcript=Transcript(tokenizer, stops, reads=streams),
                report=self._reporter(number * count + sample),
                streams=streams,
                alternatives=alternatives,
            )
            for number, prompt in enumerate(prompts)
            for sample in range(count)
        ]
        queue.put(self._jobs)
        metrics.count_tokens(prefix.row, prompt=self.prompt_tokens)

    async def events(self) -> AsyncGenerator[tuple[int, OutputPiece | JobEnded], None]:
        """What comes, by the number of its output, until all have ended.

        Raises:
            TimeoutError: they took too long; what is unfinished is cancelled.
            RequestError: one failed.
        """
        left, end_s = len(self._jobs), self._loop.time() + self._timeout_s
        try:
            while left:
                remaining_s = end_s - self._loop.time()
                number, event = await asyncio.wait_for(self._events.get(), remaining_s)
                if isinstance(event, OutputFailed):
                    raise RequestError(503, event.message, code="output_failed")
                left -= isinstance(event, JobEnded)
                yield number, event
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Nobody waits for them any more."""
        self._queue.cancel(self._jobs)

    async def all(self, request: Request) -> list[JobEnded]:
        """All outputs at their ends.

        Raises:
            TimeoutError, RequestError: as `events`; also where the client has gone.
        """
        ended: dict[int, JobEnded] = {}

        async def collect() -> None:
            async with aclosing(self.events()) as events:
                async for number, event in events:
                    if isinstance(event, JobEnded):
                        ended[number] = event

        collecting = asyncio.ensure_future(collect())
        leaving = asyncio.ensure_future(_until_gone(request))
        try:
            await asyncio.wait({collecting, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not collecting.done():
                raise RequestError(CLIENT_GONE, "The client has gone.")
            collecting.result()
        finally:
            for task in (collecting, leaving):
                task.cancel()
            await asyncio.gather(collecting, leaving, return_exceptions=True)
        return [ended[number] for number in range(len(self._jobs))]

    def _reporter(self, number: int) -> Callable[[JobEvent], None]:
        def report(event: JobEvent) -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._events.put_nowait, (number, event))

        return report


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
