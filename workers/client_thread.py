"""The thread behind an engine client: owns the engine process, asks it, reads its answers."""

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
from engine.contract.protocol.commands import (
    CancelRequest,
    Failure,
    Progress,
    Request,
    RequestCancelled,
    RequestLine,
    Response,
    Shutdown,
    find_ask_id,
)
from engine.contract.runs.events import Blame
from workers.launching import end_process, read_tail, start_engine
from workers.outcome import End, ProcessOutcome

log = logging.getLogger(__name__)

MAX_DEATHS = 2
"""A question that the engine died of so often is not asked again."""

Outbox = queue.SimpleQueue[bytes | None]


@dataclass
class _Question:
    line: bytes
    deaths: int = 0
    cancelled: bool = False


class ClientThread(QThread):
    """Starts an engine at the first question, and again if it dies with questions open.

    `run` is the thread; the other public methods are for the window's thread and never block.

    Signals:
        answered: `Answer`; for each question any number of `Progress` and one final body.
    """

    answered = Signal(object)

    def __init__(
        self, command: Sequence[str], log_file: IO[bytes], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._command = command
        self._log = log_file
        self._changed = threading.Condition()  # guards what follows
        self._questions: dict[int, _Question] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._outbox: Outbox = queue.SimpleQueue()
        self._closing = False

    def ask(self, ask: Request) -> None:
        """Put a question last in the row; raise `ProtocolError` if it cannot be sent."""
        line = _encode(ask)
        with self._changed:
            self._questions[ask.request_id] = _Question(line)
            self._outbox.put(line)
            self._changed.notify()

    def cancel(self, request_id: int) -> None:
        """Have a question dropped, or given up."""
        with self._changed:
            question = self._questions.get(request_id)
            if question is not None:
                question.cancelled = True
                self._outbox.put(_encode(CancelRequest(request_id)))

    def insist(self, request_id: int) -> None:
        """End the engine if it still works on this question, which was cancelled."""
        with self._changed:
            if next(iter(self._questions), None) == request_id:
                log.warning("question %d was not given up: ending the engine", request_id)
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
        while self._await_question():
            outcome = self._serve()
            for answer in self._settle(outcome):
                self.answered.emit(answer)

    def _await_question(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._questions)
            return not self._closing

    def _serve(self) -> ProcessOutcome:
        """Start an engine, ask it all that is unanswered, and read it to its end."""
        log_start = self._log.seek(0, 2)
        try:
            process = start_engine(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log
            )
        except OSError as error:
            return ProcessOutcome(End.NOT_STARTED, said=str(error))
        assert process.stdin is not None
        assert process.stdout is not None
        outbox = self._begin(process)
        writer = threading.Thread(target=_write, args=(process.stdin, outbox))
        writer.start()
        for raw in process.stdout:
            self._take(raw)
        returncode = process.wait()
        outbox.put(None)
        writer.join()
        process.stdout.close()
        return ProcessOutcome.of(returncode, read_tail(self._log, log_start))

    def _begin(self, process: subprocess.Popen[bytes]) -> Outbox:
        """A fresh outbox with everything the new engine has to know."""
        with self._changed:
            self._process = process
            self._outbox = queue.SimpleQueue()
            for request_id, question in self._questions.items():
                self._outbox.put(question.line)
                if question.cancelled:
                    self._outbox.put(_encode(CancelRequest(request_id)))
            if self._closing:
                self._outbox.put(_encode(Shutdown()))
            return self._outbox

    def _take(self, raw: bytes) -> None:
        """Hand on one answer; a line that is none is logged, or fails its question."""
        line = raw.decode("utf-8", errors="replace")
        try:
            answer = codec.from_text(Response, line)
        except WorkbenchError as error:
            log.warning("skipped an answer that cannot be read: %s", error)
            request_id = find_ask_id(line)
            if request_id is None:
                return
            answer = Response(request_id, Failure(Blame.ENGINE, str(error)))
        with self._changed:
            if answer.request_id not in self._questions:
                log.warning(
                    "skipped an answer to question %d, which nobody asks", answer.request_id
                )
                return
            if not isinstance(answer.body, Progress):
                del self._questions[answer.request_id]
        self.answered.emit(answer)

    def _settle(self, outcome: ProcessOutcome) -> list[Response]:
        """After the engine's end: give up what killed it twice; the rest is asked again."""
        with self._changed:
            self._process = None
            if self._closing:
                return []
            if self._questions or outcome.end is not End.FINISHED:
                log.warning("the engine %s; it said last: %s", outcome.describe(), outcome.said)
            final: dict[int, Failure | RequestCancelled] = {}
            for place, (request_id, question) in enumerate(self._questions.items()):
                if place == 0 and not question.cancelled:  # the one it was at work on
                    question.deaths += 1
                if question.cancelled:
                    final[request_id] = RequestCancelled()
                elif outcome.end is End.NOT_STARTED or question.deaths >= MAX_DEATHS:
                    final[request_id] = _describe_death(outcome)
            for request_id in final:
                del self._questions[request_id]
        return [Response(request_id, body) for request_id, body in final.items()]


def _encode(message: Request | CancelRequest | Shutdown) -> bytes:
    return codec.to_line(RequestLine(message)).encode("utf-8") + b"\n"


def _describe_death(outcome: ProcessOutcome) -> Failure:
    message = f"The engine {outcome.describe()}"
    if outcome.end is not End.NOT_STARTED:
        message += " while it was at work on this, and so it did when it was asked again"
    return Failure(Blame.ENGINE, message + ".", traceback=outcome.said)


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
