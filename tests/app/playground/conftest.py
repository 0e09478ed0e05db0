"""The page over a project with finished runs; the data engine's commands are really answered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.playground.page import PlaygroundPage
from engine.contract.projects.project import ProjectFolder
from engine.contract.protocol.playground import ListFormFields, ReadFormRow, WriteInput
from engine.contract.protocol.prefixes import ListPrefixes
from engine.contract.runs.folder import RunFolder
from engine.data.form import list_form_fields, read_form_row, write_input
from engine.reporter import Silent
from tests.helpers.fake_ports import FakeClient
from tests.helpers.replies import list_prefixes


@pytest.fixture
def page(
    context: AppContext,
    client: FakeClient,
    rich_project: Path,
    open_project: Callable[[Path], None],
    qtbot: QtBot,
) -> PlaygroundPage:
    """As the user finds it: the first row in the form, finished runs ticked."""
    client.replies[ListPrefixes] = list_prefixes
    client.replies[ListFormFields] = lambda command: list_form_fields(command, Silent())
    client.replies[ReadFormRow] = lambda command: read_form_row(command, Silent())
    client.replies[WriteInput] = lambda command: write_input(command, Silent())
    for path in ProjectFolder(rich_project).run_paths():
        RunFolder(path).prefix.mkdir(exist_ok=True)
    open_project(rich_project)
    made = PlaygroundPage(context)
    qtbot.addWidget(made)
    made.resize(1100, 760)
    made.show()
    qtbot.waitUntil(lambda: bool(made.systems.chosen) and not made.input.is_empty())
    return made
