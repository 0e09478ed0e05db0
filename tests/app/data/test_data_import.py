"""From a chosen file to a dataset, with the engine's own readers behind the engine client."""

from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.data.importing.file_import import ImportState
from app.pages.data.page import DataPage
from engine.contract.protocol.data import Imported, ImportFile, InspectFile
from engine.contract.reading.reading import FindingKind, ReadOptions
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Role
from tests.helpers.fake_ports import FakeClient
from tests.helpers.projects import make_project


def look(page: DataPage, qtbot: QtBot, path: Path) -> None:
    assert page.open_path(path)
    qtbot.waitUntil(lambda: page.file.state is ImportState.READY)


def pick(page: DataPage, name: str, value: str | bool) -> None:
    """Choose from one of the four menus as a click does."""
    box = page.import_view.options.boxes[name]
    place = box.findData(value)
    assert place >= 0
    box.setCurrentIndex(place)
    box.activated.emit(place)


def test_opened_file_shows_what_was_detected(
    empty_page: DataPage, qtbot: QtBot, odd_csv: Path
) -> None:
    page = empty_page
    assert page.views.currentWidget() is page.empty
    look(page, qtbot, odd_csv)
    view = page.import_view
    assert page.views.currentWidget() is view
    boxes = view.options.boxes
    assert boxes["delimiter"].currentData() == ";"
    assert boxes["delimiter"].currentText().endswith("(detected)")
    assert boxes["header"].currentData() is True
    assert view.model.index(0, 0).data() == "Hütte 1"
    assert view.model.headerData(3, Qt.Orientation.Horizontal) == "text"
    assert "40 rows" in view.summary.text()
    assert view.import_button.isEnabled()


def test_another_delimiter_is_previewed_at_once_and_taken_back(
    empty_page: DataPage, qtbot: QtBot, odd_csv: Path, client: FakeClient
) -> None:
    page = empty_page
    look(page, qtbot, odd_csv)
    pick(page, "delimiter", ",")
    assert page.file.chosen == ReadOptions(delimiter=",")
    qtbot.waitUntil(lambda: page.file.state is not ImportState.INSPECTING)
    assert page.import_view.model.columnCount() == 1
    boxes = page.import_view.options.boxes
    assert boxes["delimiter"].currentData() == ","
    assert not boxes["delimiter"].currentText().endswith("(detected)")
    pick(page, "delimiter", ";")  # still marked as detected
    assert page.file.chosen == ReadOptions()
    qtbot.waitUntil(lambda: page.import_view.model.columnCount() == 4)


def test_newest_options_win_over_late_answers(
    empty_page: DataPage, qtbot: QtBot, odd_csv: Path, client: FakeClient
) -> None:
    page = empty_page
    look(page, qtbot, odd_csv)
    report = page.file.report
    assert report is not None
    answer = client.replies.pop(InspectFile)
    pick(page, "delimiter", ",")
    pick(page, "delimiter", "|")
    older, newer = client.open_tickets(InspectFile)
    assert older.cancel_asked
    older.answer(answer(older.command))
    assert page.file.report is report
    newer.answer(answer(newer.command))
    assert page.file.report is not report
    assert page.file.report is not None
    assert page.file.report.options.delimiter == "|"


def test_findings_say_what_is_lost_and_lines_lead_to_rows(
    empty_page: DataPage, qtbot: QtBot, odd_csv: Path
) -> None:
    page = empty_page
    look(page, qtbot, odd_csv)
    view = page.import_view
    found = {finding.kind: finding for finding in view.findings.findings}
    assert found[FindingKind.RAGGED].lines == (22,)
    assert view.findings.findings[0].loses_rows
    assert "1 row cannot be read" in view.what_happens.text()
    line = found[FindingKind.EMPTY_CELLS].lines[1]
    view.findings.line_chosen.emit(line)
    row = view.table.currentIndex().row()
    assert view.model.headerData(row, Qt.Orientation.Vertical) == line
    assert view.model.index(row, 1).data() == ""


def test_import_adds_a_dataset_as_one_step(
    empty_page: DataPage, qtbot: QtBot, odd_csv: Path, context: AppContext
) -> None:
    page = empty_page
    look(page, qtbot, odd_csv)
    page.import_view.import_button.click()
    assert [activity.title for activity in context.activities.activities] == ["Import hütten.csv"]
    qtbot.waitUntil(lambda: page.views.currentWidget() is page.dataset_view)
    assert context.activities.activities == []
    entry = context.project.dataset
    assert entry is not None
    assert entry.name == "hütten.csv"
    assert entry.source_path == str(odd_csv)
    assert entry.mapping.column_of(Role.TARGET) == "text"
    assert "1 row could not be read" in page.bar.label.text()
    assert page.current.store is not None
    assert page.current.store.meta.row_count == 40
    context.undo.undo()
    assert context.project.project.datasets == ()
    assert page.views.currentWidget() is page.empty
    context.undo.redo()
    assert page.views.currentWidget() is page.dataset_view
    assert page.dataset_view.rows.model.index(0, 0).data() == "Hütte 1"


def test_second_file_of_the_same_name_gets_another(
    page: DataPage, qtbot: QtBot, tmp_path: Path, context: AppContext
) -> None:
    path = tmp_path / "huts.csv"
    path.write_text("a,text\n1,one\n2,two\n", encoding="utf-8")
    look(page, qtbot, path)
    page.file.start()
    qtbot.waitUntil(lambda: len(context.project.project.datasets) == 2)
    names = [entry.name for entry in context.project.project.datasets]
    assert names == ["huts.csv", "huts.csv (2)"]


def test_file_that_cannot_be_read_says_so_and_keeps_the_rest(
    page: DataPage, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "nothing.csv"
    path.write_bytes(b"")
    assert page.open_path(path)
    qtbot.waitUntil(lambda: page.file.state is ImportState.FAILED)
    view = page.import_view
    assert view.bar.isVisible()
    assert "nothing.csv" in view.bar.label.text()
    assert not view.import_button.isEnabled()
    view.cancel_button.click()
    assert page.views.currentWidget() is page.dataset_view
    assert page.current.row_number == 1


def test_failed_options_keep_the_menus_usable(
    empty_page: DataPage, qtbot: QtBot, odd_csv: Path, client: FakeClient
) -> None:
    page = empty_page
    look(page, qtbot, odd_csv)
    answer = client.replies.pop(InspectFile)
    pick(page, "encoding", "utf-16")
    client.last(InspectFile).fail("hütten.csv is not UTF-16: choose another encoding.")
    view = page.import_view
    assert "not UTF-16" in view.bar.label.text()
    assert not view.import_button.isEnabled()
    assert view.options.boxes["encoding"].currentData() == "utf-16"
    client.replies[InspectFile] = answer
    pick(page, "encoding", "latin-1")
    qtbot.waitUntil(lambda: page.file.state is ImportState.READY)
    assert not view.bar.isVisible()


def test_import_shows_progress_and_can_be_cancelled(
    empty_page: DataPage, qtbot: QtBot, odd_csv: Path, client: FakeClient, context: AppContext
) -> None:
    page = empty_page
    look(page, qtbot, odd_csv)
    handler = client.replies.pop(ImportFile)
    page.file.start()
    pending = client.last(ImportFile)
    pending.progress(5 * 2**31, 10 * 2**31, "bytes")
    bar = page.import_view.progress
    assert bar.isVisible()
    assert bar.value() == bar.maximum() // 2
    assert not page.import_view.options.isEnabled()
    assert not page.open_path(odd_csv)
    page.import_view.cancel_button.click()
    qtbot.waitUntil(lambda: page.file.state is ImportState.READY)
    assert context.project.project.datasets == ()
    assert context.activities.activities == []
    client.replies[ImportFile] = handler
    page.file.start()
    qtbot.waitUntil(lambda: context.project.dataset is not None)


def test_failed_import_keeps_the_file_open(
    empty_page: DataPage, qtbot: QtBot, odd_csv: Path, client: FakeClient, context: AppContext
) -> None:
    page = empty_page
    look(page, qtbot, odd_csv)
    del client.replies[ImportFile]
    page.file.start()
    client.last(ImportFile).fail("The disk is full: 0 B are free.")
    assert page.import_view.bar.label.text() == "The disk is full: 0 B are free."
    assert page.file.state is ImportState.READY
    assert context.project.project.datasets == ()


def test_import_that_ends_after_its_project_was_closed_leaves_nothing(
    empty_page: DataPage,
    qtbot: QtBot,
    odd_csv: Path,
    client: FakeClient,
    context: AppContext,
    tmp_path: Path,
) -> None:
    page = empty_page
    look(page, qtbot, odd_csv)
    handler = client.replies.pop(ImportFile)
    page.file.start()
    pending = client.last(ImportFile)
    context.project.open(make_project(tmp_path / "other", dataset=False))
    assert pending.cancel_asked
    reply = handler(pending.command)
    assert isinstance(reply, Imported)
    assert Path(reply.store).exists()
    pending.answer(reply)
    assert not Path(reply.store).exists()
    assert context.project.project.datasets == ()
    assert page.views.currentWidget() is page.empty


def drop(page: DataPage, *paths: Path) -> bool:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    event.setAccepted(False)
    page.dropEvent(event)
    return event.isAccepted()


def test_dropped_file_is_opened_and_folders_are_not(
    empty_page: DataPage, qtbot: QtBot, odd_csv: Path
) -> None:
    page = empty_page
    assert not drop(page, odd_csv.parent)
    assert not drop(page)
    assert page.file.state is ImportState.NONE
    assert drop(page, odd_csv)
    qtbot.waitUntil(lambda: page.file.state is ImportState.READY)


def test_files_dropped_together_are_one_dataset(
    empty_page: DataPage, qtbot: QtBot, tmp_path: Path
) -> None:
    page, other = empty_page, tmp_path / "other" / "test.tsv"
    other.parent.mkdir()
    paths = [tmp_path / "train.tsv", tmp_path / "dev.tsv", other]
    for path in paths:
        path.write_text("text\tlabel\n" + "A good hut\t1\nA bad hut\t0\n" * 9, encoding="utf-8")
    assert not drop(page, *paths)  # of two folders
    assert drop(page, *paths[:2])
    qtbot.waitUntil(lambda: page.file.state is ImportState.READY)
    report = page.file.report
    assert report is not None
    assert report.row_count == 36
    assert report.mapping.answer is AnswerKind.LABEL
    assert report.mapping.column_of(Role.SPLIT) == "split"


def test_without_a_project_no_file_is_taken(
    empty_page: DataPage, context: AppContext, odd_csv: Path
) -> None:
    context.project.close()
    assert not empty_page.open_path(odd_csv)
    assert empty_page.file.state is ImportState.NONE
