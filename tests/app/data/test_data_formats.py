"""Other formats than CSV on the Data page, with the engine's own readers behind the client."""

import json
from pathlib import Path

import openpyxl
import pyarrow
import pytest
from pyarrow import parquet
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QInputDialog, QLineEdit
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.data.dataset_view import data_arguments
from app.pages.data.importing.file_import import ImportState
from app.pages.data.page import DataPage
from app.shell.messages import Message
from engine.contract.reading.reading import ReadOptions
from engine.contract.specs.data import Preset, Role, SplitKind
from tests.helpers.webnlg_files import document, entry, write_folder


def look(page: DataPage, qtbot: QtBot, path: Path) -> None:
    assert page.open_path(path)
    qtbot.waitUntil(lambda: page.file.state is ImportState.READY)


def bring_in(page: DataPage, qtbot: QtBot, path: Path) -> None:
    look(page, qtbot, path)
    page.import_view.import_button.click()
    qtbot.waitUntil(lambda: page.views.currentWidget() is page.dataset_view)


def test_a_folder_of_webnlg(
    empty_page: DataPage, qtbot: QtBot, tmp_path: Path, context: AppContext
) -> None:
    page = empty_page
    folder = write_folder(tmp_path / "webnlg")
    look(page, qtbot, folder)
    view = page.import_view
    assert "WebNLG" in view.summary.text()
    assert "38 rows" in view.summary.text()
    assert not view.options.isVisible()
    assert view.model.index(0, 4).data() == "Hut_0 | beds | 2"
    assert view.table.verticalHeader().toolTip() == "Entry of the data"
    view.import_button.click()
    qtbot.waitUntil(lambda: page.views.currentWidget() is page.dataset_view)
    entry = context.project.dataset
    assert entry is not None
    assert (entry.name, entry.source_path) == ("webnlg", str(folder))
    assert entry.mapping.named(Role.TRIPLES) == ("triples",)
    assert entry.linearisation.preset is Preset.WEBNLG
    assert entry.split.kind is SplitKind.COLUMN


def test_triples_stay_to_be_edited(
    empty_page: DataPage, qtbot: QtBot, tmp_path: Path, context: AppContext
) -> None:
    page = empty_page
    bring_in(page, qtbot, write_folder(tmp_path / "webnlg"))
    panel = page.dataset_view.linearisation
    qtbot.waitUntil(lambda: panel.live.text() == " | Hut_0 : beds : 2")
    assert panel.preset.isEnabled()
    panel.preset.setCurrentIndex(panel.preset.findData(Preset.DART))
    panel.preset.activated.emit(panel.preset.currentIndex())
    qtbot.waitUntil(lambda: panel.live.text() == "Hut_0 : beds : 2")


def test_json_lines_and_parquet(
    empty_page: DataPage, qtbot: QtBot, tmp_path: Path, context: AppContext
) -> None:
    page = empty_page
    rows = [{"article": f"Text {n}.", "summary": [f"A {n}.", f"B {n}."]} for n in range(5)]
    lines = tmp_path / "news.jsonl"
    lines.write_text("\n".join([*map(json.dumps, rows), "{"]), encoding="utf-8")
    look(page, qtbot, lines)
    assert "JSON lines" in page.import_view.summary.text()
    assert "5 rows" in page.import_view.summary.text()
    assert "1 row cannot be read" in page.import_view.what_happens.text()
    bring_in(page, qtbot, lines)
    assert "1 row could not be read" in page.bar.label.text()
    table = tmp_path / "news.parquet"
    parquet.write_table(pyarrow.table({"text": ["One."], "summary": ["1."]}), table)
    page.file.open(table)
    qtbot.waitUntil(lambda: page.file.state is ImportState.READY)
    page.import_view.import_button.click()
    qtbot.waitUntil(lambda: len(context.project.project.datasets) == 2)
    entry = context.project.project.datasets[-1]
    assert entry.mapping.named(Role.SOURCE, Role.TARGET) == ("text", "summary")


def test_the_menu_asks_for_each_kind(page: DataPage, qtbot: QtBot) -> None:
    menu = page.dataset_view.header.open_button.menu()
    file, folder, hub, paste = menu.actions()
    assert paste is page.paster.action
    file.trigger()
    dialog = page.findChild(QFileDialog)
    assert dialog is not None
    assert {"*.parquet", "*.xlsx", "*.ods"} <= set(dialog.nameFilters()[0].strip("()").split())
    dialog.reject()
    qtbot.waitUntil(lambda: page.findChild(QFileDialog) is None)
    folder.trigger()
    dialog = page.findChild(QFileDialog)
    assert dialog is not None
    assert dialog.fileMode() is QFileDialog.FileMode.Directory
    dialog.reject()
    hub.trigger()
    asked = page.findChild(QInputDialog)
    assert asked is not None
    line = asked.findChild(QLineEdit)
    assert line is not None
    line.setText(" hub:EdinburghNLP/xsum ")
    asked.accept()
    assert page.file.path == Path("hub:EdinburghNLP/xsum")
    # The tests run with HF_HUB_OFFLINE=1.
    qtbot.waitUntil(lambda: page.file.state is ImportState.FAILED, timeout=30_000)
    assert "EdinburghNLP/xsum" in page.import_view.bar.label.text()
    page.import_view.cancel_button.click()
    assert page.views.currentWidget() is page.dataset_view
    QApplication.processEvents()


def test_a_data_set_of_the_hub_that_does_not_tell_its_size(
    empty_page: DataPage, qtbot: QtBot, tmp_path: Path, said: list[Message]
) -> None:
    folder = tmp_path / "news"  # read as a repository of the hub is
    folder.mkdir()
    rows = [json.dumps({"text": f"Text {n}.", "summary": "A."}) for n in range(300)]
    (folder / "train.jsonl").write_text("\n".join(rows), encoding="utf-8")
    empty_page.file.open(Path(f"hub:{folder}"))
    qtbot.waitUntil(lambda: empty_page.file.state is ImportState.READY, timeout=30_000)
    view = empty_page.import_view
    assert view.summary.text() == "Hugging Face dataset  ·  more than 200 rows  ·  3 columns"
    assert view.sampled.text() == (
        "The first rows were checked; the rest is checked during the import."
    )
    view.import_button.click()
    qtbot.waitUntil(lambda: empty_page.views.currentWidget() is empty_page.dataset_view)
    assert "300 rows imported" in said[-1].text


@pytest.mark.parametrize("name", ["empty.jsonl", "empty.parquet", "empty.xml"])
def test_what_cannot_be_read_says_so(
    empty_page: DataPage, qtbot: QtBot, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).touch()
    assert empty_page.open_path(tmp_path / name)
    qtbot.waitUntil(lambda: empty_page.file.state is ImportState.FAILED)
    assert name in empty_page.import_view.bar.label.text()


def test_a_sheet_is_chosen(
    empty_page: DataPage, qtbot: QtBot, tmp_path: Path, context: AppContext
) -> None:
    book = openpyxl.Workbook()
    book.active.append(["a cover"])
    sheet = book.create_sheet("Huts")
    for row in (["name", "text"], ["Larch Hut", "It is one."], ["Crow Hut", "It is two."]):
        sheet.append(row)
    book.save(tmp_path / "huts.xlsx")
    page, form = empty_page, empty_page.import_view.options
    look(page, qtbot, tmp_path / "huts.xlsx")
    box = form.boxes["sheet"]
    assert box.isVisible()
    assert not form.boxes["delimiter"].isVisible()
    places = [
        box.mapTo(form, box.rect().topLeft()) for box in form.boxes.values() if box.isVisible()
    ]
    assert len(set(places)) == len(places) == 2
    assert "sheet ‘Sheet’" in page.import_view.summary.text()
    assert [box.itemText(n) for n in range(box.count())] == ["Sheet  (detected)", "Huts"]
    box.setCurrentIndex(1)
    box.activated.emit(1)
    qtbot.waitUntil(lambda: "sheet ‘Huts’" in page.import_view.summary.text())
    page.import_view.import_button.click()
    qtbot.waitUntil(lambda: page.views.currentWidget() is page.dataset_view)
    entry = context.project.dataset
    assert entry is not None
    assert entry.reading.sheet == "Huts"
    words = data_arguments(entry)
    assert words[words.index("--sheet") + 1] == "Huts"


def test_the_language_of_a_file_in_several_is_chosen(
    empty_page: DataPage, qtbot: QtBot, tmp_path: Path, context: AppContext
) -> None:
    page = empty_page
    texts = '<lex lang="en">One bed.</lex><lex lang="ru">Одно место.</lex>'
    text = document(entry(1, ["Hut | beds | 1"], [])).replace("</entry>", f"{texts}</entry>")
    path = tmp_path / "ru.xml"
    path.write_text(text, encoding="utf-8")
    look(page, qtbot, path)
    options = page.import_view.options
    box = options.boxes["language"]
    shown = [control for control in options.findChildren(QComboBox) if control.isVisible()]
    assert shown == [box]
    assert [box.itemText(n) for n in range(box.count())] == ["en", "ru"]
    assert box.currentData() == "ru"
    assert page.import_view.model.index(0, 5).data() == "Одно место."
    box.setCurrentIndex(0)
    box.activated.emit(0)
    assert page.file.chosen == ReadOptions(language="en")
    qtbot.waitUntil(lambda: page.file.state is ImportState.READY)
    assert page.import_view.model.index(0, 5).data() == "One bed."
    assert box.currentData() == "en"
    page.import_view.import_button.click()
    qtbot.waitUntil(lambda: page.views.currentWidget() is page.dataset_view)
    plain = tmp_path / "plain.xml"
    plain.write_text(document(entry(1, ["a | b | c"], [("good", "A.")])), encoding="utf-8")
    look(page, qtbot, plain)
    assert not options.isVisible()


def test_references_are_a_role(
    empty_page: DataPage, qtbot: QtBot, tmp_path: Path, context: AppContext
) -> None:
    path = tmp_path / "gem.jsonl"
    items = [{"name": f"Hut {n}", "target": "A.", "references": ["A.", "B."]} for n in range(5)]
    path.write_text("\n".join(map(json.dumps, items)), encoding="utf-8")
    bring_in(empty_page, qtbot, path)
    entry_of = context.project.dataset
    assert entry_of is not None
    assert entry_of.mapping.named(Role.REFERENCES) == ("references",)
