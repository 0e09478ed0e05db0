"""Every test of the window: its own settings, and nothing left behind."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from app.context import AppContext
from app.qt.idle_task import turn_queue
from app.shell.messages import Message
from tests.helpers.fake_ports import FakeClient, FakeRunner, discard, make_context
from tests.helpers.living import LIVING
from tests.helpers.processes import children
from tests.helpers.projects import make_project, make_rich_project


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/tests/app/" in item.path.as_posix():
            # The offscreen platform has no size hints, keyboard grabs and the like to pass on.
            item.add_marker(pytest.mark.qt_log_ignore("^This plugin does not support"))


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own settings, documents, logs and caches are never touched."""
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / "home" / name.lower()))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PREFIX_WORKBENCH_CACHE", str(tmp_path / "home" / "backbones"))


@pytest.fixture(autouse=True)
def leaves_nothing_behind(qapp: QApplication) -> Iterator[None]:
    """Fail the test that leaves a thread, timer, child process or top-level widget."""
    LIVING.set_aside()
    widgets = set(QApplication.topLevelWidgets())
    children = _children()
    timers = {id(timer) for timer in LIVING.timers()}
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    turn_queue().drop_deleted()
    LIVING.look()
    left = [repr(widget) for widget in QApplication.topLevelWidgets() if widget not in widgets]
    left += [repr(thread) for thread in LIVING.threads() if thread is not qapp.thread()]
    active = [timer for timer in LIVING.timers() if id(timer) not in timers]
    left += [f"{timer!r} of {timer.parent()!r}" for timer in active]
    left += [f"process {pid}" for pid in _children() - children]
    assert not left, "the test left behind: " + ", ".join(left)


def _children() -> set[int]:
    """Child processes that are alive."""
    return {pid for pid in children() if _is_alive(pid)}


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


@pytest.fixture
def context(qapp: QApplication, tmp_path: Path) -> Iterator[AppContext]:
    """Real models over fake ports, with no project open."""
    made = make_context(tmp_path / "settings.ini")
    yield made
    discard(made)


@pytest.fixture
def said(context: AppContext) -> list[Message]:
    """The short messages that were posted, in order."""
    posted: list[Message] = []
    context.messages.posted.connect(posted.append)
    return posted


@pytest.fixture(scope="session")
def project_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `project` is a copy of."""
    return make_project(tmp_path_factory.mktemp("template") / "project")


@pytest.fixture(scope="session")
def rich_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `rich_project` is a copy of."""
    return make_rich_project(tmp_path_factory.mktemp("template") / "rich")


@pytest.fixture
def project(project_template: Path, tmp_path: Path) -> Path:
    """A project folder with a dataset and no runs."""
    return Path(shutil.copytree(project_template, tmp_path / "project"))


@pytest.fixture
def rich_project(rich_template: Path, tmp_path: Path) -> Path:
    """A project folder with a dataset and a run in each state."""
    return Path(shutil.copytree(rich_template, tmp_path / "rich"))


@pytest.fixture
def open_project(context: AppContext) -> Callable[[Path], None]:
    """Open a project with its runs, as the window does."""

    def open_it(path: Path) -> None:
        context.project.open(path)
        assert context.project.folder is not None
        for run in context.project.folder.run_paths():
            context.runs.add(run)

    return open_it


@pytest.fixture
def client(context: AppContext) -> FakeClient:
    """The data engine client of `context`."""
    assert isinstance(context.data_client, FakeClient)
    return context.data_client


@pytest.fixture
def model_client(context: AppContext) -> FakeClient:
    """The model engine client of `context`."""
    assert isinstance(context.model_client, FakeClient)
    return context.model_client


@pytest.fixture
def runner(context: AppContext) -> FakeRunner:
    """The run control of `context`."""
    assert isinstance(context.runner, FakeRunner)
    return context.runner
