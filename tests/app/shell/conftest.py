"""The real window over fake ports."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.shell.main_window import MainWindow
from app.shell.startup import tie
from tests.helpers.fake_ports import discard, make_context
from tests.helpers.replies import RICH


@pytest.fixture
def context(tmp_path: Path, qapp: object) -> Iterator[AppContext]:
    """As in the other tests of the window, with an engine client that answers everything."""
    made = make_context(tmp_path / "settings.ini", replies=RICH)
    made.settings.projects_folder = tmp_path / "projects"
    yield made
    discard(made)


@pytest.fixture
def window(context: AppContext, qtbot: QtBot) -> Iterator[MainWindow]:
    """The window, shown, with no project open."""
    made = tie(context)
    qtbot.addWidget(made)
    made.show()
    yield made
    made.control.close()  # a window that asks before it closes has not done so


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A small table to drop."""
    path = tmp_path / "peaks.csv"
    path.write_text("name,height,text\nLarch,2100 m,Larch is 2100 m high.\n" * 3, encoding="utf-8")
    return path
