"""A pause is obeyed in whatever a run is doing, and its time is in no number."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.contract.runs.events import (
    Evaluation,
    JournalEntry,
    OutputsSaved,
    Phase,
    RunContinued,
    RunPaused,
    RunState,
)
from engine.contract.runs.folder import ContinueRequest, PauseRequest, RunStatus
from engine.run import EXIT_FINISHED, run_folder
from tests.helpers.tiny_runs import Workshop, events


@pytest.mark.parametrize(
    ("phase", "kind", "step"),
    [(Phase.EVALUATING, Evaluation, 4), (Phase.DECODING, OutputsSaved, 12)],
)
def test_a_pause_acts_within_an_evaluation_and_a_decoding(
    phase: Phase, kind: type, step: int, workshop: Workshop, tmp_path: Path
) -> None:
    folder = workshop.run(tmp_path / "run", workshop.spec("mlp"))
    asked = False

    def listen(heard: JournalEntry | RunStatus) -> None:
        nonlocal asked
        if isinstance(heard, RunStatus) and heard.state is RunState.PAUSED:
            folder.request(ContinueRequest())
        elif isinstance(heard, RunStatus) and heard.phase is phase and not asked:
            asked = True
            folder.request(PauseRequest())

    assert run_folder(folder.path, listener=listen) == EXIT_FINISHED
    found = events(folder, RunPaused, RunContinued, kind)
    assert found[:2] == [RunPaused(step), RunContinued(step)]
    assert isinstance(found[2], kind)
