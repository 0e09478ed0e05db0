"""The settings of the selected runs beside each other, from the menu of the Runs page."""

from collections.abc import Callable
from pathlib import Path

from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.dialogs.settings_difference import SettingsDifferenceDialog
from app.pages.runs.page import RunsPage


def test_two_selected_runs_are_held_against_each_other(
    qtbot: QtBot, make_page: Callable[[Path], RunsPage], rich_project: Path, context: AppContext
) -> None:
    page = make_page(rich_project)
    action = context.actions.get("runs.differ")
    first, second = (run.run_id for run in context.runs.all()[:2])
    page.view.set_selected([first])
    assert not action.isEnabled()
    page.view.set_selected([first, second])
    assert action.isEnabled()
    action.trigger()
    (dialog,) = page.window().findChildren(SettingsDifferenceDialog)
    assert dialog.table.model().rowCount() > 0
    dialog.reject()
