"""What is to be predicted: guessed, chosen, undone; labels, entity types and answers counted."""

from pathlib import Path

from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.data.mapping.mapping_panel import role_menu
from app.pages.data.page import DataPage
from engine.contract.protocol.data import SuggestMapping
from engine.contract.reading.reading import FindingKind
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Role
from tests.helpers.fake_ports import FakeClient

TAGS = "Otto\tB-PER\nlives\tO\n\nLake\tI-LOC\nUpper\tI-LOC\nOtto\tB-PER\n\n"


def import_text(page: DataPage, qtbot: QtBot, path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    assert page.open_path(path)
    qtbot.waitUntil(lambda: page.import_view.import_button.isEnabled())
    page.import_view.import_button.click()
    qtbot.waitUntil(lambda: page.current.entry is not None and page.current.store is not None)


def labelled(count: int = 40) -> str:
    rows = (f"A quiet hut near lake {n},{'good' if n % 4 else 'bad'}\n" for n in range(count))
    return "text,label\n" + "".join(rows)


def roles(page: DataPage) -> dict[str, Role]:
    return {column.name: column.role for column in page.current.mapping.columns}


def choose(page: DataPage, kind: AnswerKind) -> None:
    box = page.dataset_view.mapping.answer.box
    index = box.findData(kind)
    box.setCurrentIndex(index)
    box.activated.emit(index)


def tab(page: DataPage) -> str:
    """The title of the panel of labels, or "" where it is hidden."""
    tabs = page.dataset_view.settings
    index = tabs.indexOf(page.dataset_view.classes)
    return tabs.tabText(index) if tabs.isTabVisible(index) else ""


def offered(page: DataPage) -> set[str]:
    menu: QMenu = role_menu(page, page.current, ["text"])
    titles = {action.text() for action in menu.actions() if action.isCheckable()}
    menu.close()
    return titles


def test_labels_are_guessed_and_counted(
    empty_page: DataPage, qtbot: QtBot, tmp_path: Path, context: AppContext
) -> None:
    page = empty_page
    import_text(page, qtbot, tmp_path / "huts.csv", labelled())
    assert page.current.mapping.answer is AnswerKind.LABEL
    assert roles(page) == {"text": Role.SOURCE, "label": Role.TARGET}
    assert tab(page) == "Labels"
    assert "start" not in offered(page)
    assert "meaning" not in offered(page)
    panel = page.dataset_view.classes
    page.dataset_view.settings.setCurrentWidget(panel)
    qtbot.waitUntil(lambda: len(panel.model.rows) == 2)
    assert [(item.name, item.count) for item in panel.model.rows] == [("good", 30), ("bad", 10)]
    assert "75.0%" in panel.summary.text()
    form = page.dataset_view.split.form
    assert not form.editors["per_label"].widget.isHidden()
    form.editors["per_label"].widget.setValue(12)
    qtbot.waitUntil(lambda: bool(panel.findings.findings))
    assert {finding.kind for finding in panel.findings.findings} == {FindingKind.RARE_LABELS}
    assert "--task label" in page.dataset_view.command.command()
    assert "--per-label 12" in page.dataset_view.command.command()


def test_another_answer_gives_other_roles_and_can_be_undone(
    empty_page: DataPage, qtbot: QtBot, tmp_path: Path, context: AppContext
) -> None:
    page = empty_page
    import_text(page, qtbot, tmp_path / "huts.csv", labelled())
    choose(page, AnswerKind.TEXT)
    qtbot.waitUntil(lambda: page.current.mapping.answer is AnswerKind.TEXT)
    assert tab(page) == ""
    assert "references" in offered(page)
    assert page.dataset_view.split.form.editors["per_label"].widget.isHidden()
    context.undo.undo()
    assert page.current.mapping.answer is AnswerKind.LABEL
    box = page.dataset_view.mapping.answer.box
    assert box.currentData() is AnswerKind.LABEL
    choose(page, AnswerKind.SPAN)
    qtbot.waitUntil(lambda: page.current.mapping.answer is AnswerKind.SPAN)
    assert "start" in offered(page)


def test_a_suggestion_that_fails_changes_nothing(
    empty_page: DataPage, qtbot: QtBot, tmp_path: Path, client: FakeClient
) -> None:
    page = empty_page
    import_text(page, qtbot, tmp_path / "huts.csv", labelled())
    del client.replies[SuggestMapping]
    choose(page, AnswerKind.TAGS)
    client.last(SuggestMapping).fail("The dataset is gone.")
    assert page.current.mapping.answer is AnswerKind.LABEL
    assert page.dataset_view.mapping.answer.box.currentData() is AnswerKind.LABEL
    assert page.bar.isVisible()


def test_entity_types_and_illegal_tags(empty_page: DataPage, qtbot: QtBot, tmp_path: Path) -> None:
    page = empty_page
    import_text(page, qtbot, tmp_path / "huts.conll", TAGS * 5)
    assert page.current.mapping.answer is AnswerKind.TAGS
    assert tab(page) == "Entity types"
    panel = page.dataset_view.classes
    page.dataset_view.settings.setCurrentWidget(panel)
    qtbot.waitUntil(lambda: bool(panel.model.rows))
    assert [(item.name, item.count) for item in panel.model.rows] == [("PER", 10), ("LOC", 5)]
    (finding,) = panel.findings.findings
    assert (finding.kind, finding.count) == (FindingKind.ILLEGAL_TAGS, 5)
