"""The engine's side of an engine client, line by line, in its own process."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from engine.contract import codec
from engine.contract.protocol import commands
from engine.contract.protocol.backbones import FetchBackbone, ListBackbones
from engine.contract.protocol.commands import Done, Failure, Progress
from engine.contract.protocol.data import ExportRejected
from engine.contract.protocol.lines import (
    PROTOCOL_VERSION,
    CancelRequest,
    Request,
    RequestCancelled,
    RequestLine,
    Response,
    Shutdown,
    find_request_id,
)
from engine.contract.runs.events import Blame
from engine.serve import HANDLERS
from tests.helpers.serve_for_tests import COMMAND

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 30


class Engine:
    """A real process, written to and read by lines."""

    def __init__(self, log: Path) -> None:
        self.log = log
        with open(log, "wb") as stderr:
            self.process = subprocess.Popen(
                COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr
            )

    def send(self, message: Request | CancelRequest | Shutdown) -> None:
        self.send_line(codec.to_line(RequestLine(message)))

    def send_line(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode("utf-8") + b"\n")
        self.process.stdin.flush()

    def ask(self, request_id: int, name: str) -> None:
        self.send(Request(request_id, FetchBackbone(name)))

    def read(self) -> Response:
        assert self.process.stdout is not None
        return codec.from_text(Response, self.process.stdout.readline().decode("utf-8"))

    def read_final(self) -> Response:
        while isinstance((answer := self.read()).body, Progress):
            pass
        return answer

    def hang_up(self) -> int:
        """Close standard input, as a window that dies does; returns the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(timeout=TIMEOUT_S)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path / "engine.log")
    yield made
    made.process.kill()
    made.process.wait()
    for stream in (made.process.stdin, made.process.stdout):
        assert stream is not None
        stream.close()


def test_commands_are_answered_in_order(engine: Engine) -> None:
    for number in range(1, 6):
        engine.ask(number, f"say {number} ünï")
    answers = [engine.read() for _ in range(5)]
    assert [answer.request_id for answer in answers] == [1, 2, 3, 4, 5]
    assert answers[4].body == Done("5 ünï")


def test_what_libraries_print_does_not_break_the_stream(engine: Engine) -> None:
    engine.ask(1, "noise")
    assert engine.read() == Response(1, Done(""))
    assert engine.hang_up() == 0
    said = engine.log.read_text(encoding="utf-8")
    assert "noise of a library" in said
    assert "noise of a C library" in said


def test_progress_is_thinned_out(engine: Engine) -> None:
    engine.ask(1, "count 20000")
    bodies = []
    while not isinstance((answer := engine.read()).body, Done):
        bodies.append(answer.body)
    assert bodies[0] == Progress(0, 20000, "bytes")
    assert len(bodies) < 2000


def test_cancel_overtakes(engine: Engine) -> None:
    engine.ask(1, "loop")
    engine.ask(2, "say waiting")
    engine.ask(3, "say after")
    assert isinstance(engine.read().body, Progress)
    engine.send(CancelRequest(2))
    assert engine.read_final() == Response(2, RequestCancelled())
    engine.send(CancelRequest(1))
    assert engine.read_final() == Response(1, RequestCancelled())
    assert engine.read() == Response(3, Done("after"))
    engine.send(CancelRequest(3))  # too late, and for a command that nobody asked
    engine.send(CancelRequest(99))
    engine.ask(4, "count 3")
    assert engine.read_final() == Response(4, Done("counted"))


@pytest.mark.parametrize(
    ("name", "blame", "code", "message"),
    [
        ("user_error", Blame.USER, "no-rows", "The file has 0 rows: give one with rows."),
        ("bug", Blame.ENGINE, "", "KeyError: 'x'"),
        ("exit", Blame.ENGINE, "", "SystemExit: 4"),
        ("memory", Blame.USER, "engine-out-of-memory", ""),
        ("torch_memory", Blame.USER, "engine-out-of-memory", ""),
        ("unsendable", Blame.ENGINE, "unsupported-type", "object"),
    ],
)
def test_faults_are_answered_and_the_engine_lives_on(
    engine: Engine, name: str, blame: Blame, code: str, message: str
) -> None:
    engine.ask(1, name)
    engine.ask(2, "say still here")
    failure = engine.read().body
    assert isinstance(failure, Failure)
    assert (failure.blame, failure.code) == (blame, code)
    assert message in failure.message
    assert bool(failure.remedies) is (name == "user_error")
    assert ("Traceback" in failure.traceback) is (name != "user_error")
    assert engine.read() == Response(2, Done("still here"))


def test_a_room_that_cannot_be_imported_fails_its_command_only(engine: Engine) -> None:
    engine.send(Request(1, ExportRejected("a", "b")))
    engine.ask(2, "say still here")
    failure = engine.read().body
    assert isinstance(failure, Failure)
    assert "no_such_module" in failure.message
    assert engine.read().body == Done("still here")


def test_a_command_without_a_handler_fails(engine: Engine) -> None:
    engine.send(Request(1, commands.ListPrefixes("p")))
    failure = engine.read().body
    assert isinstance(failure, Failure)
    assert failure.message == "EngineError: no handler answers ListPrefixes"


def test_another_version_of_the_protocol_is_answered(engine: Engine) -> None:
    line = codec.to_line(RequestLine(Request(7, FetchBackbone("say x")), PROTOCOL_VERSION + 1))
    engine.send_line(line)
    answer = engine.read()
    assert isinstance(answer.body, Failure)
    assert answer.request_id == 7
    assert f"format {PROTOCOL_VERSION + 1}" in answer.body.message


def test_an_unknown_command_is_answered_and_nonsense_is_logged(engine: Engine) -> None:
    engine.send_line("this is not JSON \x00")
    engine.send_line("[]")
    unknown = json.loads(codec.to_line(RequestLine(Request(5, FetchBackbone("say x")))))
    unknown["message"]["command"]["type"] = "MakeCoffee"
    engine.send_line(json.dumps(unknown))
    engine.ask(6, "say still here")
    answer = engine.read()
    assert isinstance(answer.body, Failure)
    assert answer.request_id == 5
    assert "MakeCoffee" in answer.body.message
    assert engine.read() == Response(6, Done("still here"))
    engine.hang_up()
    assert "not valid JSON" in engine.log.read_text(encoding="utf-8")


def test_shutdown_ends_it(engine: Engine) -> None:
    engine.ask(1, "say x")
    assert engine.read().body == Done("x")
    engine.send(Shutdown())
    assert engine.process.wait(timeout=TIMEOUT_S) == 0


def test_the_end_of_the_window_cancels_the_work_at_hand(engine: Engine) -> None:
    engine.ask(1, "loop")
    engine.ask(2, "say never")
    assert isinstance(engine.read().body, Progress)
    assert engine.hang_up() == 0
    assert engine.read_final() == Response(1, RequestCancelled())
    assert engine.process.stdout is not None
    assert engine.process.stdout.read() == b""


def test_work_that_does_not_listen_is_ended_with_the_window(engine: Engine, tmp_path: Path) -> None:
    engine.ask(1, f"stick {tmp_path / 'stuck'}")
    assert isinstance(engine.read().body, Progress)  # it has begun
    engine.ask(2, "say never")
    engine.send(CancelRequest(2))
    assert engine.read() == Response(2, RequestCancelled())
    assert engine.hang_up() == 1


def test_serve_starts_without_any_heavy_library(engine: Engine) -> None:
    engine.send(Request(1, ListBackbones()))
    reply = engine.read().body
    assert isinstance(reply, Done)
    heavy = {"torch", "transformers", "datasets", "numpy", "PySide6", "sacrebleu"}
    assert not heavy & set(reply.message.split())


def test_every_command_has_a_handler_in_the_engine_whose_reply_can_be_read() -> None:
    assert set(HANDLERS) == set(get_args(commands.Command))
    replies = {kind.__name__ for kind in get_args(commands.Reply)}
    for place in HANDLERS.values():
        module, name = place.split(":")
        source = (ROOT / module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")
        functions = {
            node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)
        }
        assert name in functions, place
        returned = functions[name].returns
        assert isinstance(returned, ast.Name), place
        assert returned.id in replies, place


def test_the_module_serves_from_the_command_line(tmp_path: Path) -> None:
    shutdown = codec.to_line(RequestLine(Shutdown())).encode("utf-8") + b"\n"
    done = subprocess.run(
        [sys.executable, "-m", "engine", "serve"],
        input=shutdown,
        capture_output=True,
        timeout=TIMEOUT_S,
        cwd=ROOT,
    )
    assert (done.returncode, done.stdout) == (0, b""), done.stderr


@pytest.mark.parametrize(
    ("line", "request_id"),
    [
        ('{"message": {"request_id": 3, "new": 1}, "version": 9}', 3),
        ('{"request_id": 4, "body": {"type": "Unheard"}}', 4),
        ('{"request_id": true}', None),
        ('{"message": []}', None),
        ("[1]", None),
        ("{", None),
    ],
)
def test_the_id_of_a_request_is_found(line: str, request_id: int | None) -> None:
    assert find_request_id(line) == request_id
