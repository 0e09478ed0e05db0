"""A full disk, an unwritable folder, too little memory: one sentence, and nothing lost."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.backbones.loading import load_backbone
from engine.contract.errors import Remedy
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import Init, PrefixMethod
from engine.contract.runs.events import (
    Blame,
    CheckpointSaved,
    JournalEntry,
    RunFailed,
    RunState,
    TrainMetrics,
)
from engine.contract.runs.folder import RunFolder, RunStatus
from engine.data.examples import ExampleSets, TrainRow
from engine.methods.making import make_method
from engine.reporter import Silent
from engine.run import EXIT_FINISHED, EXIT_USER, run_folder
from engine.tasks.making import make_task
from engine.training.saving import save_trained
from tests.helpers.errors import refused
from tests.helpers.small_disk import SmallDisk, small_disk
from tests.helpers.tiny_runs import (
    TRAINING,
    Workshop,
    cache_in,
    end,
    events,
    losses,
    results,
    start_engine,
)

STEPS = 6


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", kilobytes=8000) as made:
        yield made


@pytest.fixture(scope="module")
def whole(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = make(workshop, tmp_path_factory.mktemp("whole") / "run")
    with cache_in(tmp_path_factory.mktemp("cache")):
        assert run_folder(folder.path) == EXIT_FINISHED
    return folder


def make(workshop: Workshop, place: Path) -> RunFolder:
    """A fine-tuning run: its checkpoints take some hundred kilobytes each."""
    training = replace(TRAINING, max_steps=STEPS, evaluate_every_steps=2)
    return workshop.run(place, workshop.spec("finetune", training=training))


def failure(folder: RunFolder) -> RunFailed:
    """The last verdict, which the status repeats."""
    failed = events(folder, RunFailed)[-1]
    assert isinstance(failed, RunFailed)
    assert failed.blame is Blame.USER
    assert "\n" not in failed.message
    status = folder.read_status()
    assert (status.state, status.message) == (RunState.FAILED, failed.message)
    return failed


def assert_resumes_to(whole: RunFolder, folder: RunFolder) -> None:
    assert run_folder(folder.path) == EXIT_FINISHED
    assert losses(folder) == losses(whole)
    assert results(folder) == results(whole)


def test_a_disk_that_is_too_small_for_a_checkpoint(
    workshop: Workshop, whole: RunFolder, disk: SmallDisk
) -> None:
    folder = make(workshop, disk.path / "run")

    def shrink(heard: JournalEntry | RunStatus) -> None:
        """After the first checkpoint there is room for half of the next one."""
        event = heard.event if isinstance(heard, JournalEntry) else None
        if isinstance(event, CheckpointSaved) and event.step == 2:
            checkpoint = sum(f.stat().st_size for f in folder.checkpoints.rglob("*.*"))
            used = sum(f.stat().st_size for f in folder.path.rglob("*.*"))
            disk.resize(used // 1024 + checkpoint // 2048)

    assert run_folder(folder.path, listener=shrink) == EXIT_USER
    failed = failure(folder)
    assert failed.step == 4
    assert failed.code == "disk-full"
    assert str(folder.checkpoints) in failed.message
    assert [event.step for event in events(folder, CheckpointSaved)] == [2]
    disk.resize(8000)
    assert_resumes_to(whole, folder)


def test_a_disk_that_takes_not_one_byte_more(
    workshop: Workshop, whole: RunFolder, disk: SmallDisk
) -> None:
    """Not even the verdict can be written: the process says it, and the run can be resumed."""
    folder = make(workshop, disk.path / "run")
    fillers = []

    def fill(heard: JournalEntry | RunStatus) -> None:
        event = heard.event if isinstance(heard, JournalEntry) else None
        if isinstance(event, TrainMetrics) and event.step == 3:
            fillers.append(disk.fill())

    with refused("disk-full"):
        run_folder(folder.path, listener=fill)
    assert folder.read_status().state is RunState.INTERRUPTED  # nobody could write a verdict
    assert folder.events.read_bytes().endswith(b"\n")
    fillers[0].unlink()
    assert_resumes_to(whole, folder)


def test_a_disk_that_became_read_only(
    workshop: Workshop, whole: RunFolder, disk: SmallDisk
) -> None:
    folder = make(workshop, disk.path / "run")
    disk.read_only(on=True)
    code, out, err = end(start_engine(folder.path))
    assert (code, out) == (EXIT_USER, "")
    assert err.startswith(f"{folder.path} ")
    assert "(Read-only file system)" in err
    disk.read_only(on=False)
    assert folder.read_status().state is RunState.QUEUED
    assert_resumes_to(whole, folder)


def test_no_room_for_the_fine_tuned_model(workshop: Workshop, disk: SmallDisk) -> None:
    folder = make(workshop, disk.path / "run")
    backbone = load_backbone(
        str(workshop.backbone("gpt2")),
        device=torch.device("cpu"),
        dtype=torch.float32,
        reporter=Silent(),
    )
    method = make_method(backbone, FinetuneMethod(), seed=0)
    disk.resize(120)
    spec = folder.read_spec()
    rows = ExampleSets([TrainRow("a", "b")], [], [])
    task = make_task(spec, rows, backbone, Silent(), position_offset=0)
    with refused("disk-full"):
        save_trained(folder, spec, method, task, data_name="huts.csv", train_rows=1, scores=())
    assert disk.free_kilobytes() > 60, "half of a model was left behind"
    assert not folder.model.exists()


def test_a_limit_on_the_size_of_files(workshop: Workshop, whole: RunFolder, tmp_path: Path) -> None:
    """As `ulimit -f` sets it; needs no rights of its own."""
    folder = make(workshop, tmp_path / "run")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    code, out, _ = end(start_engine(folder.path, prepare=limit))
    assert (code, out) == (EXIT_USER, "")
    failed = failure(folder)
    assert failed.code == "file-would-be-too-large"
    assert failed.step == 2
    assert_resumes_to(whole, folder)


def test_something_in_the_way_of_the_checkpoints(
    workshop: Workshop, whole: RunFolder, tmp_path: Path
) -> None:
    folder = make(workshop, tmp_path / "run")
    folder.checkpoints.write_text("not a folder")
    assert run_folder(folder.path) == EXIT_USER
    assert failure(folder).code == "not-writable"
    assert str(folder.checkpoints) in failure(folder).message
    folder.checkpoints.unlink()
    assert_resumes_to(whole, folder)


def test_less_memory_than_the_run_needs(workshop: Workshop, tmp_path: Path) -> None:
    """The kernel itself refuses; as `ulimit -v` sets it."""
    wide = PrefixMethod(prefix_length=2, mid_dim=200_000_000, init=Init.RANDOM)
    folder = workshop.run(tmp_path / "run", workshop.spec(wide))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, 4_000_000_000))

    code, out, _ = end(start_engine(folder.path, prepare=limit))
    assert (code, out) == (EXIT_USER, "")
    failed = failure(folder)
    assert failed.message.startswith("Out of memory with batch size 4")
    assert Remedy("MLP width 800, the paper's", (("method.mid_dim", "800"),)) in failed.remedies
