"""The thread behind an engine client: owns the process, sends requests, reads responses."""

from __future__ import annotations

import logging
import queue
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from PySide6.QtCore import QObject, QThread, Signal

from engine.contract import codec
from engine.contract.errors import WorkbenchError
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.lines import (
    CancelRequest,
    Request,
    RequestCancelled,
    RequestLine,
    Response,
    Shutdown,
    find_request_id,
)
from engine.contract.runs.events import Blame
from workers.processes import ProcessOutcome, end_process, read_tail, start_engine

log = logging.getLogger(__name__)

MAX_DEATHS = 2
"""A request that the engine died of so often is not sent again."""

Outbox = queue.SimpleQueue[bytes | None]


@dataclass
class _Sent:
    line: bytes
    deaths: int = 0
    cancelled: bool = False


class ClientThread(QThread):
    """Starts an engine at the first request, and again if it dies with requests open.

    `run` is the thread; the other public methods are for the window's thread and never block.

    Signals:
        responded: `Response`; for each request any number of `Progress` and parts, then one final
            body.
    """

    responded = Signal(object)

    def __init__(
        self, command: Sequence[str], log_file: IO[bytes], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._command = command
        self._log = log_file
        self._changed = threading.Condition()  # guards what follows
        self._requests: dict[int, _Sent] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._outbox: Outbox = queue.SimpleQueue()
        self._closing = False

    def send(self, request: Request) -> None:
        """Put a request last in the row; raise `ProtocolError` if it cannot be sent."""
        line = _encode(request)
        with self._changed:
            self._requests[request.request_id] = _Sent(line)
            self._outbox.put(line)
            self._changed.notify()

    def cancel(self, request_id: int) -> None:
        """Drop a request, or cancel the one in work."""
        with self._changed:
            request = self._requests.get(request_id)
            if request is not None:
                request.cancelled = True
                self._outbox.put(_encode(CancelRequest(request_id)))

    def escalate(self, request_id: int) -> None:
        """End the engine if it still works on this request, which was cancelled."""
        with self._changed:
            if next(iter(self._requests), None) == request_id:
                log.warning("request %d was not cancelled: ending the engine", request_id)
                self._end_engine(force=True)

    def begin_close(self) -> None:
        """Ask the engine, and then this thread, to end."""
        with self._changed:
            self._closing = True
            self._outbox.put(_encode(Shutdown()))
            self._changed.notify()

    def end_engine(self, *, force: bool) -> None:
        """Make the engine end."""
        with self._changed:
            self._end_engine(force=force)

    def _end_engine(self, *, force: bool) -> None:
        if self._process is not None and self._process.poll() is None:
            end_process(self._process.pid, force=force)

    def run(self) -> None:
        """The thread's work (called by Qt)."""
        while self._wait_for_request():
            outcome = self._serve()
            for response in self._settle(outcome):
                self.responded.emit(response)

    def _wait_for_request(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._requests)
            return not self._closing

    def _serve(self) -> ProcessOutcome:
        """Start an engine, ask it all that is unanswered, and read it to its end."""
        log_start = self._log.seek(0, 2)
        try:
            process = start_engine(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log
            )
        except OSError as error:
            return ProcessOutcome(None, str(error))
        assert process.stdin is not None
        assert process.stdout is not None
        outbox = self._begin(process)
        writer = threading.Thread(target=_write, args=(process.stdin, outbox))
        writer.start()
        for raw in process.stdout:
            self._receive(raw)
        returncode = process.wait()
        outbox.put(None)
        writer.join()
        process.stdout.close()
        return ProcessOutcome(returncode, read_tail(self._log, log_start))

    def _begin(self, process: subprocess.Popen[bytes]) -> Outbox:
        """A fresh outbox with everything the new engine has to know."""
        with self._changed:
            self._process = process
            self._outbox = queue.SimpleQueue()
            for request_id, request in self._requests.items():
                self._outbox.put(request.line)
                if request.cancelled:
                    self._outbox.put(_encode(CancelRequest(request_id)))
            if self._closing:
                self._outbox.put(_encode(Shutdown()))
            return self._outbox

    def _receive(self, raw: bytes) -> None:
        """Pass on one response; a line that is none is logged, or fails its request."""
        line = raw.decode("utf-8", errors="replace")
        try:
            response = codec.from_text(Response, line)
        except WorkbenchError as error:
            log.warning("skipped a response that cannot be read: %s", error)
            request_id = find_request_id(line)
            if request_id is None:
                return
            response = Response(request_id, Failure(Blame.ENGINE, str(error)))
        with self._changed:
            if response.request_id not in self._requests:
                log.warning("skipped a response to request %d, not open", response.request_id)
                return
            if response.is_final:
                del self._requests[response.request_id]
        self.responded.emit(response)

    def _settle(self, outcome: ProcessOutcome) -> list[Response]:
        """After the engine's end: give up what killed it twice; the rest is asked again."""
        with self._changed:
            self._process = None
            if self._closing:
                return []
            if self._requests or outcome.returncode != 0:
                log.warning(
                    "the engine %s; it said last: %s", outcome.describe(), outcome.last_lines
                )
            final: dict[int, Failure | RequestCancelled] = {}
            for index, (request_id, request) in enumerate(self._requests.items()):
                if index == 0 and not request.cancelled:  # the one it was at work on
                    request.deaths += 1
                if request.cancelled:
                    final[request_id] = RequestCancelled()
                elif outcome.returncode is None or request.deaths >= MAX_DEATHS:
                    final[request_id] = _describe_death(outcome)
            for request_id in final:
                del self._requests[request_id]
        return [Response(request_id, body) for request_id, body in final.items()]


def _encode(message: Request | CancelRequest | Shutdown) -> bytes:
    return codec.to_line(RequestLine(message)).encode("utf-8") + b"\n"


def _describe_death(outcome: ProcessOutcome) -> Failure:
    message = f"The engine {outcome.describe()}"
    if outcome.returncode is not None:
        message += " while working on this, and again when the request was repeated"
    return Failure(Blame.ENGINE, message + ".", traceback=outcome.last_lines)


def _write(stream: IO[bytes], outbox: Outbox) -> None:
    """Write lines until None comes; runs in a thread of its own, since a pipe may be full."""
    broken = False
    while (line := outbox.get()) is not None:
        try:
            if not broken:
                stream.write(line)
                stream.flush()
        except OSError:  # the engine is gone, which its reader notices
            broken = True
    try:
        stream.close()
    except OSError:
        log.debug("the engine was gone before its input was closed")
