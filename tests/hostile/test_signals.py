"""*Stop* signals the run's own engine, and nothing else that status.json may name."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from engine.contract.runs.events import RunState
from engine.contract.runs.folder import RunFolder, RunStatus
from engine.contract.runs.lock import FolderLock
from tests.hostile.conftest import Outside
from workers.local.run import StopTimeouts
from workers.local.runner import LocalRunner
from workers.processes import is_engine_of

QUICK = StopTimeouts(stop_s=0.05, save_s=0.05, terminate_s=0.05)
HOLD = "import sys; sys.stdin.read()"


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process of this user that has nothing to do with the run."""
    with subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE) as process:
        yield process
        assert process.poll() is None, "a process that is not the engine was signalled"
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


def status_of(run: RunFolder, pid: int, started_s: float) -> RunStatus:
    return RunStatus(run.read_spec().run_id, RunState.RUNNING, pid=pid, process_started_s=started_s)


@pytest.mark.parametrize("pid", [0, 1, -1, -2, 10**30, -(10**30), 2**31])
def test_what_is_no_process_number_is_no_engine(run: RunFolder, pid: int) -> None:
    assert not is_engine_of(run.path, status_of(run, pid, 0.0))


def test_a_process_that_does_not_hold_the_lock_is_no_engine(
    run: RunFolder, bystander: subprocess.Popen[bytes]
) -> None:
    started_s = psutil.Process(bystander.pid).create_time()
    assert not is_engine_of(run.path, status_of(run, bystander.pid, started_s))


def test_a_later_process_of_the_same_number_is_no_engine(run: RunFolder) -> None:
    started_s = psutil.Process().create_time()
    with FolderLock(run.path) as lock:
        assert lock.acquire()
        assert is_engine_of(run.path, status_of(run, os.getpid(), started_s))
        assert not is_engine_of(run.path, status_of(run, os.getpid(), started_s - 3600))


@pytest.mark.parametrize("number", ["bystander", "own", 1, -1, 10**30])
def test_stop_signals_no_process_that_a_status_only_names(
    run: RunFolder,
    bystander: subprocess.Popen[bytes],
    number: str | int,
    qtbot: QtBot,
    caplog: pytest.LogCaptureFixture,
) -> None:
    pid = {"bystander": bystander.pid, "own": os.getpid()}.get(str(number), number)
    run_id = run.read_spec().run_id
    lock = FolderLock(run.path)  # somebody holds it, so that the run counts as at work
    assert lock.acquire()
    run.write_status(status_of(run, int(pid), 1.0))
    runner = LocalRunner(timeouts=QUICK)
    try:
        with qtbot.waitSignal(runner.status_changed):
            runner.follow(run.path)
        runner.stop(run_id, save=False)
        qtbot.waitUntil(lambda: caplog.text.count("is not its engine") >= 2)
    finally:
        runner.close()
        lock.release()


def test_the_lock_of_another_run_makes_no_engine(
    run: RunFolder, outside: Outside, tmp_path: Path, make_holder: Callable[[Path], int]
) -> None:
    """A link to a lock that a real engine holds is no lock of this run."""
    other = tmp_path / "other"
    other.mkdir()
    pid = make_holder(other)
    status = status_of(run, pid, psutil.Process(pid).create_time())
    (run.path / "lock").unlink(missing_ok=True)
    (run.path / "lock").symlink_to(other / "lock")
    assert not is_engine_of(run.path, status)


@pytest.fixture
def make_holder() -> Iterator[Callable[[Path], int]]:
    """Start processes that hold the lock of a folder."""
    processes: list[subprocess.Popen[str]] = []
    code = (
        "import sys; from pathlib import Path; from engine.contract.runs.lock import FolderLock\n"
        "FolderLock(Path(sys.argv[1])).acquire(); print('held', flush=True); sys.stdin.read()"
    )

    def start(folder: Path) -> int:
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(folder)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        processes.append(process)
        return process.pid

    yield start
    for process in processes:
        process.communicate("", timeout=20)
