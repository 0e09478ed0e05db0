import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.dialogs.foreign_prefix import ForeignPrefixDialog
from app.pages.prefixes.page import PrefixesPage
from app.shell.messages import Message
from app.widgets.info_bar import Tone
from app.widgets.search_field import SearchField
from engine.contract.projects.project import ProjectFolder
from engine.contract.protocol.commands import Done
from engine.contract.protocol.prefixes import (
    ExportPrefix,
    ImportPrefix,
    ListPrefixes,
    PrefixInfo,
    PrefixList,
    Verified,
    VerifyPrefix,
)
from engine.contract.runs.events import Blame, RunState
from engine.contract.specs.data import Linearisation, Preset, PromptForm
from tests.app.prefixes.showing import shown_page
from tests.helpers.fake_ports import FakeClient, FakeRunner
from tests.helpers.projects import make_run
from tests.helpers.replies import list_prefixes


def info(path: Path, name: str, length: int = 5, created_s: float = 1.0) -> PrefixInfo:
    return PrefixInfo(
        str(path), name, "gpt2", "ff" * 32, length, "prefix", 4000, "x.csv", created_s
    )


@pytest.fixture
def page(
    context: AppContext,
    client: FakeClient,
    rich_project: Path,
    open_project: Callable[[Path], None],
    qtbot: QtBot,
) -> PrefixesPage:
    """The page over a project with a run's prefix, an imported one and a damaged one."""
    imported = ProjectFolder(rich_project).prefixes / "restaurants-5"
    imported.mkdir(parents=True)
    (imported / "prefix.json").write_text("{}", encoding="utf-8")
    client.replies[ListPrefixes] = list_prefixes
    open_project(rich_project)
    return shown_page(context, qtbot, rows=3)


def names(page: PrefixesPage) -> list[str]:
    model = page.table.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def select(page: PrefixesPage, name: str) -> None:
    page.table.select_row(names(page).index(name))


def press(page: PrefixesPage, name: str) -> None:
    page.commands[name].trigger()


def card(page: PrefixesPage) -> str:
    return "\n".join(label.text() for label in page.details.findChildren(QLabel))


def test_lists_newest_first_and_damaged_ones_with_their_sentence(page: PrefixesPage) -> None:
    assert names(page) == ["prefix 10", "restaurants 5", "old-copy"]
    select(page, "old-copy")
    assert "prefix.safetensors does not fit its card" in card(page)
    assert not page.commands["export"].isEnabled()
    assert page.commands["delete"].isEnabled()


def test_card_carries_signatures(page: PrefixesPage) -> None:
    select(page, "prefix 10")
    text = card(page)
    assert "trained: 10 tokens, 461 kB" in text
    assert "frozen: smollm2-135m-instruct" in text
    assert "BLEU  62.4   (58.2 to 64.9)" in text
    assert "tok:13a" in text


def test_sorting_is_by_number_not_by_text(
    page: PrefixesPage, client: FakeClient, qtbot: QtBot
) -> None:
    found = PrefixList(tuple(info(Path(f"/p/{n}"), f"p{n}", length=n) for n in (100, 9, 20)))
    client.replies[ListPrefixes] = lambda command: found
    page.library.refresh()
    qtbot.waitUntil(lambda: len(names(page)) == 3 and "p9" in names(page))
    page.table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert names(page) == ["p9", "p20", "p100"]


def test_search_narrows_the_table(page: PrefixesPage) -> None:
    page.findChild(SearchField).searched.emit("RESTAU")
    assert names(page) == ["restaurants 5"]


def test_export_says_where_it_is(
    page: PrefixesPage, model_client: FakeClient, tmp_path: Path, said: list[Message]
) -> None:
    select(page, "prefix 10")
    row = page.selected()
    assert row is not None
    page.export(row.name, ExportPrefix(str(row.path), "peft", str(tmp_path / "out")))
    pending = model_client.last(ExportPrefix)
    assert pending.command == ExportPrefix(str(row.path), "peft", str(tmp_path / "out"))
    pending.answer(Done("The prefix is in out."))
    assert (said[-1].text, said[-1].button) == ("The prefix is in out.", "Show")


def test_export_dialog_is_opened_for_the_selection(page: PrefixesPage, qtbot: QtBot) -> None:
    from app.dialogs.export import ExportDialog

    select(page, "restaurants 5")
    press(page, "export")
    dialog = page.findChild(ExportDialog)
    assert dialog is not None
    assert dialog.windowTitle() == "Export “restaurants 5”"
    dialog.reject()


def test_users_failure_stays_on_the_page_ours_goes_to_the_window(
    page: PrefixesPage, model_client: FakeClient, context: AppContext, qtbot: QtBot
) -> None:
    press(page, "verify")
    with qtbot.assertNotEmitted(context.activities.failed):
        model_client.last(VerifyPrefix).fail("The file is damaged: copy it again.")
    assert page.bar.tone is Tone.BAD
    assert page.bar.label.text() == "The file is damaged: copy it again."
    press(page, "verify")
    with qtbot.waitSignal(context.activities.failed) as failed:
        model_client.last(VerifyPrefix).fail("x", blame=Blame.ENGINE, traceback="T")
    assert failed.args[0] == "Verify “prefix 10”"
    assert failed.args[1].traceback == "T"


def test_work_is_on_the_activity_list_until_it_ends(
    page: PrefixesPage, model_client: FakeClient, context: AppContext
) -> None:
    press(page, "verify")
    (activity,) = context.activities.activities
    assert activity.title == "Verify “prefix 10”"
    model_client.last(VerifyPrefix).answer(Verified("Whole."))
    assert context.activities.activities == []


def test_deleting_an_imported_prefix_can_be_undone(
    page: PrefixesPage, context: AppContext, rich_project: Path, said: list[Message]
) -> None:
    folder = ProjectFolder(rich_project)
    select(page, "restaurants 5")
    press(page, "delete")
    assert not (folder.prefixes / "restaurants-5").exists()
    (trashed,) = (folder.trash / "prefixes").iterdir()
    assert (trashed / "prefix.json").exists()
    assert "restaurants 5" in said[-1].text
    assert context.undo.undoText() == "Delete “restaurants 5”"
    assert said[-1].button == "Undo"
    assert said[-1].action is not None
    said[-1].action()
    assert (folder.prefixes / "restaurants-5" / "prefix.json").exists()


def test_a_deletion_that_the_disk_refuses_is_told(page: PrefixesPage, rich_project: Path) -> None:
    select(page, "restaurants 5")
    shutil.rmtree(ProjectFolder(rich_project).prefixes / "restaurants-5")
    press(page, "delete")
    assert page.bar.tone is Tone.BAD
    assert "restaurants-5" in page.bar.label.text()


def test_a_runs_prefix_goes_with_its_run(
    page: PrefixesPage, context: AppContext, qtbot: QtBot
) -> None:
    select(page, "prefix 10")
    press(page, "delete")
    assert page.bar.isVisible()
    assert "prefix 10" in names(page)
    assert context.undo.count() == 0
    with qtbot.waitSignal(context.navigator.runs_requested) as requested:
        page.bar.buttons[0].click()
    assert requested.args == [context.runs.all()[0].run_id]


def test_import_selects_the_new_one(
    page: PrefixesPage,
    client: FakeClient,
    model_client: FakeClient,
    rich_project: Path,
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    peft = tmp_path / "peft"
    peft.mkdir()
    (peft / "adapter_config.json").write_text("{}", encoding="utf-8")
    assert page.open_path(peft / "adapter_config.json")
    dialog_of(page).accept()
    pending = model_client.last(ImportPrefix)
    assert pending.command == ImportPrefix(str(peft), str(rich_project))
    path = ProjectFolder(rich_project).prefixes / "peft"
    new = info(path, "from peft")
    before = list_prefixes(ListPrefixes(str(rich_project))).prefixes
    client.replies[ListPrefixes] = lambda command: PrefixList((*before, new))
    pending.answer(new)
    qtbot.waitUntil(lambda: "from peft" in names(page))
    row = page.selected()
    assert row is not None
    assert row.path == path


def dialog_of(page: PrefixesPage) -> ForeignPrefixDialog:
    found = page.window().findChild(ForeignPrefixDialog)
    assert found is not None
    return found


def test_a_foreign_prefix_asks_for_what_its_folder_does_not_say(
    page: PrefixesPage, model_client: FakeClient, rich_project: Path, tmp_path: Path
) -> None:
    inner = tmp_path / "trained" / "checkpoint-10"
    inner.mkdir(parents=True)
    named = json.dumps({"base_model_name_or_path": "/content/drive/hotels"})
    (inner / "adapter_config.json").write_text(named, encoding="utf-8")
    assert page.open_path(tmp_path / "trained")
    dialog = dialog_of(page)
    assert "/content/drive/hotels" in dialog.backbone.placeholderText()
    dialog.backbone.setText(" /models/hotels ")
    dialog.form.setCurrentIndex(dialog.form.findData(PromptForm.BOS))
    dialog.preset.setCurrentIndex(dialog.preset.findData(Preset.BRACKETS))
    dialog.accept()
    assert model_client.last(ImportPrefix).command == ImportPrefix(
        str(inner),
        str(rich_project),
        backbone="/models/hotels",
        prompt=PromptForm.BOS,
        linearisation=Linearisation(Preset.BRACKETS),
    )


def test_a_foreign_prefix_that_is_not_wanted_is_not_imported(
    page: PrefixesPage, model_client: FakeClient, tmp_path: Path
) -> None:
    (tmp_path / "adapter_config.json").write_text("[" * 9999, encoding="utf-8")
    assert page.open_path(tmp_path)
    dialog_of(page).reject()
    assert not [one for one in model_client.asked if isinstance(one, ImportPrefix)]


def test_only_prefixes_are_taken(page: PrefixesPage, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n", encoding="utf-8")
    assert not page.open_path(tmp_path / "a.csv")
    assert not page.open_path(tmp_path / "gone")
    assert str(tmp_path / "gone") in page.bar.label.text()


def test_a_run_that_finishes_appears(
    page: PrefixesPage,
    context: AppContext,
    client: FakeClient,
    runner: FakeRunner,
    rich_project: Path,
) -> None:
    run = context.runs.add(make_run(rich_project, 9, state=RunState.QUEUED))
    assert run is not None
    run.folder.prefix.mkdir()
    asked = len(client.asked)
    runner.set_status(run.run_id, RunState.RUNNING)
    assert len(client.asked) == asked
    runner.set_status(run.run_id, RunState.FINISHED)
    assert client.asked[asked:] == [ListPrefixes(str(rich_project))]


def test_a_late_answer_about_another_project_is_dropped(
    context: AppContext,
    client: FakeClient,
    model_client: FakeClient,
    project: Path,
    rich_project: Path,
    qtbot: QtBot,
) -> None:
    model_client.replies.clear()
    context.project.open(project)
    page = PrefixesPage(context)
    qtbot.addWidget(page)
    late = client.last(ListPrefixes)
    context.project.open(rich_project)
    late.answer(PrefixList((info(project, "late"),)))
    assert names(page) == []
    client.last(ListPrefixes).answer(PrefixList((info(rich_project, "right"),)))
    assert names(page) == ["right"]
    context.project.close()
    assert names(page) == []


def test_empty_library_says_what_to_do(
    context: AppContext, client: FakeClient, project: Path, qtbot: QtBot
) -> None:
    context.project.open(project)
    page = PrefixesPage(context)
    qtbot.addWidget(page)
    page.show()
    client.last(ListPrefixes).answer(PrefixList(()))
    assert page.empty.isVisible()
    with qtbot.waitSignal(context.navigator.page_requested):
        buttons = {button.text(): button for button in page.empty.findChildren(QPushButton)}
        buttons["Go to Runs"].click()


def test_no_two_prefixes_are_called_the_same(
    page: PrefixesPage, client: FakeClient, qtbot: QtBot
) -> None:
    same = [("a (2)", 5.0), ("a", 4.0), ("b", 3.0), ("a", 2.0), ("a", 1.0)]
    rows = tuple(info(Path(f"/p/{at}"), name, created_s=at) for name, at in same)
    client.replies[ListPrefixes] = lambda command: PrefixList(rows)
    page.library.refresh()
    qtbot.waitUntil(lambda: len(names(page)) == 5)
    assert names(page) == ["a (2) (2)", "a (3)", "b", "a (2)", "a"]
    select(page, "a (3)")
    assert "a (3)" in card(page)


def test_a_search_that_is_taken_back_keeps_the_selection(page: PrefixesPage, qtbot: QtBot) -> None:
    select(page, "prefix 10")
    search = page.findChild(SearchField)
    assert search is not None
    qtbot.keyClicks(search, "restaurants")
    qtbot.waitUntil(lambda: names(page) == ["restaurants 5"])
    assert page.selected() is None
    qtbot.keyClick(search, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: len(names(page)) == 3)
    row = page.selected()
    assert row is not None
    assert row.name == "prefix 10"
    qtbot.keyClick(page.table, Qt.Key.Key_Escape)
    assert page.selected() == row
