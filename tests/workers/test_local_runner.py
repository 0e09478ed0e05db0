"""Real small processes, started, watched and ended by the runner."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from pytestqt.qtbot import QtBot

from engine.contract.runs.events import (
    Blame,
    CheckpointSaved,
    RunCancelled,
    RunContinued,
    RunFailed,
    RunFinished,
    RunPaused,
    RunStarted,
    RunState,
    TrainMetrics,
)
from engine.contract.runs.folder import RunFolder
from engine.contract.runs.lock import is_locked
from tests.helpers.fake_engine import Play, write_play
from tests.workers.conftest import WAIT_MS, Listener
from workers.local.run import StopTimeouts
from workers.local.runner import LocalRunner

MakeRun = Callable[..., RunFolder]


def test_a_run_is_told_from_the_queue_to_its_end(
    make_run: MakeRun, runner: LocalRunner, listener: Listener
) -> None:
    folder = make_run(Play(steps=4))
    runner.submit(folder.path)
    reports = listener.wait_for(RunState.FINISHED)
    assert [e.step for e in reports.events(TrainMetrics)] == [1, 2, 3, 4]
    assert reports.events(RunFinished)
    assert reports.states[0] is RunState.STARTING
    assert reports.entries_at_end == len(reports.entries), "the end came before the last entry"
    assert not is_locked(folder.path)
    assert folder.read_status().state is RunState.FINISHED


def test_failures_keep_their_blame_and_message(
    make_run: MakeRun, runner: LocalRunner, listener: Listener
) -> None:
    for name, end, blame in (("a", "fail", Blame.ENGINE), ("b", "user_error", Blame.USER)):
        runner.submit(make_run(Play(end=end), name).path)
        reports = listener.wait_for(RunState.FAILED, name)
        (failed,) = reports.events(RunFailed)
        assert failed.blame is blame
        assert reports.statuses[-1].message == failed.message


def test_a_crash_in_the_middle_of_a_line_can_be_resumed(
    make_run: MakeRun, runner: LocalRunner, listener: Listener
) -> None:
    folder = make_run(Play(end="crash", steps=3))
    runner.submit(folder.path)
    reports = listener.wait_for(RunState.INTERRUPTED)
    assert "signal 9 (SIGKILL)" in reports.statuses[-1].message
    assert "memory" in reports.statuses[-1].message
    assert not folder.events.read_bytes().endswith(b"\n")
    assert folder.read_status().message == reports.statuses[-1].message

    write_play(folder.path, Play(steps=5))
    runner.submit(folder.path)
    reports = listener.wait_for(RunState.FINISHED)
    assert [e.resumed_from_step for e in reports.events(RunStarted)] == [None, 3]
    assert [e.step for e in reports.events(TrainMetrics)] == [1, 2, 3, 4, 5]
    assert folder.events.read_bytes().count(b"\n") == len(reports.entries)


def test_an_end_without_a_verdict_names_the_exit_code(
    make_run: MakeRun, runner: LocalRunner, listener: Listener
) -> None:
    runner.submit(make_run(Play(end="exit")).path)
    reports = listener.wait_for(RunState.INTERRUPTED)
    assert "ended with exit code 3" in reports.statuses[-1].message


def test_an_end_with_a_sentence_that_could_not_be_recorded_is_a_failure(
    make_run: MakeRun, runner: LocalRunner, listener: Listener
) -> None:
    runner.submit(make_run(Play(end="full_disk")).path)
    reports = listener.wait_for(RunState.FAILED)
    assert reports.statuses[-1].message == "The disk is full: free some space."
    (failed,) = reports.events(RunFailed)
    assert failed.blame is Blame.USER


def test_a_killed_run_is_interrupted(
    make_run: MakeRun, runner: LocalRunner, listener: Listener
) -> None:
    runner.submit(make_run(Play(end="kill")).path)
    reports = listener.wait_for(RunState.INTERRUPTED)
    assert reports.entries_at_end == len(reports.entries) > 0


def test_stop_is_obeyed(make_run: MakeRun, runner: LocalRunner, listener: Listener) -> None:
    runner.submit(make_run(Play(end="silence")).path)
    listener.wait_for(RunState.RUNNING)
    runner.stop("r1", save=True)
    reports = listener.wait_for(RunState.CANCELLED)
    (cancelled,) = reports.events(RunCancelled)
    assert cancelled.saved_step == cancelled.step > 0


def test_a_run_that_refuses_to_stop_is_killed(
    make_run: MakeRun, runner: LocalRunner, listener: Listener, qtbot: QtBot
) -> None:
    folder = make_run(Play(end="refuse", steps=2))
    runner.submit(folder.path)
    qtbot.waitUntil((folder.path / "refusing").exists, timeout=WAIT_MS)
    listener.wait_for(RunState.RUNNING)
    runner.stop("r1", save=False)
    reports = listener.wait_for(RunState.CANCELLED)
    assert reports.states[-2:] == [RunState.STOPPING, RunState.CANCELLED]
    assert reports.events(RunCancelled) == [RunCancelled(step=2, saved_step=2)]
    assert folder.read_status().state is RunState.CANCELLED
    assert not is_locked(folder.path)


def test_a_run_stopped_before_it_began_is_cancelled(
    make_run: MakeRun, make_runner: Callable[..., LocalRunner], qtbot: QtBot
) -> None:
    runner = make_runner(timeouts=StopTimeouts(stop_s=3600, save_s=3600, terminate_s=0.1))
    listener = Listener(runner, qtbot)
    runner.submit(make_run(Play(end="silence")).path)
    listener.wait_for(RunState.STARTING)
    runner.stop("r1", save=True)
    reports = listener.wait_for(RunState.CANCELLED)
    assert reports.states[0] is RunState.STARTING


def test_a_process_that_lingers_after_its_verdict_is_ended(
    make_run: MakeRun, runner: LocalRunner, listener: Listener
) -> None:
    folder = make_run(Play(end="linger"))
    runner.submit(folder.path)
    reports = listener.wait_for(RunState.FINISHED)
    assert not is_locked(folder.path)
    assert RunState.STOPPING not in reports.states


def test_pause_and_proceed(make_run: MakeRun, runner: LocalRunner, listener: Listener) -> None:
    folder = make_run(Play(steps=4, wait_for="go"))
    runner.submit(folder.path)
    listener.wait_for(RunState.RUNNING)
    runner.pause("r1")
    listener.wait_for(RunState.PAUSED)
    (folder.path / "go").touch()
    runner.proceed("r1")
    reports = listener.wait_for(RunState.FINISHED)
    assert reports.events(RunPaused)
    assert reports.events(RunContinued)


def test_an_engine_that_cannot_import_fails_with_what_it_said(
    make_run: MakeRun, runner: LocalRunner, listener: Listener
) -> None:
    folder = make_run(Play(start="import_error"))
    runner.submit(folder.path)
    reports = listener.wait_for(RunState.FAILED)
    (failed,) = reports.events(RunFailed)
    assert failed.blame is Blame.ENGINE
    assert "No module named 'no_such_module'" in failed.traceback
    assert "ended with exit code 1" in reports.statuses[-1].message
    assert folder.read_status().state is RunState.FAILED


def test_a_sentence_for_the_user_before_the_first_status_is_passed_on(
    make_run: MakeRun, runner: LocalRunner, listener: Listener
) -> None:
    runner.submit(make_run(Play(start="user_error")).path)
    reports = listener.wait_for(RunState.FAILED)
    (failed,) = reports.events(RunFailed)
    assert failed.blame is Blame.USER
    assert failed.message == "The backbone gpt-9 is not on this disk: fetch it first."


def test_a_missing_python_fails_the_run(
    make_run: MakeRun,
    make_runner: Callable[..., LocalRunner],
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    runner = make_runner(command=(str(tmp_path / "no-python"),))
    listener = Listener(runner, qtbot)
    runner.submit(make_run().path)
    reports = listener.wait_for(RunState.FAILED)
    assert "could not be started" in reports.statuses[-1].message
    assert "no-python" in reports.statuses[-1].message


def test_requests_to_an_engine_of_the_past_are_not_heard(
    make_run: MakeRun, runner: LocalRunner, listener: Listener
) -> None:
    folder = make_run(Play(end="silence", steps=2))
    runner.submit(folder.path)
    listener.wait_for(RunState.RUNNING)
    runner.stop("r1", save=True)
    listener.wait_for(RunState.CANCELLED)
    write_play(folder.path, Play(steps=3))
    runner.submit(folder.path)
    listener.wait_for(RunState.FINISHED)


def test_entries_of_another_run_are_dropped(
    make_run: MakeRun, runner: LocalRunner, listener: Listener
) -> None:
    runner.submit(make_run(Play(foreign=True)).path)
    reports = listener.wait_for(RunState.FINISHED)
    assert {entry.run_id for entry in reports.entries} == {"r1"}
    assert CheckpointSaved(99, 99) not in [entry.event for entry in reports.entries]


def test_a_status_of_another_run_is_not_believed(
    make_run: MakeRun, runner: LocalRunner, listener: Listener
) -> None:
    folder, other = make_run(), make_run(name="r2")
    (folder.path / "status.json").write_bytes((other.path / "status.json").read_bytes())
    runner.follow(folder.path)
    reports = listener.wait_for(RunState.INTERRUPTED)
    assert "another run (r2)" in reports.statuses[-1].message


def test_a_kill_from_outside_is_told_with_its_signal(
    make_run: MakeRun, runner: LocalRunner, listener: Listener
) -> None:
    runner.submit(make_run(Play(end="silence")).path)
    reports = listener.wait_for(RunState.RUNNING)
    os.kill(reports.statuses[-1].pid, signal.SIGKILL)
    reports = listener.wait_for(RunState.INTERRUPTED)
    assert "SIGKILL" in reports.statuses[-1].message
