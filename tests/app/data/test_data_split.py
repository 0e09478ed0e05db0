"""The split: live counts, limits, categories."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.data.edits import added, with_role
from app.pages.data.page import DataPage
from app.pages.data.split.split_form import NAME
from app.pages.data.split.split_panel import TICK_CATEGORY
from engine.contract.protocol.data import ReportSplit
from engine.contract.reading.reading import FindingKind, SplitCounts, SplitReport
from engine.contract.specs.data import Role, SplitKind
from tests.helpers.fake_ports import FakeClient


def numbers(page: DataPage) -> dict[str, tuple[str, str]]:
    return {
        side: (rows.text(), inputs.text())
        for side, (rows, inputs) in page.dataset_view.split.numbers.items()
    }


@pytest.fixture
def page(page: DataPage) -> DataPage:
    page.dataset_view.settings.setCurrentIndex(2)
    return page


def choose(page: DataPage, kind: SplitKind) -> None:
    box = page.dataset_view.split.form.kind
    place = box.findData(kind)
    box.setCurrentIndex(place)
    box.activated.emit(place)


def test_nothing_is_counted_unseen(page: DataPage, qtbot: QtBot, client: FakeClient) -> None:
    del client.replies[ReportSplit]
    qtbot.waitUntil(lambda: len(client.open_tickets(ReportSplit)) == 1)
    page.dataset_view.settings.setCurrentIndex(0)
    assert client.last(ReportSplit).cancel_asked
    assert not page.dataset_view.split.counting.is_busy
    page.dataset_view.split.form.editors["seed"].widget.setValue(9)
    asked = len(client.asked)
    page.dataset_view.settings.setCurrentIndex(2)
    qtbot.waitUntil(lambda: len(client.asked) > asked)
    command = client.last(ReportSplit).command
    assert isinstance(command, ReportSplit)
    assert command.split.seed == 9


def test_counts_come_from_the_engine(page: DataPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: numbers(page)["train"][0] != "–")
    assert numbers(page) == {
        "train": ("192", "96"),
        "valid": ("24", "12"),
        "test": ("24", "12"),
    }
    findings = page.dataset_view.split.findings.findings
    assert FindingKind.SHARED_INPUT in [finding.kind for finding in findings]


def test_changes_in_a_row_are_counted_once_and_late_counts_are_dropped(
    page: DataPage, qtbot: QtBot, client: FakeClient
) -> None:
    del client.replies[ReportSplit]
    qtbot.waitUntil(lambda: len(client.open_tickets(ReportSplit)) == 1)
    first = client.last(ReportSplit)
    form = page.dataset_view.split.form
    for seed in (1, 2, 3):
        form.editors["seed"].widget.setValue(seed)
    assert first.cancel_asked
    qtbot.waitUntil(lambda: client.last(ReportSplit) is not first)
    asked = [command for command in client.asked if isinstance(command, ReportSplit)]
    assert [command.split.seed for command in asked] == [0, 3]
    client.last(ReportSplit).answer(SplitReport((SplitCounts("train", 5, 4),), ()))
    assert numbers(page)["train"] == ("5", "4")
    assert numbers(page)["test"] == ("–", "–")


def test_edits_of_one_control_are_one_step(
    page: DataPage, qtbot: QtBot, context: AppContext
) -> None:
    form = page.dataset_view.split.form
    for share in (0.11, 0.12, 0.13):
        form.editors["valid_fraction"].widget.setValue(share)
    form.editors["max_train_rows"].widget.setValue(50)
    assert context.undo.count() == 2
    entry = context.project.dataset
    assert entry is not None
    assert (entry.split.valid_fraction, entry.split.max_train_rows) == (0.13, 50)
    qtbot.waitUntil(lambda: numbers(page)["train"][0] == "50")
    context.undo.undo()
    assert form.editors["max_train_rows"].widget.text() == "all"
    context.undo.undo()
    assert form.editors["valid_fraction"].widget.value() == 0.1
    assert context.undo.redoText() == "Change “Validation share”"


def test_shares_that_leave_nothing_are_refused_and_go_back(
    page: DataPage, qtbot: QtBot, context: AppContext
) -> None:
    form = page.dataset_view.split.form
    form.editors["test_fraction"].widget.setValue(0.95)
    assert page.bar.isVisible()
    assert form.editors["test_fraction"].widget.value() == 0.1
    assert context.undo.count() == 0


def test_split_without_its_column_says_what_to_do(
    page: DataPage, qtbot: QtBot, context: AppContext
) -> None:
    choose(page, SplitKind.COLUMN)
    assert context.undo.undoText() == "Split by a column"
    state = page.dataset_view.split.state
    qtbot.waitUntil(lambda: "Give one column the role split" in state.text())
    assert numbers(page)["train"] == ("–", "–")


def test_a_share_of_the_seen_categories_is_tested_too(
    page: DataPage, qtbot: QtBot, context: AppContext
) -> None:
    panel = page.dataset_view.split
    page.current.edit("Set category", lambda entry: with_role(entry, ("kind",), Role.CATEGORY))
    choose(page, SplitKind.CATEGORY)
    qtbot.waitUntil(lambda: panel.categories.count() == 3)
    item = panel.categories.item(0)
    rows = int(item.text().split("·")[1].split()[0])
    item.setCheckState(Qt.CheckState.Checked)
    panel.form.editors["test_fraction"].widget.setValue(0.5)
    qtbot.waitUntil(lambda: numbers(page)["test"][0].isdigit())
    qtbot.waitUntil(lambda: int(numbers(page)["test"][0]) > rows)


def test_categories_are_ticked_as_unseen(page: DataPage, qtbot: QtBot, context: AppContext) -> None:
    panel = page.dataset_view.split
    assert not panel.categories.isVisible()
    page.current.edit("Set category", lambda entry: with_role(entry, ("kind",), Role.CATEGORY))
    choose(page, SplitKind.CATEGORY)
    qtbot.waitUntil(lambda: panel.categories.count() == 3)
    assert panel.categories.isVisible()
    assert panel.state.text() == TICK_CATEGORY
    panel.form.editors["test_fraction"].widget.setValue(0.0)  # no seen ones beside them
    item = panel.categories.item(0)
    name, rows = item.data(NAME), item.text().split("·")[1].split()[0]
    item.setCheckState(Qt.CheckState.Checked)
    assert context.undo.undoText() == f"Hold out category ‘{name}’"
    qtbot.waitUntil(lambda: numbers(page)["test"][0] == rows)
    assert panel.state.text() == ""
    context.undo.undo()
    assert panel.categories.item(0).checkState() is Qt.CheckState.Unchecked


def test_line_of_a_finding_leads_to_its_row(page: DataPage, qtbot: QtBot) -> None:
    page.dataset_view.split.findings.line_chosen.emit(31)
    assert page.current.row_number == 30


def test_counts_of_another_dataset_are_dropped(
    page: DataPage, qtbot: QtBot, client: FakeClient, context: AppContext
) -> None:
    del client.replies[ReportSplit]
    qtbot.waitUntil(lambda: len(client.open_tickets(ReportSplit)) == 1)
    first = client.last(ReportSplit)
    folder, entry = context.project.folder, context.project.dataset
    assert folder is not None
    assert entry is not None
    shutil.copyfile(folder.dataset_store(entry.dataset_id), folder.dataset_store("second"))
    second = replace(entry, dataset_id="second")
    context.project.edit("Add", added(context.project.project, second))
    first.answer(SplitReport((SplitCounts("train", 5, 4),), ()))
    assert numbers(page)["train"] == ("–", "–")
    qtbot.waitUntil(lambda: client.last(ReportSplit) is not first)
    client.last(ReportSplit).answer(SplitReport((SplitCounts("train", 7, 6),), ()))
    assert numbers(page)["train"] == ("7", "6")


def test_share_set_elsewhere_is_shown(
    make_page: Callable[[Path], DataPage], project: Path, context: AppContext
) -> None:
    page = make_page(project)
    entry = context.project.dataset
    assert entry is not None
    split = replace(entry.split, test_fraction=0.25, seed=7, max_test_inputs=None)
    context.project.edit_dataset("Elsewhere", replace(entry, split=split))
    form = page.dataset_view.split.form
    assert (
        form.editors["test_fraction"].widget.value(),
        form.editors["seed"].widget.value(),
        form.editors["max_test_inputs"].widget.text(),
    ) == (0.25, 7, "all")
    assert context.undo.count() == 1
