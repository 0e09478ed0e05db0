"""The real window over real engines, offscreen."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.shell.startup import Program, build
from engine.contract.projects.project import DatasetEntry, Project, ProjectFolder
from engine.contract.runs.folder import RunFolder
from tests.app.conftest import leaves_nothing_behind, own_places
from tests.end2end.person import Person
from tests.helpers.tiny_runs import ROOT, Workshop, engine_environment
from workers import client
from workers.local import runner

__all__ = ["leaves_nothing_behind", "own_places"]


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A tiny backbone and a table."""
    made = Workshop.make(tmp_path_factory.mktemp("workshop"))
    made.backbone("llama")
    return made


@pytest.fixture(scope="session")
def forked_engine() -> Iterator[tuple[str, ...]]:
    """The command of an engine that needs not load torch, before its verb; () where none forks."""
    if not hasattr(socket, "send_fds"):
        yield ()
        return
    script = str(ROOT / "tests" / "helpers" / "forked_engine.py")
    with tempfile.TemporaryDirectory() as folder:  # a socket's path must be short
        address = str(Path(folder) / "engines")
        with subprocess.Popen(
            [sys.executable, script, address],
            env=engine_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield (sys.executable, "-S", script, address)
            process.communicate()


@pytest.fixture
def quick_engines(forked_engine: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines of the window are forked rather than started."""
    for module in (client, runner) if forked_engine else ():
        monkeypatch.setattr(module, "engine_command", lambda verb: (*forked_engine, verb))


@pytest.fixture
def open_window(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[[], Person]]:
    """Opens the program as `main.py` does; closed at the end, its runs left alone."""
    programs: list[Program] = []

    def open_it() -> Person:
        program = build(qapp, tmp_path / "settings.ini")
        programs.append(program)
        program.context.settings.projects_folder = tmp_path / "projects"
        program.window.show()
        qtbot.waitExposed(program.window)
        return Person(program, qtbot)

    yield open_it
    for program in programs:
        program.window.close()
        program.close()


@pytest.fixture
def project(workshop: Workshop, tmp_path: Path) -> ProjectFolder:
    """A project with the workshop's dataset, as the Data page would leave it."""
    folder = ProjectFolder(tmp_path / "huts")
    folder.datasets.mkdir(parents=True)
    folder.dataset_store("huts").write_bytes(workshop.dataset.read_bytes())
    spec = workshop.spec("mlp").data
    entry = DatasetEntry("huts", "huts.csv", str(workshop.csv), workshop.mapping, split=spec.split)
    folder.write(Project(name="huts", datasets=(entry,), dataset="huts"))
    return folder


@pytest.fixture
def queue_run(workshop: Workshop, project: ProjectFolder) -> Callable[..., RunFolder]:
    """Makes a queued run in the project; opening the project starts it."""
    from tests.end2end.person import queued_run

    def make(steps: int) -> RunFolder:
        return queued_run(workshop, project, steps=steps)

    return make
