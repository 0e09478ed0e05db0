"""What a run says of the time it still takes: steps and evaluations apart, pauses in neither."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract.runs.events import Phase
from engine.contract.runs.folder import ContinueRequest, PauseRequest, RunFolder, RunStatus
from engine.training.recorder import RunRecorder
from engine.training.time_left import WINDOW_STEPS, TimeLeft

SECONDS = st.floats(1e-3, 1e3)


def test_nothing_is_known_before_the_first_step() -> None:
    left = TimeLeft()
    left.add_evaluation(30.0)
    assert left.remaining_s(10, 2) is None


@given(st.lists(SECONDS, max_size=60), st.lists(SECONDS, max_size=6), SECONDS, SECONDS)
def test_only_the_last_steps_count_and_evaluations_are_added(
    before: list[float], evaluations: list[float], step_s: float, evaluation_s: float
) -> None:
    left = TimeLeft()
    for seconds in before:
        left.add_step(seconds)
    for seconds in (*evaluations, *[evaluation_s] * 4):
        left.add_evaluation(seconds)
    for _ in range(WINDOW_STEPS):
        left.add_step(step_s)
    assert left.remaining_s(7, 0) == pytest.approx(7 * step_s)
    assert left.remaining_s(7, 3) == pytest.approx(7 * step_s + 3 * evaluation_s)


class Clock:
    """Seconds that go on only where the test lets them."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@given(pause_s=st.floats(0.0, 1e6))
def test_a_pause_moves_no_estimate(
    pause_s: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Ten minutes, or ten days: the clock that estimates are made by stands."""
    folder, clock = RunFolder(tmp_path_factory.mktemp("run")), Clock()
    statuses: list[RunStatus] = []

    def listen(heard: object) -> None:
        if isinstance(heard, RunStatus):
            statuses.append(heard)
        else:
            clock.now_s += pause_s / 2  # RunPaused and RunContinued

    recorder = RunRecorder(folder, "run", listener=listen, clock=clock)
    recorder.phase(Phase.TRAINING)
    recorder.status(remaining_s=50.0)
    before = recorder.work_s()
    folder.request(PauseRequest())
    folder.request(ContinueRequest())
    recorder.steps(3, 3, 50.0)
    recorder.close()
    # What the two events themselves take is no pause, and the second is told after it.
    assert recorder.work_s() - before == pytest.approx(pause_s / 2, abs=1e-6 * pause_s + 1e-6)
    assert {status.remaining_s for status in statuses[-3:]} == {50.0}
