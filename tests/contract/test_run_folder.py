"""A run's folder: its small files, and what it says when its process is gone."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.contract import codec
from engine.contract.runs.events import Phase, RunCancelled, RunState
from engine.contract.runs.folder import (
    ContinueRequest,
    ControlLine,
    PauseRequest,
    RunFolder,
    RunMeta,
    RunStatus,
    StopRequest,
    interrupted,
)
from engine.contract.runs.journal import JournalReader
from engine.contract.runs.lock import FolderLock
from engine.contract.specs.training import SelectBy
from tests.contract.children import HOLD_LOCK, python
from tests.contract.objects import RUN_ID, SPEC
from tests.helpers.errors import refused
from tests.helpers.small_disk import small_disk

META = RunMeta("First try", tags=("e2e", "größer"), notes="a\nb", created_s=1.5)
AT_WORK = RunStatus(
    RUN_ID,
    RunState.RUNNING,
    phase=Phase.TRAINING,
    done=30,
    total=100,
    step=30,
    total_steps=100,
    remaining_s=12.5,
    pid=4242,
    updated_s=99.0,
)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "runs" / RUN_ID, SPEC, META)


def test_a_new_run_is_queued_and_reads_back(folder: RunFolder) -> None:
    opened = RunFolder(folder.path)
    assert opened.read_spec() == SPEC
    assert opened.read_meta() == META
    assert opened.read_status() == RunStatus(RUN_ID, RunState.QUEUED)
    assert sorted(p.name for p in folder.path.iterdir()) == ["meta.json", "run.json", "status.json"]


def test_a_run_that_selected_by_bleu_without_any_opens_as_it_was_run(folder: RunFolder) -> None:
    path = folder.path / "run.json"
    text = path.read_text(encoding="utf-8")
    changed = text.replace('"select_by": "loss"', '"select_by": "bleu"')
    path.write_text(
        changed.replace('"evaluate_bleu": true', '"evaluate_bleu": false'), encoding="utf-8"
    )
    assert folder.read_spec().training.select_by is SelectBy.LOSS
    assert not folder.read_spec().training.evaluate_bleu


def test_a_second_run_in_the_same_folder_is_refused(folder: RunFolder) -> None:
    with refused("folder-has-a-run", path=folder.path):
        RunFolder.create(folder.path, SPEC, META)
    assert folder.read_spec() == SPEC


def test_a_run_cannot_be_made_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        with refused("not-writable"):
            RunFolder.create(path, SPEC, META)


def test_meta_can_be_changed_and_may_be_missing(folder: RunFolder) -> None:
    folder.write_meta(replace(META, name="Renamed", starred=True))
    assert folder.read_meta().name == "Renamed"
    (folder.path / "meta.json").unlink()
    assert folder.read_meta() == RunMeta(RUN_ID)


@pytest.mark.parametrize(
    "state", [s for s in RunState if s.is_final or s is RunState.QUEUED], ids=lambda s: s.value
)
def test_a_state_without_a_process_is_what_was_written(folder: RunFolder, state: RunState) -> None:
    status = replace(AT_WORK, state=state, message="because")
    folder.write_status(status)
    assert folder.read_status() == status


@pytest.mark.parametrize("state", [s for s in RunState if s.is_active], ids=lambda s: s.value)
def test_a_state_at_work_needs_a_process_that_holds_the_lock(
    folder: RunFolder, state: RunState
) -> None:
    folder.write_status(replace(AT_WORK, state=state))
    with FolderLock(folder.path) as lock:
        assert lock.acquire()
        assert folder.read_status() == replace(AT_WORK, state=state)
    status = folder.read_status()
    assert status.state is RunState.INTERRUPTED
    assert (status.run_id, status.step, status.total_steps) == (RUN_ID, 30, 100)
    assert status.message
    assert (status.phase, status.remaining_s, status.pid) == (None, None, 0)
    assert status == interrupted(AT_WORK)


def test_every_state_is_final_or_active_or_queued() -> None:
    final = {"finished", "cancelled", "failed", "interrupted"}
    assert {s.value for s in RunState if s.is_final} == final
    assert {s.value for s in RunState if not s.is_final and not s.is_active} == {"queued"}


def test_a_killed_process_leaves_an_interrupted_run(folder: RunFolder) -> None:
    folder.write_status(AT_WORK)
    with python(HOLD_LOCK, str(folder.path)) as child:
        assert folder.read_status().state is RunState.RUNNING
        child.kill()
        child.wait()
        assert folder.read_status().state is RunState.INTERRUPTED


def test_a_verdict_is_recorded_for_a_process_that_left_none(folder: RunFolder) -> None:
    folder.write_status(AT_WORK)
    (folder.checkpoints / "step-000020").mkdir(parents=True)
    (folder.checkpoints / "best-000030").mkdir()
    event = RunCancelled(AT_WORK.step, folder.saved_step())
    ended = AT_WORK.without_process(RunState.CANCELLED)
    assert folder.conclude(ended, event) == ended == folder.read_status()
    (entry,) = JournalReader(folder.events, RUN_ID).read_new()
    assert entry.event == RunCancelled(AT_WORK.step, 20)


def test_a_run_that_another_process_resumed_gets_no_verdict(folder: RunFolder) -> None:
    folder.write_status(AT_WORK)
    with python(HOLD_LOCK, str(folder.path)):
        status = folder.conclude(AT_WORK.without_process(RunState.FAILED), RunCancelled(1, None))
    assert status == AT_WORK
    assert not folder.events.exists()


def test_a_verdict_written_between_two_looks_counts(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = replace(AT_WORK, state=RunState.FINISHED)

    def ends_now(path: Path) -> bool:
        folder.write_status(finished)
        return False

    folder.write_status(AT_WORK)
    monkeypatch.setattr("engine.contract.runs.folder.is_locked", ends_now)
    assert folder.read_status() == finished


@pytest.mark.parametrize("text", ["", "\0" * 200, '{"type": "RunStatus", "run_id', None])
def test_a_status_lost_to_a_power_cut_is_an_interruption(
    folder: RunFolder, text: str | None
) -> None:
    path = folder.path / "status.json"
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    assert folder.read_status().state is RunState.INTERRUPTED
    with FolderLock(folder.path) as lock:
        assert lock.acquire()
        assert folder.read_status() == RunStatus(RUN_ID, RunState.STARTING)


def test_a_status_of_a_newer_version_is_refused(folder: RunFolder) -> None:
    text = codec.to_text(AT_WORK).replace('"version": 1', '"version": 2, "mood": "good"')
    (folder.path / "status.json").write_text(text)
    with refused("newer-version", path="RunStatus", version="2", supported=1):
        folder.read_status()


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ("", "damaged-run-file", "not-json"),
        ("{}", "damaged-run-file", "missing-field"),
        ("[1]", "damaged-run-file", "unexpected-value"),
        ("\udcff", "unreadable", ""),
    ],
)
def test_a_damaged_run_is_the_users_matter(
    folder: RunFolder, text: str, code: str, reason: str
) -> None:
    (folder.path / "run.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with refused(code, path=folder.path / "run.json") as caught:
        folder.read_spec()
    assert getattr(caught.value.values["reason"], "code", "") == reason


def test_a_run_of_a_newer_version_is_refused(folder: RunFolder) -> None:
    text = codec.to_text(SPEC).replace('"version": 2', '"version": 7, "later": {}')
    (folder.path / "run.json").write_text(text)
    with refused("newer-version", path="RunSpec", version="7", supported=2):
        folder.read_spec()


def test_another_folder_is_not_a_run(tmp_path: Path) -> None:
    for read in (RunFolder(tmp_path).read_spec, RunFolder(tmp_path).read_status):
        with refused("no-run-folder", path=tmp_path, file="run.json"):
            read()


def test_requests_are_lines_that_are_only_appended(folder: RunFolder) -> None:
    requests = (PauseRequest(), ContinueRequest(), StopRequest(save=True), StopRequest(save=False))
    for request in requests:
        folder.request(request)
    lines = folder.control.read_text("utf-8").splitlines()
    assert tuple(codec.from_text(ControlLine, line).request for line in lines) == requests


def test_a_full_disk_while_at_work_is_the_users_matter(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=200) as disk:
        folder = RunFolder.create(disk.path / "run", SPEC, META)
        disk.fill()
        with refused("disk-full", folder=folder.path):
            folder.request(PauseRequest())
        with refused("disk-full", folder=folder.path):
            folder.write_status(AT_WORK)
        assert folder.read_status().state is RunState.QUEUED


def test_a_deleted_run_takes_no_requests(folder: RunFolder) -> None:
    gone = RunFolder(folder.path / "gone")
    with refused("not-writable", reason="No such file or directory"):
        gone.request(PauseRequest())


def test_paths_of_the_spec_are_relative_to_the_run(folder: RunFolder, tmp_path: Path) -> None:
    assert folder.resolve("../../datasets/a.sqlite") == tmp_path / "datasets" / "a.sqlite"
    assert folder.resolve(str(tmp_path / "b")) == tmp_path / "b"
