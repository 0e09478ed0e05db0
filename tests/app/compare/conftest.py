"""A project with finished runs, and the page over it."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QLayout, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.compare.page import ComparePage
from app.pages.compare.task_view import TaskView
from app.pages.compare.task_views import TASK_VIEWS
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.protocol.outputs import CompareOutputs, CountPredictions
from engine.metrics.handlers import compare_outputs, count_predictions
from engine.reporter import Silent
from tests.helpers.fake_ports import FakeClient
from tests.helpers.projects import make_project, make_run


@pytest.fixture(scope="session")
def runs_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `runs_project` is a copy of."""
    path = make_project(tmp_path_factory.mktemp("template") / "runs")
    make_run(path, 1, method=FinetuneMethod(), name="twin", steps=20)
    make_run(path, 2, method=PrefixMethod(prefix_length=10), name="prefix 10", steps=20)
    make_run(path, 3, method=PrefixMethod(prefix_length=20), name="prefix 20", steps=20)
    return path


@pytest.fixture
def runs_project(runs_template: Path, tmp_path: Path) -> Path:
    """Three finished runs over the same 24 test inputs: a twin, two prefixes."""
    return Path(shutil.copytree(runs_template, tmp_path / "project"))


@pytest.fixture
def make_page(
    qtbot: QtBot,
    context: AppContext,
    client: FakeClient,
    open_project: Callable[[Path], None],
) -> Iterator[Callable[[Path], ComparePage]]:
    """Open a project and show the page, once the runs' journals have arrived."""

    windows = []

    def make(path: Path, tasks: Sequence[TaskView] = TASK_VIEWS) -> ComparePage:
        client.replies[CompareOutputs] = lambda command: compare_outputs(command, Silent())
        client.replies[CountPredictions] = lambda command: count_predictions(command, Silent())
        open_project(path)
        window = QWidget()
        windows.append(window)
        layout = QVBoxLayout(window)
        # The offscreen platform warns when the least size of a window changes.
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        page = ComparePage(context, tasks)
        layout.addWidget(page)
        window.resize(1100, 760)
        window.show()
        qtbot.waitUntil(lambda: len(page.systems.entries) > 0 or not context.runs.all())
        return page

    yield make
    context.project.close()
    for window in windows:
        window.close()
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def page(qtbot: QtBot, make_page: Callable[[Path], ComparePage], runs_project: Path) -> ComparePage:
    """The page with the twin (A) and prefix 10 (B) chosen."""
    made = make_page(runs_project)
    choose(qtbot, made, "twin", "prefix 10")
    return made


def choose(qtbot: QtBot, page: ComparePage, *names: str) -> None:
    """Choose systems by name and wait for their comparison."""
    keys = {entry.name: entry.key for entry in page.systems.entries}
    page.systems.choose([keys[name] for name in names])
    qtbot.waitUntil(lambda: shown(page) == list(names))


def shown(page: ComparePage) -> list[str]:
    """Names of the systems that are compared."""
    return [system.name for system in page.model.comparison.systems]
