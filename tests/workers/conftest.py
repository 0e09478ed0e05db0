"""Every test of the workers: nothing left behind, and small runs of a fake engine."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from engine.contract.methods.prefix import PrefixMethod
from engine.contract.runs.events import Event, JournalEntry, RunState
from engine.contract.runs.folder import RunFolder, RunMeta, RunStatus
from engine.contract.specs.data import Column, DataSpec, Mapping, Role
from engine.contract.specs.run import RunSpec
from tests.helpers.fake_engine import COMMAND, Play, write_play
from tests.helpers.processes import children
from workers.local.run import StopTimeouts
from workers.local.runner import LocalRunner

WAIT_MS = 20_000
QUICK = StopTimeouts(stop_s=0.2, save_s=0.4, terminate_s=0.2)


def processes_of(place: Path) -> list[int]:
    """Processes whose command line names something under `place`, zombies included."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(place) in words:
            found.append(int(entry.name))
    return found


def remaining_processes_of(place: Path) -> list[int]:
    """The same, after those that are about to end had time to."""
    give_up_s = time.monotonic() + 5
    while (found := processes_of(place)) and time.monotonic() < give_up_s:
        time.sleep(0.01)
    return found


def threads() -> set[threading.Thread]:
    """Python's threads; those that Qt started have no end that Python knows of."""
    return {thread for thread in threading.enumerate() if not thread.name.startswith("Dummy-")}


@pytest.fixture(autouse=True)
def leaves_nothing_behind(tmp_path: Path) -> Iterator[None]:
    """Fail the test that leaves a thread or a process."""
    threads_before, children_before = threads(), children()
    yield
    left = [repr(thread) for thread in threads() - threads_before]
    for pid in remaining_processes_of(tmp_path):
        left.append(f"process {pid}")
        os.kill(pid, signal.SIGKILL)
    left += [f"child {pid}" for pid in children() - children_before]
    assert not left, "the test left behind: " + ", ".join(left)


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., RunFolder]:
    """Make the folder of a queued run with a play for the fake engine."""

    def make(play: Play | None = None, name: str = "r1") -> RunFolder:
        mapping = Mapping((Column("mr", Role.MEANING), Column("ref", Role.TARGET)))
        spec = RunSpec(name, "tiny", PrefixMethod(), DataSpec("d.sqlite", "00" * 32, mapping))
        folder = RunFolder.create(tmp_path / name, spec, RunMeta(name=name))
        write_play(folder.path, play or Play())
        return folder

    return make


@dataclass
class Reports:
    """What a runner reports of one run."""

    entries: list[JournalEntry] = field(default_factory=list)
    chunks: list[int] = field(default_factory=list)
    statuses: list[RunStatus] = field(default_factory=list)
    entries_at_end: int = 0

    @property
    def state(self) -> RunState | None:
        return self.statuses[-1].state if self.statuses else None

    @property
    def states(self) -> list[RunState]:
        """The states in order, each once in a row."""
        found: list[RunState] = []
        for status in self.statuses:
            if not found or found[-1] is not status.state:
                found.append(status.state)
        return found

    def events(self, kind: type[Event]) -> list[Event]:
        return [entry.event for entry in self.entries if isinstance(entry.event, kind)]


class Listener(QObject):
    """Writes down what a runner tells, and waits for it."""

    def __init__(self, runner: LocalRunner, qtbot: QtBot) -> None:
        super().__init__()
        self._qtbot = qtbot
        self._runs: dict[str, Reports] = {}
        runner.entries_arrived.connect(self._on_entries)
        runner.status_changed.connect(self._on_status)

    def run(self, run_id: str = "r1") -> Reports:
        return self._runs.setdefault(run_id, Reports())

    def wait_for(self, state: RunState, run_id: str = "r1") -> Reports:
        self._qtbot.waitUntil(lambda: self.run(run_id).state is state, timeout=WAIT_MS)
        return self.run(run_id)

    def _on_entries(self, run_id: str, entries: tuple[JournalEntry, ...]) -> None:
        reports = self.run(run_id)
        reports.entries += entries
        reports.chunks.append(len(entries))

    def _on_status(self, run_id: str, status: RunStatus) -> None:
        reports = self.run(run_id)
        reports.statuses.append(status)
        if status.state.is_final:
            reports.entries_at_end = len(reports.entries)


@pytest.fixture
def make_runner(qapp: object) -> Iterator[Callable[..., LocalRunner]]:
    """Make runners that are closed at the end of the test."""
    made: list[LocalRunner] = []

    def make(*, command: tuple[str, ...] = COMMAND, timeouts: StopTimeouts = QUICK) -> LocalRunner:
        made.append(LocalRunner(command=command, timeouts=timeouts))
        return made[-1]

    yield make
    for runner in made:
        runner.close()


@pytest.fixture
def runner(make_runner: Callable[..., LocalRunner]) -> LocalRunner:
    return make_runner()


@pytest.fixture
def listener(runner: LocalRunner, qtbot: QtBot) -> Listener:
    return Listener(runner, qtbot)
