"""The Write page: matching, writing, looking, changing, and all of it again after closing."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton

from app.context import AppContext
from app.pages.data.page import DataPage
from app.pages.write.setup_panel import FIRST, SELECTED
from app.pages.write.texts import Show
from engine.contract.protocol.writing import WriteAgain, WriteTexts, WrittenAgain
from engine.contract.runs.events import RunState
from engine.contract.specs.training import Strategy
from engine.contract.writing.progress import WrittenRow
from engine.contract.writing.work import ChosenRows
from tests.app.write.conftest import Writer
from tests.helpers.tiny_runs import write_table


@pytest.fixture
def run(context: AppContext, writer: Writer) -> Path:
    """A finished run of the project."""
    run = context.runs.all()[0]
    writer.qtbot.waitUntil(lambda: run.status.state is RunState.FINISHED)
    return run.path


def texts(writer: Writer) -> list[str]:
    """The column of texts, as it is shown."""
    rows = writer.page.results.rows
    return [rows.index(row, 1).data() for row in range(rows.rowCount())]


def numbers(writer: Writer) -> list[int]:
    rows = writer.page.results.rows.rows
    return [rows[index].text.number for index in range(len(rows))]


def test_columns_are_matched_and_the_match_can_be_undone(
    writer: Writer, run: Path, context: AppContext
) -> None:
    writer.open()
    assert not writer.page.setup.write_button.isEnabled()  # nobody writes yet
    writer.use(run)
    panel = writer.page.setup.fields
    chosen = {field: box.currentText() for field, box in panel.boxes.items()}
    assert chosen["name"] == "NAME"
    assert chosen["kind"] == "Kind"
    assert chosen["beds"] == "(none)"
    assert not panel.missing.isHidden()
    assert "beds" in panel.missing.text()
    assert "Nr" in panel.notes.text()
    writer.qtbot.waitUntil(lambda: bool(writer.page.setup.preview.toPlainText()))
    assert "name : Hut 1 | kind : shelter" in writer.page.setup.preview.toPlainText()

    panel.boxes["beds"].setCurrentText("NAME")
    panel.boxes["beds"].activated.emit(panel.boxes["beds"].currentIndex())
    matches = {match.field: match.column for match in writer.page.model.matches}
    assert (matches["beds"], matches["name"]) == ("NAME", "")
    assert "--match beds=NAME" in writer.page.command.command()
    context.undo.undo()
    assert panel.boxes["name"].currentText() == "NAME"
    assert writer.page.setup.write_button.isEnabled()


def test_writing_shows_each_text_and_ends(writer: Writer, run: Path, context: AppContext) -> None:
    writer.open()
    writer.use(run)
    writer.page.setup.which.setCurrentText(FIRST)
    writer.page.setup.first.setValue(4)
    writer.page.setup.write_button.click()
    assert writer.page.model.writing is not None
    assert writer.page.model.writing.chosen == ChosenRows(limit=4)
    (activity,) = context.activities.activities
    assert activity.can_cancel
    assert writer.page.setup.cancel_button.isVisible()
    assert not writer.page.setup.write_button.isEnabled()
    writer.write(WrittenRow(2, "Second."), WrittenRow(1, "First."))
    assert texts(writer)[:3] == ["First.", "Second.", ""]
    assert not writer.page.setup.systems.isEnabled()
    writer.page.setup.cancel_button.click()
    writer.qtbot.waitUntil(lambda: writer.page.model.job is None)
    assert writer.page.setup.write_button.text() == "Continue"
    writer.page.setup.write_button.click()
    writer.write(WrittenRow(4, "Fourth."), WrittenRow(3, "Third."))
    writer.finish()
    assert not context.activities.activities
    assert not writer.page.setup.write_button.isEnabled()  # all four are written
    writer.page.setup.which.setCurrentIndex(0)
    assert writer.page.setup.write_button.isEnabled()


def doubtful(writer: Writer, run: Path) -> None:
    writer.open()
    writer.use(run)
    writer.page.setup.write_button.click()
    writer.write(
        WrittenRow(1, "One.", 2),
        WrittenRow(2, "Two.", 1, ("Ystad",)),
        WrittenRow(3, "Three in Rome.", 1, ("Ystad",), ("Rome",)),
        WrittenRow(4, ""),
    )
    writer.finish()


def test_doubtful_rows_are_shown_alone_and_first(writer: Writer, run: Path) -> None:
    doubtful(writer, run)
    results = writer.page.results
    assert numbers(writer) == [1, 2, 3, 4, 5, 6]
    results.doubtful_first.click()
    assert numbers(writer)[:3] == [3, 2, 4]
    results.show_box.setCurrentText(Show.DOUBTFUL.value)
    assert numbers(writer) == [3, 2, 4]
    results.show_box.setCurrentText(Show.UNWRITTEN.value)
    assert numbers(writer) == [5, 6]
    results.show_box.setCurrentText(Show.CHANGED.value)
    assert numbers(writer) == []
    assert not results.commands["edit"].isEnabled()


def test_a_text_by_hand_is_saved_apart_and_undone(
    writer: Writer, run: Path, context: AppContext
) -> None:
    doubtful(writer, run)
    model, rows = writer.page.model, writer.page.results.rows
    assert model.folder is not None
    before = model.folder.progress.read_bytes()
    assert rows.setData(rows.index(2, 1), "Three near Ystad.")
    assert texts(writer)[2] == "Three near Ystad."
    assert rows.index(2, 0).data() == "edited"
    assert model.folder.progress.read_bytes() == before
    context.undo.undo()
    assert texts(writer)[2] == "Three in Rome."
    context.undo.redo()
    writer.page.results.table.select_row(2)
    writer.page.results.commands["restore"].trigger()
    assert texts(writer)[2] == "Three in Rome."
    context.undo.undo()

    model.show(model.folder)  # as another window would
    writer.qtbot.waitUntil(lambda: texts(writer)[0] == "One.")
    assert texts(writer)[2] == "Three near Ystad."
    context.undo.undo()  # of what was done before it was shown again
    assert texts(writer)[2] == "Three in Rome."


def test_selected_rows_are_written_again_with_another_seed(
    writer: Writer, run: Path, context: AppContext
) -> None:
    doubtful(writer, run)
    writer.page.results.table.selectAll()
    assert writer.page.results.numbers() == (1, 2, 3, 4, 5, 6)
    writer.page.results.table.select_row(1)
    writer.page.results.commands["again"].trigger()
    pending = writer.model_client.last(WriteAgain)
    assert isinstance(pending.command, WriteAgain)
    assert pending.command.rows == (2,)
    assert pending.command.decoding.strategy is Strategy.SAMPLING
    pending.answer(WrittenAgain((WrittenRow(2, "Two near Ystad.", 2),)))
    writer.qtbot.waitUntil(lambda: texts(writer)[1] == "Two near Ystad.")
    context.undo.undo()
    assert texts(writer)[1] == "Two."


def test_the_table_is_saved_with_its_changes(writer: Writer, run: Path) -> None:
    doubtful(writer, run)
    writer.page.model.edit_text(2, "=by hand")
    out = writer.folder / "out.csv"
    writer.page.save(out)
    writer.qtbot.waitUntil(out.exists)
    rows = list(csv.reader(io.StringIO(out.read_bytes().decode("utf-8-sig"))))
    assert rows[0] == ["Nr", "NAME", "Kind", "near", "text"]
    assert [row[-1] for row in rows[1:]] == ["One.", "'=by hand", "Three in Rome.", ""]


def test_selected_rows_alone_can_be_written(writer: Writer, run: Path) -> None:
    writer.open()
    writer.use(run)
    writer.page.results.table.select_row(3)
    writer.page.setup.which.setCurrentText(SELECTED)
    writer.page.setup.start()
    assert writer.page.model.writing is not None
    assert writer.page.model.writing.chosen == ChosenRows(rows=(4,))
    writer.write(WrittenRow(4, "Fourth."))
    writer.finish()


def test_texts_of_other_columns_are_not_mixed(writer: Writer, run: Path) -> None:
    doubtful(writer, run)
    writer.page.model.start(ChosenRows())
    from engine.contract.protocol.commands import Failure
    from engine.contract.runs.events import Blame

    pending = writer.model_client.last(WriteTexts)
    pending.failed.emit(Failure(Blame.USER, "Other columns.", code="progress-of-other-work"))
    assert writer.page.bar.isVisible()
    writer.page.bar.buttons[0].click()
    writer.qtbot.waitUntil(lambda: not any(texts(writer)))


def test_copied_cells_are_written_about(writer: Writer) -> None:
    QGuiApplication.clipboard().setText("name\tfood\nHut 1\tsoup\nHut 2\tbread\n")
    writer.page.paste_action.trigger()
    writer.qtbot.waitUntil(lambda: writer.page.model.folder is not None)
    assert writer.page.results.rows.rowCount() == 2


def test_deleting_is_undone(writer: Writer, run: Path, context: AppContext) -> None:
    doubtful(writer, run)
    writer.page.delete_action.trigger()
    assert writer.page.model.folder is None
    assert writer.page.views.currentWidget() is writer.page.empty
    context.undo.undo()
    writer.qtbot.waitUntil(
        lambda: bool(writer.page.results.rows.rowCount()) and bool(texts(writer)[0])
    )
    context.undo.redo()
    assert writer.page.model.folder is None


def test_a_file_that_cannot_be_read_says_why(writer: Writer) -> None:
    path = writer.folder / "empty.csv"
    path.touch()
    assert writer.page.open_path(path)
    writer.qtbot.waitUntil(writer.page.bar.isVisible)
    assert "empty.csv" in writer.page.bar.label.text()
    assert not writer.page.open_path(writer.folder / "gone.csv")


def test_a_hundred_thousand_rows_cost_no_more_than_those_in_view(writer: Writer, run: Path) -> None:
    writer.open(100_000)
    writer.use(run)
    writer.page.setup.write_button.click()
    rows = (WrittenRow(n, f"Text {n}.", 2, ("Ystad",) * (n % 50 == 0)) for n in range(1, 4_001))
    writer.write(*rows)
    results = writer.page.results
    texts_ = writer.page.model.texts
    assert texts_ is not None
    writer.qtbot.waitUntil(lambda: texts_.written.count == 4_000, timeout=60_000)
    writer.finish()
    read: list[int] = []
    whole = texts_.row
    texts_.row = lambda number: (read.append(number), whole(number))[1]  # type: ignore[method-assign]
    results.doubtful_first.click()
    results.table.scrollToBottom()
    results.table.selectAll()
    results.table.grab()
    assert len(results.numbers()) == 100_000
    assert len(set(read)) < 500
    assert numbers_at(results.rows.index(0, 0)) == 50


def numbers_at(index: QModelIndex) -> int:
    model = index.model()
    return int(model.rows[index.row()].text.number)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("rows", "asks"),
    [
        ([("name", "food"), ("Hut 1", "soup"), ("Hut 2", "bread")], True),
        ([("mr",), ("name[Hut 1], food[soup]",)], True),
        ([("name", "text"), ("Hut 1", "")], True),
        ([("name", "address"), ("Hut 1", "12 Long Mountain Street, Upper Valley")], True),
        ([("name", "notes"), ("Hut 1", "« On y mange de la soupe. »")], False),
        ([("name", "notes"), ("Hut 1", " ".join(["soup and bread"] * 5))], False),
        ([("name", "text"), ("Hut 1", "Soup.")], False),
        ([("name", "notes"), ("Hut 1", "You get soup and bread here.")], False),
    ],
)
def test_data_asks_what_a_file_without_texts_is_for(
    rows: list[tuple[str, ...]],
    asks: bool,
    context: AppContext,
    client: object,
    project: Path,
    tmp_path: Path,
    open_project: Callable[[Path], None],
    qtbot: object,
) -> None:
    from pytestqt.qtbot import QtBot

    from tests.app.data.answers import REPLIES
    from tests.helpers.fake_ports import FakeClient

    assert isinstance(client, FakeClient)
    assert isinstance(qtbot, QtBot)
    client.replies.update(REPLIES)
    open_project(project)
    page = DataPage(context)
    qtbot.addWidget(page)
    page.show()
    page.activateWindow()
    path = write_table(tmp_path / "new.csv", rows)
    page.open_path(path)
    qtbot.waitUntil(lambda: page.file.report is not None)
    view = page.import_view
    assert view.question.isVisibleTo(view) is asks
    assert view.import_button.isEnabled() is not asks
    if asks:
        page.file.start()  # by whatever way: nothing is imported
        assert len(context.project.project.datasets) == 1
        asked: list[tuple[object, ...]] = []
        context.navigator.write_requested.connect(lambda *words: asked.append(words))
        learn, _write = view.question.findChildren(QPushButton)
        qtbot.waitUntil(lambda: QApplication.focusWidget() is learn)
        qtbot.keyClick(learn, Qt.Key.Key_Tab)
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
        assert asked == [("", path, page.file.chosen)]
        page.open_path(path)
        qtbot.waitUntil(lambda: page.file.report is not None)
        learn = view.question.findChildren(QPushButton)[0]
        learn.click()
        assert view.import_button.isEnabled()
    page.file.close()
    context.project.close()
