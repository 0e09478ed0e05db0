"""Following runs that others started, the queue, and long journals."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.contract.runs.events import RunFinished, RunState, TrainMetrics
from engine.contract.runs.folder import RunFolder, RunStatus
from engine.contract.runs.journal import JournalWriter
from tests.helpers import supervising_window
from tests.helpers.fake_engine import COMMAND, Play, write_play
from tests.workers.conftest import WAIT_MS, Listener, Reports
from workers.local.run import CHUNK_ENTRIES
from workers.local.runner import LocalRunner

MakeRun = Callable[..., RunFolder]


@pytest.fixture
def start_process() -> Iterator[Callable[[list[str]], subprocess.Popen[str]]]:
    """Start processes that are killed and waited for at the end of the test."""
    started: list[subprocess.Popen[str]] = []

    def start(command: list[str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def assert_one_after_the_other(first: Reports, second: Reports) -> None:
    assert isinstance(first.entries[-1].event, RunFinished)
    assert first.entries[-1].time_s <= second.entries[0].time_s


def test_two_queued_runs_are_at_work_one_after_the_other(
    make_run: MakeRun, runner: LocalRunner, listener: Listener
) -> None:
    first, second = make_run(Play(wait_for="go"), "r1"), make_run(Play(), "r2")
    runner.submit(first.path)
    runner.submit(second.path)
    listener.wait_for(RunState.RUNNING, "r1")
    assert listener.wait_for(RunState.QUEUED, "r2").states == [RunState.QUEUED]
    (first.path / "go").touch()
    listener.wait_for(RunState.FINISHED, "r2")
    assert_one_after_the_other(listener.run("r1"), listener.run("r2"))


def test_a_waiting_run_can_be_taken_out_of_the_queue(
    make_run: MakeRun, runner: LocalRunner, listener: Listener
) -> None:
    first, second = make_run(Play(wait_for="go"), "r1"), make_run(Play(), "r2")
    runner.submit(first.path)
    runner.submit(second.path)
    listener.wait_for(RunState.QUEUED, "r2")
    runner.stop("r2", save=False)
    reports = listener.wait_for(RunState.CANCELLED, "r2")
    assert second.read_status().state is RunState.CANCELLED
    assert reports.entries == []
    (first.path / "go").touch()
    listener.wait_for(RunState.FINISHED, "r1")


def test_a_run_queued_before_a_restart_waits_until_it_is_submitted(
    make_run: MakeRun, runner: LocalRunner, listener: Listener
) -> None:
    old, new = make_run(name="r1"), make_run(name="r2")
    runner.follow(old.path)
    runner.submit(new.path)
    listener.wait_for(RunState.FINISHED, "r2")
    assert listener.run("r1").states == [RunState.QUEUED]
    runner.submit(old.path)
    listener.wait_for(RunState.FINISHED, "r1")


def test_a_live_run_of_somebody_else_holds_the_queue(
    make_run: MakeRun,
    runner: LocalRunner,
    listener: Listener,
    start_process: Callable[[list[str]], subprocess.Popen[str]],
    qtbot: QtBot,
) -> None:
    foreign, ours = make_run(Play(wait_for="go"), "r1"), make_run(Play(), "r2")
    process = start_process([*COMMAND, str(foreign.path)])
    qtbot.waitUntil(lambda: foreign.read_status().state is RunState.RUNNING, timeout=WAIT_MS)
    runner.follow(foreign.path)
    runner.submit(ours.path)
    assert listener.wait_for(RunState.QUEUED, "r2").states == [RunState.QUEUED]
    (foreign.path / "go").touch()
    process.wait(timeout=WAIT_MS / 1000)
    listener.wait_for(RunState.FINISHED, "r2")
    assert_one_after_the_other(listener.run("r1"), listener.run("r2"))
    assert listener.run("r1").events(RunFinished)


def test_a_foreign_run_that_refuses_to_stop_is_killed(
    make_run: MakeRun,
    runner: LocalRunner,
    listener: Listener,
    start_process: Callable[[list[str]], subprocess.Popen[str]],
    qtbot: QtBot,
) -> None:
    folder = make_run(Play(end="refuse"))
    process = start_process([*COMMAND, str(folder.path)])
    qtbot.waitUntil((folder.path / "refusing").exists, timeout=WAIT_MS)
    runner.follow(folder.path)
    listener.wait_for(RunState.RUNNING)
    runner.stop("r1", save=False)
    listener.wait_for(RunState.CANCELLED)
    assert process.wait(timeout=WAIT_MS / 1000) == -9


def test_killing_the_window_leaves_the_run_which_is_found_again(
    make_run: MakeRun,
    runner: LocalRunner,
    listener: Listener,
    start_process: Callable[[list[str]], subprocess.Popen[str]],
) -> None:
    folder = make_run(Play(steps=6, wait_for="go"))
    window = start_process([sys.executable, supervising_window.__file__, str(folder.path)])
    assert window.stdout is not None
    while window.stdout.readline() != "running\n":
        assert window.poll() is None
    window.kill()
    window.wait()

    runner.follow(folder.path)
    listener.wait_for(RunState.RUNNING)
    (folder.path / "go").touch()
    reports = listener.wait_for(RunState.FINISHED)
    assert [e.step for e in reports.events(TrainMetrics)] == [1, 2, 3, 4, 5, 6]
    assert reports.entries_at_end == len(reports.entries)


def test_closing_the_runner_leaves_the_run_at_work(
    make_run: MakeRun, make_runner: Callable[..., LocalRunner], qtbot: QtBot
) -> None:
    folder = make_run(Play(wait_for="go"))
    first = make_runner()
    listener = Listener(first, qtbot)
    first.submit(folder.path)
    listener.wait_for(RunState.RUNNING)
    first.close()
    second = make_runner()
    listener = Listener(second, qtbot)
    second.follow(folder.path)
    reports = listener.wait_for(RunState.RUNNING)
    (folder.path / "go").touch()
    os.waitpid(reports.statuses[-1].pid, 0)  # its parent is alive, and waits for it no more
    listener.wait_for(RunState.FINISHED)


def test_a_stop_asked_just_before_the_end_of_the_window_is_heard(
    make_run: MakeRun, make_runner: Callable[..., LocalRunner], qtbot: QtBot
) -> None:
    folder = make_run(Play(end="silence"))
    runner = make_runner()
    listener = Listener(runner, qtbot)
    runner.submit(folder.path)
    reports = listener.wait_for(RunState.RUNNING)
    runner.stop("r1", save=True)
    runner.close()
    os.waitpid(reports.statuses[-1].pid, 0)
    assert folder.read_status().state is RunState.CANCELLED


def write_journal(folder: RunFolder, lines: int) -> None:
    """A finished run with a long journal, written by a real writer."""
    writer = JournalWriter(folder.events, "r1")
    for step in range(1, lines + 1):
        writer.append(TrainMetrics(step, 0.1, 2.0, 1e-3, 1.0, step, 50.0, 0.1, 1000))
    writer.close()
    folder.write_status(RunStatus("r1", RunState.FINISHED, step=lines, total_steps=lines))


def test_a_long_journal_comes_in_small_chunks(
    make_run: MakeRun, runner: LocalRunner, listener: Listener, qtbot: QtBot
) -> None:
    folder = make_run()
    write_journal(folder, 50_000)
    runner.follow(folder.path)
    reports = listener.wait_for(RunState.FINISHED)
    assert reports.entries_at_end < 50_000, "the state of a finished run is reported at once"
    qtbot.waitUntil(lambda: len(reports.entries) == 50_000, timeout=60_000)
    assert max(reports.chunks) <= CHUNK_ENTRIES
    steps = [entry.event.step for entry in reports.entries if isinstance(entry.event, TrainMetrics)]
    assert steps == list(range(1, 50_001))


def test_chunks_wait_until_the_last_one_was_taken(
    make_run: MakeRun, runner: LocalRunner, listener: Listener, qtbot: QtBot
) -> None:
    folder = make_run()
    write_journal(folder, 3 * CHUNK_ENTRIES)
    reports = listener.run()
    depths: list[int] = []

    def look_closely(_run_id: str, _entries: object) -> None:
        """Nothing else comes while a chunk is being worked on, however long that takes."""
        before = len(reports.entries)
        qtbot.wait(1)  # lets events that are already posted come
        depths.append(len(reports.entries) - before)

    runner.entries_arrived.connect(look_closely)
    runner.follow(folder.path)
    qtbot.waitUntil(lambda: len(depths) == 3, timeout=WAIT_MS)
    assert depths == [0, 0, 0]


def test_a_detached_run_is_reported_no_more_and_again_from_the_start(
    make_run: MakeRun, runner: LocalRunner, listener: Listener, qtbot: QtBot
) -> None:
    folder = make_run(Play(wait_for="go"))
    runner.submit(folder.path)
    reports = listener.wait_for(RunState.RUNNING)
    runner.detach("r1")
    count = len(reports.entries)
    other = make_run(name="r2")
    runner.follow(other.path)
    listener.wait_for(RunState.QUEUED, "r2")
    assert len(reports.entries) == count
    (folder.path / "go").touch()
    reports.entries.clear()
    runner.follow(folder.path)
    listener.wait_for(RunState.FINISHED)
    assert [e.step for e in reports.events(TrainMetrics)] == [1, 2, 3, 4]


def test_detaching_a_waiting_run_keeps_it_from_starting(
    make_run: MakeRun, runner: LocalRunner, listener: Listener
) -> None:
    first, second, third = (make_run(Play(), name) for name in ("r1", "r2", "r3"))
    write_play(first.path, Play(wait_for="go"))
    for folder in (first, second, third):
        runner.submit(folder.path)
    listener.wait_for(RunState.QUEUED, "r3")
    runner.detach("r2")
    (first.path / "go").touch()
    listener.wait_for(RunState.FINISHED, "r3")
    assert second.read_status().state is RunState.QUEUED
    assert not second.events.exists()


def test_a_finished_run_resumed_by_another_program_is_noticed(
    make_run: MakeRun,
    runner: LocalRunner,
    listener: Listener,
    start_process: Callable[[list[str]], subprocess.Popen[str]],
) -> None:
    folder = make_run(Play(steps=2))
    runner.submit(folder.path)
    reports = listener.wait_for(RunState.FINISHED)
    write_play(folder.path, Play(steps=6, wait_for="go"))
    process = start_process([*COMMAND, str(folder.path)])
    listener.wait_for(RunState.RUNNING)
    (folder.path / "go").touch()
    process.wait(timeout=WAIT_MS / 1000)
    listener.wait_for(RunState.FINISHED)
    assert [e.step for e in reports.events(TrainMetrics)] == [1, 2, 3, 4, 5, 6]


def test_a_folder_without_a_run_is_logged_and_left(
    make_run: MakeRun,
    runner: LocalRunner,
    listener: Listener,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    runner.follow(tmp_path / "nothing")
    runner.follow(make_run().path)
    listener.wait_for(RunState.QUEUED)
    assert "nothing is not a run folder" in caplog.text
