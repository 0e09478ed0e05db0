"""The window's side of an engine client, with the real engine process behind it."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from engine.contract.errors import ProtocolError
from engine.contract.protocol.backbones import FetchBackbone
from engine.contract.protocol.commands import Command, Done, Failure, Progress
from engine.contract.protocol.data import InspectFile
from engine.contract.protocol.playground import InputWritten
from engine.contract.reading.reading import FileReport
from engine.contract.runs.events import Blame
from tests.helpers.serve_for_tests import COMMAND
from tests.workers.conftest import WAIT_MS, children
from workers.client import EngineClient, PendingRequest
from workers.processes import engine_command


class Heard:
    """Everything that one pending request said, and in which thread."""

    def __init__(self, pending: PendingRequest) -> None:
        self.pending = pending
        self.progress: list[Progress] = []
        self.final: list[object] = []
        self.threads: set[QThread] = set()
        pending.progressed.connect(self.progress.append)
        pending.answered.connect(self._end)
        pending.failed.connect(self._end)
        pending.cancelled.connect(lambda: self._end("cancelled"))

    def _end(self, word: object) -> None:
        self.threads.add(QThread.currentThread())
        self.final.append(word)


class Window:
    """Asks an engine client and waits for its answers."""

    def __init__(self, client: EngineClient, qtbot: QtBot) -> None:
        self.client = client
        self._qtbot = qtbot

    def ask(self, command: Command | str) -> Heard:
        command = FetchBackbone(command) if isinstance(command, str) else command
        return Heard(self.client.ask(command))

    def wait(self, heard: Heard) -> object:
        self._qtbot.waitUntil(lambda: bool(heard.final), timeout=WAIT_MS)
        (final,) = heard.final
        return final

    def ask_and_wait(self, command: Command | str) -> object:
        return self.wait(self.ask(command))


MakeWindow = Callable[..., Window]


@pytest.fixture
def make_window(qapp: object, qtbot: QtBot, tmp_path: Path) -> Iterator[MakeWindow]:
    made: list[EngineClient] = []

    def make(
        command: tuple[str, ...] = COMMAND, cancel_grace_ms: int = 60_000, close_grace_ms: int = 200
    ) -> Window:
        client = EngineClient(
            command=command,
            log_path=tmp_path / "logs" / "engine-client.log",
            cancel_grace_ms=cancel_grace_ms,
            close_grace_ms=close_grace_ms,
        )
        made.append(client)
        return Window(client, qtbot)

    yield make
    for client in made:
        client.close()


@pytest.fixture
def window(make_window: MakeWindow) -> Window:
    return make_window()


def pid_of(window: Window) -> int:
    reply = window.ask_and_wait("pid")
    assert isinstance(reply, Done)
    return int(reply.message)


def test_the_engine_starts_at_the_first_request_and_stays(window: Window) -> None:
    before = children()
    assert children() == before
    first, second = pid_of(window), pid_of(window)
    assert first == second
    assert children() - before == {first}


def test_answers_come_in_the_windows_thread_in_order_and_once(window: Window) -> None:
    order: list[int] = []
    heard = [window.ask(f"say {number}") for number in range(20)]
    for number, one in enumerate(heard):
        one.pending.answered.connect(lambda _reply, number=number: order.append(number))
    assert window.wait(heard[-1]) == Done("19")
    assert order == list(range(20))
    assert all(len(one.final) == 1 for one in heard)
    assert {thread for one in heard for thread in one.threads} == {QThread.currentThread()}


def test_progress_is_told(window: Window) -> None:
    heard = window.ask("count 5")
    assert window.wait(heard) == Done("counted")
    assert heard.progress[0] == Progress(0, 5, "bytes")


def test_failures_are_told(window: Window) -> None:
    failure = window.ask_and_wait("user_error")
    assert isinstance(failure, Failure)
    assert failure.blame is Blame.USER
    assert failure.remedies[0].label == "Other file"


def test_cancelling_the_request_at_hand_and_one_that_waits(window: Window, qtbot: QtBot) -> None:
    working, waiting, last = window.ask("loop"), window.ask("say 2"), window.ask("say 3")
    qtbot.waitUntil(lambda: bool(working.progress), timeout=WAIT_MS)
    waiting.pending.cancel()
    assert window.wait(waiting) == "cancelled"
    assert not working.final
    working.pending.cancel()
    working.pending.cancel()
    assert window.wait(working) == "cancelled"
    assert window.wait(last) == Done("3")
    working.pending.cancel()
    last.pending.cancel()
    assert window.ask_and_wait("say 4") == Done("4")
    assert [len(one.final) for one in (working, waiting, last)] == [1, 1, 1]


def test_a_request_cancelled_before_the_engine_has_started_is_cancelled(window: Window) -> None:
    heard = window.ask("loop")
    heard.pending.cancel()
    assert window.wait(heard) == "cancelled"


def test_work_that_does_not_listen_to_cancel_is_ended(
    make_window: MakeWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    window = make_window(cancel_grace_ms=100)
    before = pid_of(window)
    stuck, waiting = window.ask(f"stick {tmp_path / 'stuck'}"), window.ask("say next")
    qtbot.waitUntil((tmp_path / "stuck").exists, timeout=WAIT_MS)
    stuck.pending.cancel()
    assert window.wait(stuck) == "cancelled"
    assert window.wait(waiting) == Done("next")
    assert pid_of(window) != before


def test_an_engine_that_dies_is_started_and_asked_again(window: Window, tmp_path: Path) -> None:
    dying, waiting = window.ask(f"die_once {tmp_path / 'died'}"), window.ask("say next")
    assert window.wait(dying) == Done("survived")
    assert window.wait(waiting) == Done("next")


def test_a_request_that_kills_the_engine_twice_fails(window: Window) -> None:
    dying, waiting = window.ask("die"), window.ask("say next")
    failure = window.wait(dying)
    assert isinstance(failure, Failure)
    assert failure.blame is Blame.ENGINE
    assert "signal 9 (SIGKILL)" in failure.message
    assert "its last words" in failure.traceback
    assert window.wait(waiting) == Done("next")


def test_an_engine_killed_while_idle_is_replaced(window: Window) -> None:
    first = pid_of(window)
    os.kill(first, signal.SIGKILL)
    assert pid_of(window) != first


def test_an_engine_that_cannot_be_started_fails_every_request(
    make_window: MakeWindow, tmp_path: Path
) -> None:
    window = make_window((str(tmp_path / "no-python"),))
    for heard in [window.ask("say 1"), window.ask("say 2")]:
        failure = window.wait(heard)
        assert isinstance(failure, Failure)
        assert "could not be started" in failure.message
        assert "no-python" in failure.message


def test_a_command_that_cannot_be_sent_is_refused_at_once(window: Window, tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="Path"):
        window.ask(FetchBackbone(tmp_path))  # type: ignore[arg-type]
    assert window.ask_and_wait("say next") == Done("next")


def test_the_real_engine_looks_at_a_file(make_window: MakeWindow, tmp_path: Path) -> None:
    table = tmp_path / "huts.csv"
    table.write_text("name,text\nAlpine View,A hut.\n", encoding="utf-8")
    report = make_window(engine_command("serve")).ask_and_wait(InspectFile(str(table)))
    assert isinstance(report, FileReport)
    assert [column.name for column in report.columns] == ["name", "text"]


def test_standard_error_is_kept_in_the_log(window: Window, tmp_path: Path) -> None:
    assert isinstance(window.ask_and_wait("bug"), Failure)
    window.client.close()
    assert "KeyError: 'x'" in (tmp_path / "logs" / "engine-client.log").read_text(encoding="utf-8")


def test_closing_cancels_open_requests_and_ends_a_stuck_engine(
    window: Window, tmp_path: Path, qtbot: QtBot
) -> None:
    stuck, waiting = window.ask(f"stick {tmp_path / 'stuck'}"), window.ask("say never")
    qtbot.waitUntil((tmp_path / "stuck").exists, timeout=WAIT_MS)
    window.client.close()
    assert stuck.final == waiting.final == ["cancelled"]
    window.client.close()
    assert window.ask_and_wait("say too late") == "cancelled"


def test_a_client_that_was_never_asked_has_no_engine_to_end(make_window: MakeWindow) -> None:
    before = children()
    make_window().client.close()
    assert children() == before


def test_partial_replies_come_whole_and_in_order_before_the_reply(window: Window) -> None:
    heard = window.ask("parts 2000")
    parts: list[object] = []
    heard.pending.part_arrived.connect(lambda part: parts.append((part, bool(heard.final))))
    assert window.wait(heard) == Done("all")
    assert parts == [(InputWritten(number, f"part {number}"), False) for number in range(2000)]
