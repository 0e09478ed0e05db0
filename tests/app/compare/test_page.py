"""The page from its empty states to the list, the notes and the copies."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.compare.generation.view import DiffMode
from app.pages.compare.list.example_list import DIFFERENCE, NUMBER
from app.pages.compare.list.listing import SIDE, Filter, Order
from app.pages.compare.page import ComparePage
from app.pages.compare.table.columns import COMPUTING
from engine.contract.projects.project import ExampleNote
from engine.contract.protocol.outputs import CompareOutputs
from engine.contract.runs.outputs import read_meta, read_outputs, write_outputs
from engine.contract.runs.scores import MeanDifference
from tests.app.compare.conftest import choose, shown
from tests.helpers.fake_ports import FakeClient
from tests.helpers.projects import make_project

MARKS = ("letter,system", "| System |", r"\toprule")
MakePage = Callable[[Path], ComparePage]


def press(qtbot: QtBot, widget: QWidget, *keys: Qt.Key) -> None:
    for key in keys:
        qtbot.keyClick(widget, key)


def test_without_runs_it_says_what_to_do(
    qtbot: QtBot, make_page: MakePage, context: AppContext, tmp_path: Path
) -> None:
    page = make_page(make_project(tmp_path / "empty"))
    assert page.pages.currentWidget() is page.empty
    assert page.empty.pages.currentWidget() is page.empty.nothing
    assert "Train a prefix and its fine-tuning baseline" in page.empty.nothing.text.text()
    with qtbot.waitSignal(context.navigator.page_requested) as asked:
        page.empty.to_runs.click()
    assert asked.args == ["runs"]


def test_one_click_compares_the_latest_pair(
    qtbot: QtBot, make_page: MakePage, runs_project: Path
) -> None:
    page = make_page(runs_project)
    assert page.empty.pages.currentWidget() is page.empty.choosing
    assert page.empty.suggestion.text() == "Compare twin and prefix 20"
    page.empty.suggestion.click()
    qtbot.waitUntil(lambda: page.pages.currentWidget() is page.comparing)
    assert shown(page) == ["twin", "prefix 20"]


def test_ticks_are_kept_in_the_project_and_undone(
    qtbot: QtBot, make_page: MakePage, runs_project: Path, context: AppContext
) -> None:
    page = make_page(runs_project)
    table, model = page.empty.chooser.table, page.empty.chooser.model
    names = [str(model.index(row, 0).data()) for row in range(model.rowCount())]
    table.select_row(names.index("twin"))
    press(qtbot, table, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(page.systems.chosen) == 1)
    assert page.pages.currentWidget() is page.empty, "one system is no comparison"
    index = model.index(names.index("prefix 10"), 0)
    assert model.setData(index, Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)
    qtbot.waitUntil(lambda: shown(page) == ["twin", "prefix 10"])
    assert len(context.project.project.compared) == 2
    context.undo.undo()
    qtbot.waitUntil(lambda: page.pages.currentWidget() is page.empty)
    context.undo.redo()
    qtbot.waitUntil(lambda: shown(page) == ["twin", "prefix 10"])


def test_keys_tick_in_the_panel_too(qtbot: QtBot, page: ComparePage) -> None:
    page.choose.click()
    table, model = page.panel.chooser.table, page.panel.chooser.model
    names = [str(model.index(row, 0).data()) for row in range(model.rowCount())]
    table.select_row(names.index("prefix 20"))
    press(qtbot, table, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: shown(page) == ["twin", "prefix 10", "prefix 20"])
    press(qtbot, table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shown(page) == ["twin", "prefix 10"])
    page.panel.close()


def test_another_page_can_ask_for_a_comparison(
    qtbot: QtBot, make_page: MakePage, runs_project: Path, context: AppContext
) -> None:
    page = make_page(runs_project)
    ids = [run.run_id for run in context.runs.all()]
    context.navigator.show_compare(ids[1:])
    qtbot.waitUntil(lambda: shown(page) == ["prefix 10", "prefix 20"])
    context.navigator.show_compare()
    assert shown(page) == ["prefix 10", "prefix 20"]


def test_scores_cost_and_differences_stand_in_the_table(qtbot: QtBot, page: ComparePage) -> None:
    model = page.scores.model
    qtbot.waitUntil(lambda: page.scores.scores.rows[1].mean_difference is not None)
    heads = [model.headerData(c, Qt.Orientation.Horizontal) for c in range(model.columnCount())]
    assert heads == [
        "System", "BLEU", "chrF", "Δ BLEU", "Mean row Δ BLEU", "Size", "Training",
        "Trainable", "Speed",
    ]  # fmt: skip
    cells = [[str(model.index(r, c).data()) for c in range(9)] for r in range(2)]
    assert cells[0][0] == "A  twin"
    assert "±" in cells[0][1]
    assert cells[0][3:5] == ["–", "–"]
    assert cells[1][5] == "461 kB"
    scores = [row.system.scores["bleu"].value for row in page.scores.scores.rows]
    assert page.scores.scores.rows[1].corpus_difference == pytest.approx(scores[1] - scores[0])
    tip = model.index(1, 1).data(Qt.ItemDataRole.ToolTipRole)
    assert "bleu|nrefs:2|case:mixed|v:2.6|greedy|max100|seed:0" in tip
    assert "95 % paired bootstrap over 24 rows, 1,000 resamples, seed 0" in page.scores.notes.text()


def test_the_newest_comparison_is_computed_and_said_to_be(
    qtbot: QtBot, make_page: MakePage, runs_project: Path, client: FakeClient
) -> None:
    page = make_page(runs_project)
    compute = client.replies.pop(CompareOutputs)
    choose(qtbot, page, "twin", "prefix 10")
    first = client.last(CompareOutputs)
    assert page.scores.model.index(1, 4).data() == COMPUTING
    choose(qtbot, page, "twin", "prefix 20")
    assert first.cancel_asked, "nobody waits for the systems that were chosen before"
    (newest,) = [p for p in client.open_tickets(CompareOutputs) if not p.cancel_asked]
    newest.answer(compute(newest.command))
    assert "[" in page.scores.model.index(1, 4).data()
    mean = page.scores.scores.rows[1].mean_difference
    assert mean is not None
    assert mean.mean == pytest.approx(float(page.model.differences.mean()), abs=1e-12)
    page.model.set_metric("chrf")
    assert page.scores.scores.rows[1].mean_difference not in (None, mean), "all are known"


def test_differences_that_cannot_be_computed_say_why(
    qtbot: QtBot, make_page: MakePage, runs_project: Path, client: FakeClient
) -> None:
    page = make_page(runs_project)
    del client.replies[CompareOutputs]
    choose(qtbot, page, "twin", "prefix 10")
    client.last(CompareOutputs).fail("The file is gone.")
    assert "The file is gone." in page.scores.notes.text()
    assert page.scores.model.index(1, 4).data() == "–"


def test_every_item_model_keeps_the_rules(qtbot: QtBot, page: ComparePage) -> None:
    models = [
        page.scores.model,
        page.list.model,
        page.view.predictions.input.model,
        page.panel.chooser.model,
    ]
    mode = QAbstractItemModelTester.FailureReportingMode.Fatal
    testers = [QAbstractItemModelTester(model, mode) for model in models]
    page.model.set_metric("chrf")
    page.model.set_filter(Filter(search="hut"))
    page.model.step(1)
    choose(qtbot, page, "prefix 20", "twin", "prefix 10")
    assert len(testers) == 4


def test_list_begins_with_the_largest_difference(page: ComparePage) -> None:
    differences = abs(page.model.differences[list(page.model.listed)])
    assert list(differences) == sorted(differences, reverse=True)
    assert page.model.current == page.model.listed[0]
    assert page.list.table.selected_rows() == [0]


def test_a_head_sorts_and_sorts_the_other_way_round(page: ComparePage) -> None:
    header = page.list.table.horizontalHeader()
    header.sectionClicked.emit(NUMBER)
    assert page.model.listed == tuple(reversed(range(24)))
    assert header.sortIndicatorSection() == NUMBER
    header.sectionClicked.emit(NUMBER)
    assert page.model.listed == tuple(range(24))
    header.sectionClicked.emit(5)
    assert (page.model.sorting.order, page.model.sorting.metric) == (Order.SCORE, "bleu")
    header.sectionClicked.emit(DIFFERENCE)
    values = page.model.differences[list(page.model.listed)]
    assert list(values) == sorted(values, reverse=True)


def test_order_by_a_system_that_is_unticked_goes_back(qtbot: QtBot, page: ComparePage) -> None:
    choose(qtbot, page, "twin", "prefix 10", "prefix 20")
    page.list.table.horizontalHeader().sectionClicked.emit(6)
    assert page.model.sorting.system == 2
    choose(qtbot, page, "twin", "prefix 10")
    assert page.model.sorting.order is Order.LARGEST
    assert len(page.model.listed) == 24


def test_a_bar_lists_its_examples_and_lists_all_again(qtbot: QtBot, page: ComparePage) -> None:
    bars = page.list.histogram
    count = bars.bars.counts[SIDE]
    assert 0 < count < 24
    middle = QPoint(bars.width() // 2, bars.height() // 3)
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=middle)
    assert len(page.model.listed) == count
    assert page.model.current in page.model.listed
    assert f"{count} of 24 examples" in page.list.filters.count.text()
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=middle)
    assert len(page.model.listed) == 24


def test_bars_work_with_the_keyboard(qtbot: QtBot, page: ComparePage) -> None:
    bars = page.list.histogram
    bars.setFocus()
    current = page.model.current
    press(qtbot, bars, Qt.Key.Key_Space)
    assert len(page.model.listed) == page.list.histogram.bars.counts[SIDE]
    press(qtbot, bars, Qt.Key.Key_Escape)
    assert len(page.model.listed) == 24
    page.model.set_current(current)
    for _ in range(SIDE):
        qtbot.keyClick(bars, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert page.model.current == current, "the arrows belong to the bars here"
    press(qtbot, bars, Qt.Key.Key_Return)
    assert len(page.model.listed) == sum(page.list.histogram.bars.counts[SIDE:])


def test_where_lower_is_better_the_words_and_the_order_say_so(
    qtbot: QtBot, make_page: MakePage, runs_project: Path
) -> None:
    for path in sorted(runs_project.glob("runs/*/outputs/test.jsonl")):
        rows = tuple(
            replace(row, row_scores=(*row.row_scores, ("ter", 100 - dict(row.row_scores)["bleu"])))
            for row in read_outputs(path)
        )
        write_outputs(path, rows, read_meta(path))
    page = make_page(runs_project)
    choose(qtbot, page, "twin", "prefix 10")
    model, order = page.model, page.list.filters.order
    assert page.list.histogram.end_texts() == ("◂ A better", "B better ▸")
    order.activated.emit(order.findText("B better first"))
    best = model.listed[0]
    bleu = model.differences

    def mean_of_b() -> MeanDifference | None:
        return model.score_table.rows[1].mean_difference

    qtbot.waitUntil(lambda: mean_of_b() is not None)
    by_bleu = mean_of_b()
    model.set_metric("ter")
    assert list(model.differences) == pytest.approx(list(-bleu))
    assert page.list.histogram.end_texts() == ("◂ B better", "A better ▸")
    assert order.currentText() == "B better first"
    assert model.listed[0] == best
    qtbot.waitUntil(lambda: mean_of_b() is not None)
    by_ter = mean_of_b()
    assert by_bleu is not None
    assert by_ter is not None
    assert by_ter.mean == pytest.approx(-by_bleu.mean)
    assert (by_ter.better, by_ter.worse) == (by_bleu.better, by_bleu.worse)


def test_search_and_buckets_narrow_the_list(qtbot: QtBot, page: ComparePage) -> None:
    filters = page.list.filters
    category = page.model.comparison.examples[0].category
    texts = [filters.bucket.itemText(i) for i in range(filters.bucket.count())]
    place = next(i for i, text in enumerate(texts) if text.startswith(f"Category {category}"))
    filters.bucket.setCurrentIndex(place)
    filters.bucket.activated.emit(place)
    assert {page.model.comparison.examples[i].category for i in page.model.listed} == {category}
    filters.search.setText("surely nowhere")
    qtbot.waitUntil(lambda: page.model.listed == ())
    assert page.list.pages.currentWidget() is page.list.nothing
    filters.clear()
    qtbot.waitUntil(lambda: len(page.model.listed) == 24)
    assert filters.bucket.currentIndex() == 0


def test_keys_go_through_the_list(qtbot: QtBot, page: ComparePage) -> None:
    table, listed = page.list.table, page.model.listed
    table.setFocus()
    press(qtbot, table, Qt.Key.Key_Right, Qt.Key.Key_J, Qt.Key.Key_J, Qt.Key.Key_K)
    assert page.model.current == listed[2]
    press(qtbot, table, Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Left)
    assert page.model.current == listed[0]
    press(qtbot, table, Qt.Key.Key_R)
    assert page.model.current != listed[0]
    press(qtbot, table, Qt.Key.Key_Down)
    assert page.list.table.selected_rows() == [listed.index(page.model.current)]


def test_star_is_kept_and_undone(qtbot: QtBot, page: ComparePage, context: AppContext) -> None:
    example = page.model.example
    assert example is not None
    press(qtbot, page.list.table, Qt.Key.Key_S)
    assert context.project.project.example_notes == (ExampleNote(example.example_id, starred=True),)
    assert page.list.model.index(0, 0).data() == "★"
    assert page.view.note.star.isChecked()
    context.undo.undo()
    assert context.project.project.example_notes == ()
    assert not page.view.note.star.isChecked()
    page.view.note.star.click()
    page.model.set_filter(Filter(starred=True))
    assert len(page.model.listed) == 1


def test_note_is_one_step_however_long(
    qtbot: QtBot, page: ComparePage, context: AppContext
) -> None:
    example = page.model.example
    assert example is not None
    steps = context.undo.count()
    press(qtbot, page.list.table, Qt.Key.Key_N)
    qtbot.keyClicks(page.view.note.note, "jskr: odd")
    assert page.model.example is example, "letters typed into a note are no commands"
    assert page.model.notes.get(example.example_id).note == "jskr: odd"
    assert context.undo.count() == steps + 1
    page.model.step(1)
    assert page.view.note.note.toPlainText() == ""
    page.model.step(-1)
    assert page.view.note.note.toPlainText() == "jskr: odd"
    context.undo.undo()
    assert page.view.note.note.toPlainText() == ""


def test_tags_are_split_at_commas(qtbot: QtBot, page: ComparePage) -> None:
    example = page.model.example
    assert example is not None
    page.view.note.tags.setFocus()
    qtbot.keyClicks(page.view.note.tags, "price, name,, price")
    assert page.model.notes.get(example.example_id).tags == ("price", "name")
    press(qtbot, page.view.note.tags, Qt.Key.Key_Return)
    assert page.view.note.tags.text() == "price, name"


def test_words_are_marked_by_style_and_not_by_colour_only(page: ComparePage) -> None:
    differing = next(
        index
        for index in page.model.listed
        if len(set(page.model.comparison.examples[index].outputs)) > 1
    )
    page.model.set_current(differing)
    column = page.view.predictions.outputs[0]
    page.view.predictions.modes[DiffMode.SYSTEM].click()
    html = column.text.toHtml()
    assert "underline" in html
    assert "line-through" in html
    page.view.predictions.modes[DiffMode.MATCHES].click()
    assert "line-through" not in column.text.toHtml()
    page.view.predictions.modes[DiffMode.OFF].click()
    assert "background-color" not in column.text.toHtml()
    example = page.model.example
    assert example is not None
    assert column.text.toPlainText() == example.outputs[0]


def test_references_say_to_which_output_they_are_nearest(page: ComparePage) -> None:
    text = page.view.predictions.references.text.toPlainText()
    example = page.model.example
    assert example is not None
    assert all(reference in text for reference in example.references)
    assert "nearest to" in text


def test_the_table_says_which_values_are_said(page: ComparePage) -> None:
    model, example = page.view.predictions.input.model, page.model.example
    assert example is not None
    rows = [[model.index(r, c).data() for c in range(4)] for r in range(model.rowCount())]
    assert tuple((row[0], row[1]) for row in rows[:-1]) == example.fields
    assert {row[2] for row in rows[:-1]} <= {"✓", "–", "?"}
    assert rows[-1][2] == f"{[r[2] for r in rows].count('✓')}/{len(example.fields)}"
    tip = model.index(len(rows) - 1, 2).data(Qt.ItemDataRole.ToolTipRole)
    assert "literal" in tip


def test_other_reference_system_other_metric(qtbot: QtBot, page: ComparePage) -> None:
    before = page.model.differences
    page.pair.reference.activated.emit(1)
    qtbot.waitUntil(lambda: shown(page) == ["prefix 10", "twin"])
    assert list(page.model.differences) == list(-before)
    page.pair.measure.setCurrentIndex(1)
    page.pair.measure.activated.emit(1)
    assert page.model.metric == "chrf"
    assert page.list.model.headerData(DIFFERENCE, Qt.Orientation.Horizontal) == "Δ chrF"
    choose(qtbot, page, "twin", "prefix 10", "prefix 20")
    page.pair.other.activated.emit(1)
    assert page.model.other == 2


def test_an_outside_file_is_asked_for_beside_the_window(
    qtbot: QtBot, page: ComparePage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A dialog over the panel that drops down would close together with it."""
    path = tmp_path / "theirs.txt"
    path.write_text("line\n" * 24, encoding="utf-8")
    parents = []

    def ask(parent: QWidget, *_arguments: str) -> tuple[str, str]:
        parents.append(parent)
        return str(path), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", ask)
    page.choose.click()
    assert page.panel.isVisible()
    page.panel.chooser.add_file.click()
    assert not page.panel.isVisible()
    assert parents == [page.window()]
    qtbot.waitUntil(lambda: shown(page) == ["twin", "prefix 10", "theirs"])


def test_copies_reach_the_clipboard(qtbot: QtBot, page: ComparePage) -> None:
    qtbot.waitUntil(lambda: page.scores.scores.rows[1].mean_difference is not None)
    menu = page.copies.menu()
    for action, mark in zip(
        menu.actions(), ("letter,system", "| System |", r"\toprule"), strict=False
    ):
        action.trigger()
        assert mark in QGuiApplication.clipboard().text()


def test_rows_are_exported(qtbot: QtBot, page: ComparePage, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    page.export_rows(path)
    qtbot.waitUntil(page.bar.isVisible)
    assert page.bar.label.text() == f"24 rows are written to {path}."
    with path.open(encoding="utf-8-sig", newline="") as stream:
        assert len(list(csv.DictReader(io.StringIO(stream.read())))) == 24


def test_tables_are_saved_as_workbooks(qtbot: QtBot, page: ComparePage, tmp_path: Path) -> None:
    for export, name, rows, first in (
        (page.export_rows, "rows.xlsx", 24, "number"),
        (page.export_scores, "scores.xlsx", 2, "letter"),
    ):
        export(tmp_path / name)
        qtbot.waitUntil(lambda name=name: name in page.bar.label.text())
        head, *lines = openpyxl.load_workbook(tmp_path / name).active.values
        assert len(lines) == rows
        assert head[0] == first
    assert [line[0] for line in lines] == ["A", "B"]


def test_a_folder_that_cannot_be_written_to_is_said(
    qtbot: QtBot, page: ComparePage, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    page.export_rows(tmp_path / "file" / "rows.csv")
    qtbot.waitUntil(page.bar.isVisible)
    assert str(tmp_path / "file") in page.bar.label.text()


def test_every_control_has_a_name(page: ComparePage) -> None:
    kinds = (QAbstractButton, QComboBox, QLineEdit, QTextEdit, QAbstractItemView)
    for widget in page.findChildren(QWidget):
        if not isinstance(widget, kinds) or widget.objectName().startswith("qt_"):
            continue
        parent = widget.parentWidget()
        if isinstance(parent, QLineEdit | QComboBox | QAbstractItemView) or (
            parent is not None and isinstance(parent.parentWidget(), QComboBox)
        ):
            continue  # part of a control that has a name
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        assert widget.accessibleName() or text, f"{widget!r} has no name"


def test_it_fits_a_small_window(page: ComparePage) -> None:
    hint = page.minimumSizeHint()
    assert hint.width() <= 870
    assert hint.height() <= 640


def test_closing_the_project_empties_the_page(
    qtbot: QtBot, page: ComparePage, context: AppContext
) -> None:
    page.model.set_filter(Filter(search="hut"))
    context.runs.clear()
    context.project.close()
    qtbot.waitUntil(lambda: page.pages.currentWidget() is page.empty)
    assert page.model.filter == Filter()
    assert page.model.notes.notes == {}


def test_a_removed_run_leaves_the_table_and_comes_back(
    qtbot: QtBot, page: ComparePage, context: AppContext
) -> None:
    choose(qtbot, page, "twin", "prefix 10", "prefix 20")
    run = context.runs.all()[1]
    path = run.path
    context.runs.remove(run.run_id)
    qtbot.waitUntil(lambda: shown(page) == ["twin", "prefix 20"])
    context.runs.add(path)
    qtbot.waitUntil(lambda: shown(page) == ["twin", "prefix 10", "prefix 20"])


def test_a_new_name_reaches_the_table(qtbot: QtBot, page: ComparePage, context: AppContext) -> None:
    run = context.runs.all()[0]
    current = page.model.current
    run.set_meta(replace(run.meta, name="the twin"))
    qtbot.waitUntil(lambda: shown(page) == ["the twin", "prefix 10"])
    assert page.model.current == current
