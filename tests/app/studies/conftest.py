"""A Studies page over real models and fake ports."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.studies.page import StudiesPage
from engine.contract.protocol.backbones import ListBackbones
from engine.contract.protocol.data import ReportSplit
from engine.contract.protocol.outputs import CollectStudy
from engine.contract.studies.recipes import StudyKind
from tests.helpers.fake_ports import FakeClient
from tests.helpers.replies import BACKBONES, report_split
from tests.helpers.studies import collect_without_drawing

MakePage = Callable[[Path], StudiesPage]


@pytest.fixture
def make_page(
    qtbot: QtBot, context: AppContext, client: FakeClient, open_project: Callable[[Path], None]
) -> MakePage:
    """Open a project and show its Studies page."""
    client.replies[ListBackbones] = lambda _command: BACKBONES
    client.replies[ReportSplit] = report_split
    client.replies[CollectStudy] = collect_without_drawing

    def make(path: Path) -> StudiesPage:
        with qtbot.waitSignal(context.studies.changed):  # all have been read
            open_project(path)
            page = StudiesPage(context)
            qtbot.addWidget(page)
            page.resize(1100, 700)
            page.show()
        return page

    return make


@pytest.fixture
def page(make_page: MakePage, project: Path) -> StudiesPage:
    """The page of a project without runs or studies."""
    return make_page(project)


@pytest.fixture
def begin(qtbot: QtBot) -> Callable[[StudiesPage, StudyKind], None]:
    """Open the form of a new study and wait until it has planned its runs."""

    def begin_it(page: StudiesPage, kind: StudyKind) -> None:
        page.begin(kind)
        made = page.new_study
        assert made is not None
        qtbot.waitUntil(lambda: made.planner.run.train_rows is not None)
        qtbot.waitUntil(lambda: made.planner.run.spec is not None)

    return begin_it
