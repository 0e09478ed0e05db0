"""One run from its folder to its verdict: stop, pause, failures that are the user's, and resume."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.modules.module import register_module_forward_hook

from engine.backbones.fingerprint import fingerprint_of
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.runs.events import (
    Blame,
    CheckpointSaved,
    Evaluation,
    JournalEntry,
    Phase,
    RunCancelled,
    RunContinued,
    RunFailed,
    RunFinished,
    RunPaused,
    RunStarted,
    RunState,
    TrainMetrics,
)
from engine.contract.runs.folder import (
    ContinueRequest,
    PauseRequest,
    RunFolder,
    RunStatus,
    StopRequest,
)
from engine.contract.runs.lock import FolderLock
from engine.contract.specs.run import RunSpec
from engine.decoding.systems import Systems
from engine.reporter import Silent
from engine.run import EXIT_CANCELLED, EXIT_FINISHED, EXIT_OUR_FAULT, EXIT_USER, run_folder
from engine.training import checkpoint
from engine.training.checkpoint_files import STATE, TENSORS
from engine.training.memory import explain_memory_errors
from tests.helpers.errors import refused
from tests.helpers.projects import make_store
from tests.helpers.tiny_runs import (
    METHODS,
    TRAINING,
    Workshop,
    end,
    events,
    losses,
    results,
    start_engine,
)

Heard = JournalEntry | RunStatus
Act = Callable[[], None]


@pytest.fixture(scope="session")
def whole(finished_runs: dict[str, RunFolder]) -> dict[str, RunFolder]:
    """Each method's run, uninterrupted."""
    return finished_runs


class At:
    """A listener that does something once, when the run is at a certain place."""

    def __init__(self, act: Act, *, step: int = 0, phase: Phase | None = None) -> None:
        self._act, self._step, self._phase = act, step, phase
        self._done = False

    def __call__(self, heard: Heard) -> None:
        if not self._done and self._is_here(heard):
            self._done = True
            self._act()

    def _is_here(self, heard: Heard) -> bool:
        if isinstance(heard, RunStatus):
            return self._phase is not None and heard.phase is self._phase
        event = heard.event
        return isinstance(event, TrainMetrics) and event.step == self._step


def assert_resumes_to(whole: RunFolder, folder: RunFolder) -> None:
    """Resuming `folder` gives what the uninterrupted run gave, bit for bit."""
    assert run_folder(folder.path) == EXIT_FINISHED
    assert folder.read_status().state is RunState.FINISHED
    assert losses(folder) == losses(whole)
    assert results(folder) == results(whole)


def only(folder: RunFolder, kind: type[Any]) -> Any:
    (found,) = events(folder, kind)
    return found


@contextmanager
def raising_in_forward(error: Exception, *, after: int) -> Iterator[None]:
    """Every module's forward raises `error` once `after` of them were done."""
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1
        if calls > after:
            raise error

    handle = register_module_forward_hook(count)
    try:
        yield
    finally:
        handle.remove()


@pytest.mark.parametrize("method", METHODS)
def test_stop_and_save_resumes_where_it_was(
    workshop: Workshop, whole: dict[str, RunFolder], tmp_path: Path, method: str
) -> None:
    folder = workshop.run(tmp_path / "run", workshop.spec(method))
    stop = At(lambda: folder.request(StopRequest(save=True)), step=6)
    assert run_folder(folder.path, listener=stop) == EXIT_CANCELLED
    assert folder.read_status().state is RunState.CANCELLED
    assert only(folder, RunCancelled) == RunCancelled(step=6, saved_step=6)
    with refused("run-not-finished", path=folder.path, state="cancelled"):
        Systems().load(folder.path, Silent())
    assert_resumes_to(whole[method], folder)
    assert [event.resumed_from_step for event in events(folder, RunStarted)] == [None, 6]
    assert all(len(found) == 1 for found in losses(folder).values())


def test_stop_without_saving_goes_back_to_the_checkpoint(
    workshop: Workshop, whole: dict[str, RunFolder], tmp_path: Path
) -> None:
    folder = workshop.run(tmp_path / "run", workshop.spec("mlp"))
    stop = At(lambda: folder.request(StopRequest(save=False)), step=6)
    assert run_folder(folder.path, listener=stop) == EXIT_CANCELLED
    assert only(folder, RunCancelled) == RunCancelled(step=6, saved_step=4)
    assert_resumes_to(whole["mlp"], folder)


@pytest.mark.parametrize("phase", [Phase.LOADING, Phase.EVALUATING, Phase.DECODING])
def test_a_stop_is_obeyed_in_every_phase(
    workshop: Workshop, whole: dict[str, RunFolder], tmp_path: Path, phase: Phase
) -> None:
    folder = workshop.run(tmp_path / "run", workshop.spec("direct"))
    stop = At(lambda: folder.request(StopRequest(save=True)), phase=phase)
    assert run_folder(folder.path, listener=stop) == EXIT_CANCELLED
    saved = {Phase.LOADING: None, Phase.EVALUATING: 4, Phase.DECODING: 12}[phase]
    assert only(folder, RunCancelled) == RunCancelled(step=saved or 0, saved_step=saved)
    assert_resumes_to(whole["direct"], folder)
    assert [event.step for event in events(folder, Evaluation)] == [4, 8, 12]


def test_sigterm_is_a_stop_without_saving(
    workshop: Workshop, whole: dict[str, RunFolder], tmp_path: Path
) -> None:
    folder = workshop.run(tmp_path / "run", workshop.spec("mlp"))
    before = signal.getsignal(signal.SIGTERM)
    terminate = At(lambda: os.kill(os.getpid(), signal.SIGTERM), step=9)
    assert run_folder(folder.path, listener=terminate) == EXIT_CANCELLED
    assert folder.read_status().state is RunState.CANCELLED
    assert only(folder, RunCancelled) == RunCancelled(step=9, saved_step=8)
    assert signal.getsignal(signal.SIGTERM) is before
    assert_resumes_to(whole["mlp"], folder)


def test_a_paused_run_waits_and_goes_on(
    workshop: Workshop, whole: dict[str, RunFolder], tmp_path: Path
) -> None:
    folder = workshop.run(tmp_path / "run", workshop.spec("mlp"))
    states = []

    def listen(heard: Heard) -> None:
        if isinstance(heard, RunStatus):
            states.append(heard.state)
            if heard.state is RunState.PAUSED:
                assert folder.read_status().state is RunState.PAUSED
                folder.request(ContinueRequest())
        elif isinstance(heard.event, TrainMetrics) and heard.event.step == 5:
            folder.request(PauseRequest())

    assert run_folder(folder.path, listener=listen) == EXIT_FINISHED
    assert events(folder, RunPaused, RunContinued) == [RunPaused(5), RunContinued(5)]
    at = states.index(RunState.PAUSED)
    assert states[at - 1 : at + 2] == [RunState.RUNNING, RunState.PAUSED, RunState.RUNNING]
    assert losses(folder) == losses(whole["mlp"])
    worked = [event.elapsed_s for event in events(folder, TrainMetrics)]
    assert worked == sorted(worked)


def test_a_paused_run_can_be_stopped(workshop: Workshop, tmp_path: Path) -> None:
    folder = workshop.run(tmp_path / "run", workshop.spec("mlp"))

    def listen(heard: Heard) -> None:
        if isinstance(heard, RunStatus) and heard.state is RunState.PAUSED:
            folder.request(StopRequest(save=True))
        elif isinstance(heard, JournalEntry) and isinstance(heard.event, TrainMetrics):
            folder.request(PauseRequest())

    assert run_folder(folder.path, listener=listen) == EXIT_CANCELLED
    assert events(folder, RunPaused, RunContinued, RunCancelled) == [
        RunPaused(1),
        RunCancelled(step=1, saved_step=1),
    ]


def test_requests_to_an_engine_of_the_past_are_not_obeyed(
    workshop: Workshop, tmp_path: Path
) -> None:
    folder = workshop.run(tmp_path / "run", workshop.spec("direct"))
    folder.request(StopRequest(save=True))
    assert run_folder(folder.path) == EXIT_FINISHED


def fails(folder: RunFolder) -> RunFailed:
    """Run to a failure that is the user's; the event, which the status repeats."""
    assert run_folder(folder.path) == EXIT_USER
    failed: RunFailed = only(folder, RunFailed)
    status = folder.read_status()
    assert status.state is RunState.FAILED
    assert status.message == failed.message
    assert failed.blame is Blame.USER
    assert failed.traceback == ""
    assert "\n" not in failed.message
    return failed


def test_another_dataset_is_refused_and_the_right_one_put_back(
    workshop: Workshop, whole: dict[str, RunFolder], tmp_path: Path
) -> None:
    right, here = workshop.dataset.read_bytes(), tmp_path / "data.sqlite"
    spec = workshop.spec("mlp")
    folder = workshop.run(
        tmp_path / "run", replace(spec, data=replace(spec.data, dataset="../data.sqlite"))
    )
    make_store(here, workshop.mapping.named(*[c.role for c in workshop.mapping.columns]), [])
    failed = fails(folder)
    assert str(here) in failed.message
    here.write_bytes(right)
    assert_resumes_to(whole["mlp"], folder)


def test_a_missing_dataset_and_a_missing_backbone_say_what_to_do(
    workshop: Workshop, tmp_path: Path
) -> None:
    spec = workshop.spec("mlp")
    lost = replace(spec, data=replace(spec.data, dataset="gone.sqlite"))
    failed = fails(workshop.run(tmp_path / "data", lost))
    assert "gone.sqlite" in failed.message
    lost = replace(spec, backbone=str(tmp_path / "no-backbone"))
    failed = fails(workshop.run(tmp_path / "backbone", lost))
    assert lost.backbone in failed.message


def test_an_unknown_architecture_ends_a_run_before_it_trains(
    workshop: Workshop, tmp_path: Path
) -> None:
    other = shutil.copytree(workshop.backbone("llama"), tmp_path / "mamba")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"model_type": "mamba"}))
    folder = workshop.run(tmp_path / "run", replace(workshop.spec("mlp"), backbone=str(other)))
    assert fails(folder).message.count("mamba") == 2  # the folder and the architecture
    assert not events(folder, RunStarted)


def test_a_damaged_backbone_is_the_users_to_mend(workshop: Workshop, tmp_path: Path) -> None:
    damaged = shutil.copytree(workshop.backbone("llama"), tmp_path / "damaged")
    weights = damaged / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    spec = replace(workshop.spec("mlp"), backbone=str(damaged))
    assert str(damaged) in fails(workshop.run(tmp_path / "run", spec)).message


def stopped(workshop: Workshop, place: Path, spec: RunSpec) -> RunFolder:
    """A run that was stopped and saved at step 6."""
    folder = workshop.run(place, spec)
    stop = At(lambda: folder.request(StopRequest(save=True)), step=6)
    assert run_folder(folder.path, listener=stop) == EXIT_CANCELLED
    return folder


@pytest.mark.parametrize("damage", ["tensors", "state", "no state"])
def test_a_damaged_checkpoint_is_named(
    workshop: Workshop, whole: dict[str, RunFolder], tmp_path: Path, damage: str
) -> None:
    folder = stopped(workshop, tmp_path / "run", workshop.spec("direct"))
    place = checkpoint.latest(folder.checkpoints)
    assert place is not None
    if damage == "tensors":
        tensors = place / TENSORS
        tensors.write_bytes(tensors.read_bytes()[:-10])
    elif damage == "state":
        (place / STATE).write_bytes(b"\xff{")
    else:
        (place / STATE).unlink()
    optimiser = torch.optim.AdamW([torch.zeros(1)])
    backbone = fingerprint_of(workshop.backbone("llama"), Silent())
    with refused("checkpoint-damaged", path=place, older_step=None) as caught:
        checkpoint.load(place, {}, optimiser, backbone=backbone)
    assert fails(folder).message == caught.value.message
    shutil.rmtree(place)  # as it says; then the run starts from its beginning
    assert_resumes_to(whole["direct"], folder)


def test_a_checkpoint_of_another_backbone_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    backbone = shutil.copytree(workshop.backbone("llama"), tmp_path / "backbone")
    spec = replace(workshop.spec("mlp"), backbone=str(backbone))
    folder = stopped(workshop, tmp_path / "run", spec)
    shutil.rmtree(backbone)
    shutil.copytree(workshop.backbone("llama-wide-heads"), backbone)
    message = fails(folder).message
    assert str(checkpoint.latest(folder.checkpoints)) in message
    assert fingerprint_of(backbone, Silent())[:12] in message


def test_out_of_memory_says_what_would_need_less(
    workshop: Workshop, whole: dict[str, RunFolder], tmp_path: Path
) -> None:
    folder = workshop.run(tmp_path / "run", workshop.spec("mlp"))
    error = torch.OutOfMemoryError("Tried to allocate 20.00 MiB.\nSee the documentation.")
    with raising_in_forward(error, after=300):
        failed = fails(folder)
    assert failed.step > 0
    with refused("out-of-memory") as caught, explain_memory_errors(folder.read_spec()):
        raise error
    assert failed.message == caught.value.message
    assert [remedy.changes for remedy in failed.remedies] == [
        (("training.micro_batch", '"auto"'),),
        (("training.batch_size", "2"), ("training.accumulation_steps", "4")),
        (("training.gradient_checkpointing", "true"),),
        (("data.max_source_tokens", "256"),),
    ]
    assert_resumes_to(whole["mlp"], folder)


def test_a_fault_of_ours_keeps_its_traceback_and_the_run_can_go_on(
    workshop: Workshop, whole: dict[str, RunFolder], tmp_path: Path
) -> None:
    folder = workshop.run(tmp_path / "run", workshop.spec("mlp"))
    with raising_in_forward(ValueError("no such thing"), after=300):
        assert run_folder(folder.path) == EXIT_OUR_FAULT
    failed = only(folder, RunFailed)
    assert failed.blame is Blame.ENGINE
    assert failed.message == "ValueError: no such thing"
    assert "Traceback" in failed.traceback
    assert_resumes_to(whole["mlp"], folder)


def test_a_second_engine_on_the_same_folder_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    folder = workshop.run(tmp_path / "run", workshop.spec("direct"))
    others = []

    def start_another() -> None:
        others.append(end(start_engine(folder.path)))

    assert run_folder(folder.path, listener=At(start_another, step=3)) == EXIT_FINISHED
    ((code, out, err),) = others
    assert (code, out) == (EXIT_USER, "")
    assert str(folder.path) in err
    assert err.count("\n") == 1
    with FolderLock(folder.path) as lock:
        assert lock.acquire()
        with refused("run-in-use", path=folder.path):
            run_folder(folder.path)
    assert len(events(folder, RunStarted)) == 1
    assert events(folder, RunFailed) == []


def test_patience_and_a_run_without_held_out_inputs(workshop: Workshop, tmp_path: Path) -> None:
    spec = workshop.spec("mlp", training=replace(TRAINING, max_steps=3))
    split = replace(spec.data.split, valid_fraction=0.0, test_fraction=0.0)
    folder = workshop.run(tmp_path / "bare", replace(spec, data=replace(spec.data, split=split)))
    assert run_folder(folder.path) == EXIT_FINISHED
    assert only(folder, RunFinished).best_step == 3
    assert not folder.outputs.exists()
    assert folder.prefix.is_dir()

    impatient = replace(
        TRAINING,
        max_steps=40,
        evaluate_every_steps=1,
        patience_evaluations=2,
        learning_rate=1e-12,  # nothing gets better
        evaluate_bleu=False,
    )
    method = replace(METHODS["mlp"], dropout=0.0)
    assert isinstance(method, PrefixMethod)
    folder = workshop.run(tmp_path / "early", workshop.spec(method, training=impatient))
    assert run_folder(folder.path) == EXIT_FINISHED
    finished = only(folder, RunFinished)
    assert finished.stopped_early
    assert finished.best_step < finished.step < 40
    assert events(folder, CheckpointSaved)[-1].step == finished.step
