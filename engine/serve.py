"""A long-lived engine that answers a window's commands over its standard streams.

One `RequestLine` a line comes in, one `Response` a line goes out (`contract.protocol.lines`).
The main thread answers one command at a time, in order; a second thread only reads, so that a
`CancelRequest` overtakes. The end of standard input is the end of the window, and of this process.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import IO, Any

from engine.contract import codec
from engine.contract.errors import Cancelled, EngineError, UserError, WorkbenchError, code_of
from engine.contract.protocol.backbones import (
    CountParameters,
    FetchBackbone,
    ListBackbones,
    ProbeSpeed,
)
from engine.contract.protocol.commands import Command, Failure, Progress
from engine.contract.protocol.data import (
    ExportRejected,
    ImportFile,
    InspectFile,
    PreviewExamples,
    PreviewTemplate,
    PreviewTokens,
    ReportSplit,
    SuggestMapping,
)
from engine.contract.protocol.lines import (
    CancelRequest,
    Request,
    RequestCancelled,
    RequestLine,
    Response,
    find_request_id,
)
from engine.contract.protocol.outputs import (
    CollectStudy,
    CompareOutputs,
    CountPredictions,
    DecodeSplit,
    Generate,
    ScoreOutputs,
)
from engine.contract.protocol.playground import (
    ListFormFields,
    MeasureAttention,
    Part,
    ReadFormRow,
    StreamOutputs,
    WriteInput,
)
from engine.contract.protocol.prefixes import (
    ComparePrefixes,
    ExportPrefix,
    ImportPrefix,
    ListPrefixes,
    MeasurePositions,
    MixPrefixes,
    PackPrefix,
    PushPrefix,
    VerifyPrefix,
)
from engine.contract.protocol.writing import (
    ExportTexts,
    PrepareWriting,
    PreviewInputs,
    WriteAgain,
    WriteTexts,
)
from engine.contract.runs.events import Blame

log = logging.getLogger(__name__)

HANDLERS: Mapping[type, str] = {
    InspectFile: "engine.data.inspecting:inspect_file",
    ImportFile: "engine.data.importing:import_file",
    ExportRejected: "engine.data.importing:export_rejected",
    PreviewExamples: "engine.data.preview:preview_examples",
    PreviewTemplate: "engine.templates.preview:preview_template",
    PreviewTokens: "engine.data.preview:preview_tokens",
    SuggestMapping: "engine.data.preview:suggest_mapping",
    ReportSplit: "engine.data.preview:report_split",
    ListBackbones: "engine.backbones.catalog:list_backbones",
    FetchBackbone: "engine.backbones.fetching:fetch_backbone",
    CountParameters: "engine.methods.counting:count_parameters",
    ProbeSpeed: "engine.training.probing:probe_speed",
    ExportPrefix: "engine.exchange.handlers:export_prefix",
    ImportPrefix: "engine.exchange.handlers:import_prefix",
    ListPrefixes: "engine.exchange.handlers:list_prefixes",
    PushPrefix: "engine.exchange.handlers:push_prefix",
    PackPrefix: "engine.exchange.handlers:pack_prefix",
    VerifyPrefix: "engine.prefixes.verifying:verify_prefix",
    ComparePrefixes: "engine.prefixes.comparing:compare_prefixes",
    MixPrefixes: "engine.prefixes.mixing:mix_prefixes",
    MeasurePositions: "engine.prefixes.positions:measure_positions",
    Generate: "engine.decoding.handlers:generate",
    DecodeSplit: "engine.decoding.handlers:decode_split",
    ScoreOutputs: "engine.metrics.handlers:score_outputs",
    CompareOutputs: "engine.metrics.handlers:compare_outputs",
    CountPredictions: "engine.metrics.handlers:count_predictions",
    PrepareWriting: "engine.writing.handlers:prepare_writing",
    PreviewInputs: "engine.writing.handlers:preview_inputs",
    WriteTexts: "engine.writing.handlers:write_texts",
    WriteAgain: "engine.writing.handlers:write_again",
    ExportTexts: "engine.writing.handlers:export_texts",
    CollectStudy: "engine.studies.handlers:collect_study",
    ListFormFields: "engine.data.form:list_form_fields",
    ReadFormRow: "engine.data.form:read_form_row",
    WriteInput: "engine.data.form:write_input",
    StreamOutputs: "engine.playground.handlers:stream_outputs",
    MeasureAttention: "engine.playground.handlers:measure_attention",
}
"""Command to "module:function"; a room is imported at its first command and not before, so
that the data engine never loads torch."""

PROGRESS_EVERY_S = 0.1
LAST_WORK_S = 10.0
"""How long the work at hand may take to notice that the window is gone."""

OUT_OF_MEMORY = (
    "There was not enough memory for this: close other programs, or choose a smaller backbone "
    "or a smaller batch size."
)


def main(handlers: Mapping[type, str] = HANDLERS) -> int:
    """Answer commands until `Shutdown` or the end of standard input."""
    requests, responses = _take_standard_streams()
    _Server(responses, handlers).serve(requests)
    return 0


def _take_standard_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Private copies of standard input and output.

    What libraries print goes to standard error from now on, and what they read is empty, so
    that neither can break the stream of requests and responses.
    """
    requests, responses = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return os.fdopen(requests, "rb"), os.fdopen(responses, "wb", buffering=0)


class _Server:
    """What the reading and the answering thread share."""

    def __init__(self, responses: IO[bytes], handlers: Mapping[type, str]) -> None:
        self._responses = responses
        self._handlers = handlers
        self._writing = threading.Lock()
        self._changed = threading.Condition()  # guards what follows
        self._waiting: list[Request] = []
        self._current: int | None = None
        self._cancelled = False
        self._ended = False

    def serve(self, requests: IO[bytes]) -> None:
        reader = threading.Thread(target=self._read, args=(requests,), daemon=True)
        reader.start()
        while (request := self._next()) is not None:
            self.send(request.request_id, self._answer(request))
            with self._changed:
                self._current = None

    def send(self, request_id: int, body: Any) -> None:
        """Write one response, whole; a window that is gone ends the engine."""
        line = codec.to_line(Response(request_id, body)).encode("utf-8") + b"\n"
        try:
            with self._writing:
                rest = memoryview(line)
                while rest:
                    rest = rest[self._responses.write(rest) :]
        except OSError:
            self._end()

    def check_cancelled(self) -> None:
        with self._changed:
            if self._cancelled:
                raise Cancelled("The user gave up on this.")

    def _next(self) -> Request | None:
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._waiting)
            if self._ended:
                return None
            request = self._waiting.pop(0)
            self._current, self._cancelled = request.request_id, False
            return request

    def _answer(self, request: Request) -> Any:
        """The command's reply, or what went wrong instead."""
        try:
            handler = _find_handler(self._handlers, request.command)
            reply = handler(request.command, _RequestReporter(self, request.request_id))
            codec.to_line(reply)  # a reply that cannot be sent is the handler's fault
            return reply
        except Cancelled:
            return RequestCancelled()
        except UserError as error:
            return Failure(Blame.USER, error.message, error.remedies, code=error.code)
        except (Exception, SystemExit) as error:
            log.exception("%s failed", type(request.command).__name__)
            if _is_out_of_memory(error):
                return Failure(
                    Blame.USER, OUT_OF_MEMORY, (), traceback.format_exc(), "engine-out-of-memory"
                )
            message = f"{type(error).__name__}: {error}"
            return Failure(Blame.ENGINE, message, (), traceback.format_exc(), code_of(error))

    def _read(self, requests: IO[bytes]) -> None:
        """Take lines until the last; runs in a thread of its own."""
        for raw in requests:
            line = raw.decode("utf-8", errors="replace")
            try:
                message = codec.from_text(RequestLine, line).message
            except WorkbenchError as error:
                self._refuse(line, error)
                continue
            if isinstance(message, Request):
                with self._changed:
                    self._waiting.append(message)
                    self._changed.notify_all()
            elif isinstance(message, CancelRequest):
                self._cancel(message.request_id)
            else:
                break
        self._end()

    def _refuse(self, line: str, error: WorkbenchError) -> None:
        """Answer a request that does not decode, if it has a number; else log it."""
        log.warning("skipped a line that cannot be read: %s", error)
        request_id = find_request_id(line)
        if request_id is not None:
            blame = Blame.USER if isinstance(error, UserError) else Blame.ENGINE
            self.send(request_id, Failure(blame, str(error), code=code_of(error)))

    def _cancel(self, request_id: int) -> None:
        """Raise the flag for the command at hand; drop a waiting one at once."""
        with self._changed:
            if self._current == request_id:
                self._cancelled = True
            waiting = [request for request in self._waiting if request.request_id != request_id]
            dropped, self._waiting = len(waiting) < len(self._waiting), waiting
        if dropped:
            self.send(request_id, RequestCancelled())

    def _end(self) -> None:
        """Take no more requests and give up the one at hand, by force if need be."""
        with self._changed:
            if self._ended:
                return
            self._ended = self._cancelled = True
            self._changed.notify_all()
        last_resort = threading.Timer(LAST_WORK_S, os._exit, args=(1,))
        last_resort.daemon = True
        last_resort.start()


class _RequestReporter:
    """Sends progress at most ten times a second, parts at once, and raises `Cancelled`."""

    def __init__(self, server: _Server, request_id: int) -> None:
        self._server = server
        self._request_id = request_id
        self._next_s = 0.0

    def update(self, done: int, total: int, unit: str, text: str = "") -> None:
        """Report progress of the present command (`engine.reporter.Reporter`)."""
        self._server.check_cancelled()
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + PROGRESS_EVERY_S
            self._server.send(self._request_id, Progress(done, total, unit, text))

    def send_part(self, part: Part) -> None:
        """Send a partial reply (`engine.reporter.PartReporter`)."""
        self._server.check_cancelled()
        self._server.send(self._request_id, part)


def _find_handler(handlers: Mapping[type, str], command: Command) -> Callable[..., Any]:
    path = handlers.get(type(command))
    if path is None:
        raise EngineError(f"no handler answers {type(command).__name__}")
    module, name = path.split(":")
    handler: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return handler


def _is_out_of_memory(error: BaseException) -> bool:
    """Whether Python, CUDA or torch's CPU allocator ran out; never imports torch for it."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"MemoryError", "OutOfMemoryError"}) or "can't allocate memory" in str(
        error
    )
