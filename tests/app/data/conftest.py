"""The Data page over a client that answers with the engine's own handlers, in this process."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.data.page import DataPage
from tests.app.data.answers import REPLIES
from tests.helpers.fake_ports import FakeClient
from tests.helpers.projects import make_project

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offscreen platform warns of what it lacks whenever a window is shown."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.qt_log_ignore("^This plugin does not support"))


@pytest.fixture
def make_page(
    qtbot: QtBot, context: AppContext, client: FakeClient
) -> Iterator[Callable[[Path], DataPage]]:
    """Open a project and show the page on it; the engine client answers as the engine does."""
    pages = []

    def make(project: Path) -> DataPage:
        client.replies.update(REPLIES)
        context.project.open(project)
        page = DataPage(context)
        page.resize(1000, 650)
        page.show()
        pages.append(page)
        return page

    yield make
    context.project.close()
    for page in pages:
        page.close()
        page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def page(make_page: Callable[[Path], DataPage], project: Path) -> DataPage:
    """The page on a project with a dataset of 240 rows, one of them rejected."""
    return make_page(project)


@pytest.fixture
def empty_page(make_page: Callable[[Path], DataPage], tmp_path: Path) -> DataPage:
    """The page on a project without a dataset."""
    return make_page(make_project(tmp_path / "empty", dataset=False))


@pytest.fixture
def odd_csv(tmp_path: Path) -> Path:
    """A Latin-1 file with semicolons, a ragged row and empty cells."""
    lines = ["name;food;beds;text"]
    lines += [
        f"Hütte {i};{'soup' if i % 3 else ''};{2 * i};It has {2 * i} beds." for i in range(1, 41)
    ]
    lines.insert(21, "broken;1;2")
    path = tmp_path / "hütten.csv"
    path.write_text("\n".join(lines) + "\n", encoding="latin-1")
    return path
