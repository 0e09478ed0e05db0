"""Pasting a table on the Data page, with the real clipboard."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.data.importing.file_import import ImportState
from app.pages.data.importing.pasting import MOST_CHARACTERS, write_pasted
from app.pages.data.page import DataPage
from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from tests.helpers.errors import refused

CELLS = 'name\tbeds\ttext\nLarch Hut\t007\t"Two\nlines, and a ""quote"""\n=1+1\t-3.5\tà\n'
ROWS = [("Larch Hut", "007", 'Two\nlines, and a "quote"'), ("=1+1", "-3.5", "à")]
HTML = """<html><body><p>before</p><table>
<tr><th>name</th><th>beds</th><th>text</th></tr>
<tr><td rowspan=2>Larch
Hut</td><td>7</td><td>one<br>two</td></tr>
<tr><td colspan=1>8</td><td><b>bold</b> &amp; <i>more</i><script>x()</script></td></tr>
</table><table><tr><td>other</td></tr></table></body></html>"""


@pytest.fixture(autouse=True)
def clipboard() -> Iterator[None]:
    yield
    QGuiApplication.clipboard().clear()


def copy(*, text: str = "", html: str = "", file: Path | None = None) -> None:
    data = QMimeData()
    if text:
        data.setText(text)
    if html:
        data.setHtml(html)
    if file is not None:
        data.setUrls([QUrl.fromLocalFile(str(file))])
    QGuiApplication.clipboard().setMimeData(data)


def pasted(page: DataPage, qtbot: QtBot) -> None:
    qtbot.keyClick(page, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: page.file.state is ImportState.READY)


def rows(context: AppContext) -> list[tuple[str, ...]]:
    folder, entry = context.project.folder, context.project.dataset
    assert folder is not None
    assert entry is not None
    with DatasetStore(folder.dataset_store(entry.dataset_id)) as store:
        return [row.cells for row in store.rows()]


def files(context: AppContext) -> list[Path]:
    folder = context.project.folder
    assert folder is not None
    return sorted(folder.pasted.glob("*"))


def test_copied_cells_become_a_dataset(
    empty_page: DataPage, qtbot: QtBot, context: AppContext
) -> None:
    page = empty_page
    copy(text=CELLS, html=HTML)  # as a spreadsheet program copies them: the text is the exact form
    pasted(page, qtbot)
    assert page.views.currentWidget() is page.import_view
    page.import_view.import_button.click()
    qtbot.waitUntil(lambda: page.views.currentWidget() is page.dataset_view)
    assert rows(context) == ROWS
    (kept,) = files(context)
    entry = context.project.dataset
    assert entry is not None
    assert entry.source_path == str(kept)


def test_a_table_of_a_web_page(empty_page: DataPage, qtbot: QtBot, context: AppContext) -> None:
    copy(text="name beds text Larch Hut 7 one\ntwo", html=HTML)
    pasted(empty_page, qtbot)
    empty_page.import_view.import_button.click()
    qtbot.waitUntil(lambda: empty_page.views.currentWidget() is empty_page.dataset_view)
    assert rows(context) == [("Larch Hut", "7", "one\ntwo"), ("Larch Hut", "8", "bold & more")]


def test_comma_separated_text(empty_page: DataPage, qtbot: QtBot) -> None:
    copy(text="name,text\na,b\nc,d\n")
    pasted(empty_page, qtbot)
    report = empty_page.file.report
    assert report is not None
    assert (report.options.delimiter, report.row_count) == (",", 2)


def test_a_copied_file_is_opened(
    empty_page: DataPage, qtbot: QtBot, odd_csv: Path, context: AppContext
) -> None:
    copy(file=odd_csv)
    pasted(empty_page, qtbot)
    assert empty_page.file.path == odd_csv
    assert files(context) == []


def test_a_paste_that_is_not_imported_does_not_stay(
    empty_page: DataPage, qtbot: QtBot, context: AppContext
) -> None:
    copy(text=CELLS)
    pasted(empty_page, qtbot)
    assert len(files(context)) == 1
    empty_page.import_view.cancel_button.click()
    assert files(context) == []


@pytest.mark.parametrize("text", ["", "only a word", "  \n "])
def test_no_table_is_a_sentence(
    empty_page: DataPage, qtbot: QtBot, context: AppContext, text: str
) -> None:
    copy(text=text)
    context.actions.get("data.paste").trigger()
    qtbot.waitUntil(empty_page.bar.isVisible)
    assert empty_page.bar.label.text()
    assert files(context) == []


def test_a_field_keeps_its_own_paste(page: DataPage, qtbot: QtBot) -> None:
    copy(text=CELLS)
    field = QLineEdit(page)
    field.show()
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert field.text().startswith("name")
    assert page.file.state is ImportState.NONE


def test_the_command_needs_a_project(page: DataPage, context: AppContext) -> None:
    action = context.actions.get("data.paste")
    assert action.isEnabled()
    assert "Paste table" in [entry.title for entry in context.actions.all()]
    context.project.close()
    assert not action.isEnabled()


def test_too_much_is_a_sentence(tmp_path: Path) -> None:
    with refused("clipboard-too-large", size=MOST_CHARACTERS + 1, limit=MOST_CHARACTERS):
        list(write_pasted("a\n" + "x" * (MOST_CHARACTERS - 1), "", tmp_path))
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=re.escape(str(tmp_path / "file"))):
        list(write_pasted(CELLS, "", tmp_path / "file" / "pasted"))


@pytest.mark.parametrize(
    "html",
    [
        "<table>" * 3000,
        "<table><tr>" + "<td colspan=999999999 rowspan=99999999>x" * 300,
        "<table><tr><td>" + "<!--" * 20_000,
        "<table><td>no row</td></table>",
        "<table></table></table></td></tr>",
        "<table><tr><td rowspan=²>\0\ud83d<td>y</table>",
    ],
)
def test_hostile_html_ends(tmp_path: Path, html: str) -> None:
    list(write_pasted("plain\ntext", html, tmp_path))
    (written,) = tmp_path.iterdir()
    assert written.stat().st_size < 10_000_000
