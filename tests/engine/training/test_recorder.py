"""What a working run hears in its folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.contract import codec
from engine.contract.runs.events import Phase, RunContinued, RunPaused, RunState
from engine.contract.runs.folder import (
    ContinueRequest,
    ControlLine,
    PauseRequest,
    RunFolder,
    RunStatus,
    StopRequest,
)
from engine.contract.runs.journal import JournalReader
from engine.training.recorder import RunRecorder, StopRequested


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[RunRecorder]:
    made = RunRecorder(RunFolder(tmp_path), "run")
    yield made
    made.close()


def state(folder: Path) -> RunStatus:
    text = (folder / "status.json").read_text(encoding="utf-8")
    return codec.from_text(RunStatus, text)


def test_a_phase_is_written_at_once(recorder: RunRecorder, tmp_path: Path) -> None:
    assert state(tmp_path).state is RunState.STARTING
    recorder.phase(Phase.LOADING)
    found = state(tmp_path)
    assert (found.state, found.phase) == (RunState.RUNNING, Phase.LOADING)
    assert found.pid > 0
    recorder.status(step=3, total_steps=9)
    recorder.phase(Phase.TRAINING)
    assert (state(tmp_path).step, state(tmp_path).total_steps) == (3, 9)


def test_requests_are_obeyed_once(recorder: RunRecorder, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    recorder.update(0, 10, "rows")
    folder.request(StopRequest(save=True))
    with pytest.raises(StopRequested) as stop:
        recorder.update(1, 10, "rows")
    assert stop.value.save
    assert state(tmp_path).state is RunState.STOPPING
    recorder.update(2, 10, "rows")


def test_a_request_that_is_half_written_waits_for_its_end(
    recorder: RunRecorder, tmp_path: Path
) -> None:
    line = codec.to_line(ControlLine(StopRequest(save=False))) + "\n"
    control = tmp_path / "control.jsonl"
    control.write_text("no request at all\n" + line[:10], encoding="utf-8")
    recorder.steps(1, 10, None)
    with open(control, "a", encoding="utf-8") as stream:
        stream.write(line[10:])
    with pytest.raises(StopRequested) as stop:
        recorder.steps(2, 10, None)
    assert not stop.value.save


def test_requests_that_come_during_one_step_are_obeyed_in_order(
    recorder: RunRecorder, tmp_path: Path
) -> None:
    folder = RunFolder(tmp_path)
    folder.request(PauseRequest())
    folder.request(ContinueRequest())
    recorder.steps(4, 10, None)
    assert state(tmp_path).state is RunState.RUNNING
    for request in (PauseRequest(), PauseRequest(), ContinueRequest(), StopRequest(save=True)):
        folder.request(request)
    with pytest.raises(StopRequested):
        recorder.steps(5, 10, None)
    told = [entry.event for entry in JournalReader(folder.events, "run").read_new()]
    assert told == [RunPaused(4), RunContinued(4), RunPaused(5), RunContinued(5)]


@pytest.mark.parametrize(
    ("phase", "unit", "text", "left_s"),
    [
        (Phase.DECODING, "tokens", "3 of 9 inputs", 20.0),
        (Phase.DECODING, "rows", "bleu", None),
        (Phase.PREDICTING, "rows", "", 20.0),
        (Phase.PREDICTING, "rows", "accuracy", None),
    ],
)
def test_the_time_left_of_the_last_phase_is_that_of_its_outputs(
    phase: Phase,
    unit: str,
    text: str,
    left_s: float | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.training.recorder.STATUS_INTERVAL_S", 0.0)
    seconds = iter([0.0, 0.0, 10.0])
    recorder = RunRecorder(RunFolder(tmp_path), "run", clock=lambda: next(seconds))
    recorder.phase(phase)
    recorder.status(remaining_s=3.0)
    recorder.update(1, 3, unit, text)
    recorder.close()
    assert state(tmp_path).remaining_s == left_s
