"""Links, pipes and devices in a project: refused, and what they lead to stays as it is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.shell.main_window import MainWindow
from app.shell.startup import tie
from engine.contract.files.regular_files import (
    UnsafeFileError,
    open_to_change,
    open_to_read,
    refuse_links,
)
from engine.contract.projects.project import ProjectFolder
from engine.contract.runs.events import RunState
from engine.contract.runs.folder import PauseRequest, RunFolder
from engine.contract.runs.journal import JournalWriter
from engine.contract.runs.lock import FolderLock, is_locked
from tests.helpers.errors import refused
from tests.helpers.fake_engine import COMMAND
from tests.helpers.fake_ports import discard, make_context
from tests.helpers.replies import RICH
from tests.hostile.conftest import Outside, Verbs
from workers.local.runner import LocalRunner

IN_RUN = (
    "run.json",
    "meta.json",
    "status.json",
    ".status.json.part",
    "events.jsonl",
    "control.jsonl",
    "engine.log",
    "lock",
    "outputs/test.jsonl",
    "outputs/test.meta.json",
)
FOLDERS_IN_RUN = ("outputs", "prefix", "checkpoints", "delta", "model")
IN_PROJECT = ("project.json", "lock", "project.lock")
FOLDERS_IN_PROJECT = ("datasets", "runs", "prefixes", "studies", "trash", "compare")


def put_link(place: Path, target: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(target)


@pytest.mark.parametrize("name", IN_RUN + FOLDERS_IN_RUN)
def test_every_verb_leaves_what_a_link_in_a_run_leads_to(
    run: RunFolder, outside: Outside, verbs: Verbs, call: Callable[[list[str]], str], name: str
) -> None:
    is_folder = name in FOLDERS_IN_RUN
    put_link(run.path / name, outside.folder if is_folder else outside.file)
    for words in verbs(run):
        call(words)


@pytest.mark.parametrize("name", IN_PROJECT + FOLDERS_IN_PROJECT)
def test_every_verb_leaves_what_a_link_in_a_project_leads_to(
    project: Path, outside: Outside, verbs: Verbs, call: Callable[[list[str]], str], name: str
) -> None:
    (path,) = (project / "runs").iterdir()
    words_of_verbs = verbs(RunFolder(path))
    is_folder = name in FOLDERS_IN_PROJECT
    put_link(project / name, outside.folder if is_folder else outside.file)
    for words in words_of_verbs:
        call(words)
    with refused("symbolic-link"):
        ProjectFolder(project).read()


@pytest.mark.parametrize(
    "name", ["runs/stranger", "prefixes/stranger", "datasets/x.sqlite", "studies/x"]
)
def test_a_link_among_the_runs_prefixes_or_datasets_is_refused(
    project: Path, outside: Outside, name: str, call: Callable[[list[str]], str]
) -> None:
    put_link(project / name, outside.folder)
    with refused("symbolic-link", UnsafeFileError, path=project / name):
        ProjectFolder(project).read()
    words = ["study", "length", "--name", "x", "--project", str(project), "--no-training"]
    assert name in call(words)


@pytest.mark.parametrize("kind", ["pipe", "zero"])
@pytest.mark.parametrize("name", IN_RUN)
def test_no_verb_waits_for_a_pipe_or_reads_a_device(
    run: RunFolder, verbs: Verbs, call: Callable[[list[str]], str], name: str, kind: str
) -> None:
    place = run.path / name
    if kind == "pipe":
        place.unlink(missing_ok=True)
        os.mkfifo(place)
    else:
        put_link(place, Path("/dev/zero"))
    for words in verbs(run):
        call(words)


def test_a_chosen_folder_may_itself_be_a_link(
    run: RunFolder, tmp_path: Path, call: Callable[[list[str]], str]
) -> None:
    (tmp_path / "mine").symlink_to(run.path)
    out = tmp_path / "exported"
    assert call(["export", str(tmp_path / "mine"), "--out", str(out)]) == ""
    assert (out / "prefix.safetensors").exists()


class TestOneFile:
    """The functions that everything above goes through."""

    def test_links_are_not_followed(self, tmp_path: Path, outside: Outside) -> None:
        link = tmp_path / "link"
        link.symlink_to(outside.file)
        for open_it in (open_to_read, open_to_change):
            with refused("symbolic-link", UnsafeFileError):
                open_it(link)
        with refused("symbolic-link", UnsafeFileError):
            JournalWriter(link, "r")
        with refused("symbolic-link", UnsafeFileError):
            refuse_links(tmp_path)

    def test_a_dangling_link_makes_no_file(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(tmp_path / "made")
        with refused("symbolic-link", UnsafeFileError):
            open_to_change(tmp_path / "link")
        assert not (tmp_path / "made").exists()

    def test_a_hard_link_is_not_appended_to(self, tmp_path: Path, outside: Outside) -> None:
        os.link(outside.file, tmp_path / "events.jsonl")
        with refused("hard-link", UnsafeFileError):
            JournalWriter(tmp_path / "events.jsonl", "r")

    def test_pipes_and_devices_are_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "lock")
        for open_it in (open_to_read, open_to_change):
            with refused("no-plain-file", UnsafeFileError):
                open_it(tmp_path / "lock")
        assert not is_locked(tmp_path)
        with refused("no-plain-file", UnsafeFileError):
            FolderLock(tmp_path).acquire()
        with refused("no-plain-file", UnsafeFileError):
            open_to_read(Path("/dev/zero"))

    def test_a_file_beyond_its_limit_is_not_read(self, tmp_path: Path) -> None:
        with open(tmp_path / "huge", "wb") as stream:
            stream.truncate(10_000_000_000)  # a hole: no room is taken
        with refused("file-too-large", UnsafeFileError, size=10_000_000_000, limit=1000):
            open_to_read(tmp_path / "huge", limit_bytes=1000)

    def test_requests_are_not_appended_through_a_link(
        self, run: RunFolder, outside: Outside
    ) -> None:
        put_link(run.control, outside.file)
        with refused("symbolic-link", UnsafeFileError):
            run.request(PauseRequest())


@pytest.mark.parametrize("name", IN_RUN + FOLDERS_IN_RUN)
def test_the_runner_leaves_what_a_link_leads_to(
    run: RunFolder, outside: Outside, name: str, qtbot: QtBot
) -> None:
    run_id = run.read_spec().run_id
    is_folder = name in FOLDERS_IN_RUN
    runner = LocalRunner(command=COMMAND)
    try:
        with qtbot.waitSignal(runner.status_changed):
            runner.follow(run.path)
        put_link(run.path / name, outside.folder if is_folder else outside.file)
        runner.pause(run_id)
        runner.stop(run_id, save=True)
        runner.submit(run.path)
        runner.stop(run_id, save=False)
    finally:
        runner.close()


@pytest.fixture
def window(tmp_path: Path, qtbot: QtBot) -> MainWindow:
    context = make_context(tmp_path / "settings.ini", replies=RICH)
    made = tie(context)
    qtbot.addWidget(made, before_close_func=lambda _widget: made.control.close())
    made.show()
    yield made
    made.control.close()
    discard(context)


@pytest.mark.parametrize("name", IN_RUN + FOLDERS_IN_RUN)
def test_the_window_opens_a_project_with_a_link_in_a_run(
    window: MainWindow, run: RunFolder, outside: Outside, name: str
) -> None:
    is_folder = name in FOLDERS_IN_RUN
    put_link(run.path / name, outside.folder if is_folder else outside.file)
    window.context.navigator.open_path(run.path.parents[1])
    assert window.context.project.is_open
    for page in ("data", "runs", "compare", "prefixes", "studies"):
        window.show_page(page)
    window.control.close()


@pytest.mark.parametrize("name", IN_PROJECT + FOLDERS_IN_PROJECT)
def test_the_window_refuses_a_project_that_is_links(
    window: MainWindow, project: Path, outside: Outside, name: str
) -> None:
    is_folder = name in FOLDERS_IN_PROJECT
    put_link(project / name, outside.folder if is_folder else outside.file)
    context: AppContext = window.context
    with refused("symbolic-link"):
        window.control.open(project)
    assert not context.project.is_open
    assert all(run.status.state is not RunState.STARTING for run in context.runs.all())
