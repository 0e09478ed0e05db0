"""SIGKILL at any moment: INTERRUPTED, and the resumed run is the uninterrupted one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest
import torch

from engine.contract.runs.events import (
    Evaluation,
    OutputsSaved,
    Phase,
    RunFinished,
    RunStarted,
    RunState,
    TrainMetrics,
)
from engine.contract.runs.folder import RunFolder
from engine.contract.specs.run import RunSpec
from engine.contract.tasks.generation import GenerationTask
from engine.run import run_folder
from engine.training import checkpoint
from tests.helpers.tiny_runs import (
    TRAINING,
    Watcher,
    Workshop,
    cache_in,
    events,
    kill,
    losses,
    results,
    start_engine,
    wait_until,
)

STEPS = 18
MOMENTS: dict[str, Callable[[Watcher], bool]] = {
    "in the first steps": lambda run: run.told(TrainMetrics, at_least_step=2),
    "in a late evaluation": lambda run: run.in_phase(Phase.EVALUATING) and run.step > STEPS // 3,
    "while decoding": lambda run: run.in_phase(Phase.DECODING),
}
CHOSEN = {"mlp": ("in the first steps", "while decoding"), "finetune": ("in a late evaluation",)}
"""Every process costs seconds of importing."""
THREADS = 2
"""Of each run: equal to the last bit with several threads too."""


@dataclass(frozen=True)
class Pair:
    """The same run once left alone, and once killed at each of the moments."""

    whole: RunFolder
    killed: RunFolder
    kills: dict[str, tuple[RunState, int | None]]


def slow_spec(workshop: Workshop, method: str) -> RunSpec:
    """A run of a second, so that each of its phases can be seen."""
    training = replace(
        TRAINING, max_steps=STEPS, evaluate_every_steps=STEPS // 3, checkpoint_every_steps=4
    )
    spec = workshop.spec(method, training=training)
    slow = replace(spec.task.decoding, max_new_tokens=24, min_new_tokens=24, batch_size=1)
    return replace(spec, task=GenerationTask(slow))


def finish(folder: RunFolder) -> None:
    """Run it to its end, in this process."""
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        assert run_folder(folder.path) == 0
    finally:
        torch.set_num_threads(before)


def kill_at(folder: RunFolder, moment: str) -> tuple[RunState, int | None]:
    """Kill an engine then; the state after that, and the step of the last checkpoint."""
    watcher = Watcher(folder)
    process = start_engine(folder.path)
    wait_until(process, lambda: MOMENTS[moment](watcher), what=moment)
    kill(process)
    place = checkpoint.latest(folder.checkpoints)
    saved = None if place is None else int(place.name.removeprefix("step-"))
    return folder.read_status().state, saved


@pytest.fixture(scope="module")
def pairs(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    """All are killed at once, and then go on one after the other."""
    place = tmp_path_factory.mktemp("killed")
    specs = {method: slow_spec(workshop, method) for method in CHOSEN}

    def kills(method: str) -> dict[str, tuple[RunState, int | None]]:
        killed = workshop.run(place / method / "killed", specs[method])
        return {moment: kill_at(killed, moment) for moment in CHOSEN[method]}

    pairs = {}
    with cache_in(place / "cache"), pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", str(THREADS))
        with ThreadPoolExecutor(2) as pool:
            killed = dict(zip(CHOSEN, pool.map(kills, CHOSEN), strict=True))
        for method, spec in specs.items():
            whole = workshop.run(place / method / "whole", spec)
            pairs[method] = Pair(whole, RunFolder(place / method / "killed"), killed[method])
            finish(whole)
            finish(pairs[method].killed)
    return pairs


@pytest.mark.parametrize("method", CHOSEN)
def test_a_run_killed_again_and_again_is_the_uninterrupted_one(
    pairs: dict[str, Pair], method: str
) -> None:
    pair = pairs[method]
    states, saved = zip(*pair.kills.values(), strict=True)
    assert set(states) == {RunState.INTERRUPTED}
    starts = [event.resumed_from_step for event in events(pair.killed, RunStarted)]
    assert starts == [None, *saved]
    if "in a late evaluation" in pair.kills:
        assert pair.kills["in a late evaluation"][1] in range(8, STEPS + 1)
    if "while decoding" in pair.kills:
        assert pair.kills["while decoding"][1] == STEPS

    assert losses(pair.whole).keys() == set(range(1, STEPS + 1))
    assert all(len(found) == 1 for found in losses(pair.whole).values())
    assert losses(pair.killed) == losses(pair.whole)
    looks = [
        {(event.step, event.valid_loss, event.scores) for event in events(run, Evaluation)}
        for run in (pair.whole, pair.killed)
    ]
    assert looks[0] == looks[1]
    assert results(pair.killed) == results(pair.whole)


@pytest.mark.parametrize("method", CHOSEN)
def test_a_finished_run_has_all_it_should(pairs: dict[str, Pair], method: str) -> None:
    pair = pairs[method]
    for folder in (pair.whole, pair.killed):
        assert folder.read_status().state is RunState.FINISHED
        (finished,) = events(folder, RunFinished)
        (saved,) = events(folder, OutputsSaved)
        assert finished.step == STEPS
        assert [score.metric for score in saved.scores] == ["bleu", "chrf", "rougeL"]
        assert not folder.checkpoints.exists()
        names = {path.name for path in folder.path.iterdir()}
        kept = "model" if method == "finetune" else "prefix"
        usual = {"run.json", "meta.json", "status.json", "events.jsonl", "lock", "outputs"}
        assert names == {*usual, kept}
