"""SIGKILL while labels, tags and spans are learned: the resumed run is the uninterrupted one."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.lora import LoraMethod
from engine.contract.methods.p_tuning import PTuningMethod
from engine.contract.methods.prefix import Init, PrefixMethod
from engine.contract.runs.events import Evaluation, Phase, RunStarted, RunState
from engine.contract.runs.folder import RunFolder
from engine.contract.specs.run import RunSpec
from engine.contract.specs.starting import PromptPlacement
from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.words import Calibration, ReadoutKind, WordsSpec
from engine.run import EXIT_FINISHED
from tests.helpers.killed_runs import in_children
from tests.helpers.reading_runs import LABEL, SPAN, TAGS, reading_spec
from tests.helpers.tiny_runs import TRAINING, Workshop, events, losses, results

PREFIX = PrefixMethod(prefix_length=4, mid_dim=16, dropout=0.1, init=Init.RANDOM)
IN_TEMPLATE = PTuningMethod(placement=PromptPlacement.TEMPLATE, train_backbone=True)
WORDS = LabelTask(
    words=WordsSpec(
        readout=ReadoutKind.WORDS,
        template="{text}[soft*3] [blank]",
        calibration=Calibration.MEAN,
    )
)
STEPS = 14
SOON = replace(TRAINING, max_steps=STEPS, evaluate_every_steps=5, checkpoint_every_steps=3)
KILLS = ((Phase.TRAINING, 8), (Phase.EVALUATING, 10), (Phase.PREDICTING, STEPS))
SAVED = (6, 9, STEPS)
"""The steps of the last checkpoints at those moments."""
CASES: dict[str, Callable[[Workshop, Path], RunSpec]] = {
    "labels by a head": lambda workshop, place: reading_spec(
        workshop, place, LABEL, PREFIX, training=SOON
    ),
    "labels by words": lambda workshop, place: replace(
        reading_spec(workshop, place, LABEL, IN_TEMPLATE, backbone="gpt2", training=SOON),
        task=WORDS,
    ),
    "tags": lambda workshop, place: reading_spec(
        workshop, place, TAGS, LoraMethod(rank=4), backbone="llama", training=SOON
    ),
    "spans": lambda workshop, place: reading_spec(
        workshop, place, SPAN, PREFIX, backbone="roberta", training=SOON
    ),
    "full fine-tuning with a head": lambda workshop, place: reading_spec(
        workshop, place, LABEL, FinetuneMethod(), training=SOON
    ),
}


@dataclass(frozen=True)
class Pair:
    """The same run left alone, and killed at each of the moments before it was finished."""

    whole: RunFolder
    killed: RunFolder
    ends: list[tuple[int, RunState]]


@pytest.fixture(scope="module")
def pairs(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    """All in children of one process."""
    place = tmp_path_factory.mktemp("killed")
    folders = {
        name: [workshop.run(place / name / each, make(workshop, place)) for each in "ab"]
        for name, make in CASES.items()
    }
    turns = (None, *KILLS, None)
    ends = in_children(
        [
            (folder.path, end)
            for whole, killed in folders.values()
            for folder, end in zip((whole, *[killed] * 4), turns, strict=True)
        ]
    )
    return {
        name: Pair(*both, ends[len(turns) * number :][: len(turns)])
        for number, (name, both) in enumerate(folders.items())
    }


@pytest.mark.parametrize("name", CASES)
def test_a_run_killed_again_and_again_is_the_uninterrupted_one(
    pairs: dict[str, Pair], name: str
) -> None:
    pair = pairs[name]
    finished = (EXIT_FINISHED, RunState.FINISHED)
    assert pair.ends == [finished, *[(-signal.SIGKILL, RunState.INTERRUPTED)] * 3, finished]
    starts = [event.resumed_from_step for event in events(pair.killed, RunStarted)]  # type: ignore[attr-defined]
    assert starts == [None, *SAVED]
    assert losses(pair.whole).keys() == set(range(1, STEPS + 1))
    assert all(len(each) == 1 for each in losses(pair.whole).values())
    assert losses(pair.killed) == losses(pair.whole)
    whole, killed = (
        {(event.step, event.valid_loss, event.scores) for event in events(run, Evaluation)}  # type: ignore[attr-defined]
        for run in (pair.whole, pair.killed)
    )
    assert killed == whole
    assert results(pair.killed) == results(pair.whole)
    is_tuned = name == "full fine-tuning with a head"
    assert ("head.safetensors" in results(pair.whole)) == (name != "labels by words")
    assert pair.whole.model.is_dir() == is_tuned
    assert not pair.killed.checkpoints.exists()
