"""A socket, uvicorn, and the thread that searches."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from engine.serving.app import make_app
from engine.serving.gate import Limits
from engine.serving.jobs import JobQueue
from engine.serving.metrics import Metrics
from engine.serving.prefixes import ServedPrefixes
from engine.serving.worker import SearchThread

MOST_CONNECTIONS = 512
SHUTDOWN_S = 2


class ImpatientProtocol(H11Protocol):
    """uvicorn's, closing a connection whose next request header does not come.

    Attributes:
        header_s: how long it waits for it.
    """

    header_s: float
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for the first header."""
        super().connection_made(transport)
        self._wait()

    def on_response_complete(self) -> None:
        """Wait for the next one."""
        super().on_response_complete()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        if self._late is not None:
            self._late.cancel()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._late is not None:
            self._late.cancel()
        self._late = self.loop.call_later(self.header_s, self._close_unless_asked)

    def _close_unless_asked(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


class _Server(uvicorn.Server):
    """uvicorn's, saying when it answers, and can be stopped."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self._on_start()


def serve(
    served: ServedPrefixes,
    bound: socket.socket,
    *,
    limits: Limits,
    most_waiting: int,
    batch_size: int,
    on_start: Callable[[], None] = lambda: None,
) -> None:
    """Answer requests until the process is asked to stop.

    Args:
        on_start: called when the first request may come.

    Raises:
        KeyboardInterrupt: it was asked with Ctrl+C.
    """
    queue = JobQueue(most_waiting)
    metrics = Metrics(list(served.by_name), queue)
    search = SearchThread(served, queue, metrics, batch_size=batch_size)
    config = uvicorn.Config(
        make_app(served, queue, metrics, limits=limits),
        http=type("Protocol", (ImpatientProtocol,), {"header_s": limits.header_s}),
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=round(limits.header_s),
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
    search.start()
    try:
        _Server(config, on_start).run(sockets=[bound])
    finally:
        search.close()
        bound.close()
