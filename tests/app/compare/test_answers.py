"""Labels, tags and answers in Compare: what is marked, what is counted, what filters the list."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.compare.answers.matrix import MatrixTable
from app.pages.compare.answers.showing import SPAN_SHOWING
from app.pages.compare.answers.view import MarkedAnswersView
from app.pages.compare.comparison import Example
from app.pages.compare.list.listing import Cell, Filter
from app.pages.compare.page import ComparePage
from app.theme import LIGHT
from engine.contract.metrics import default_metrics, metrics_for
from engine.contract.runs.confusion import ConfusionCounter
from engine.contract.specs.answer import AnswerKind
from tests.app.compare.conftest import choose
from tests.helpers.answers import make_answer_runs, predict

ANSWERS = (AnswerKind.LABEL, AnswerKind.TAGS, AnswerKind.SPAN)


@pytest.fixture
def page(
    qtbot: QtBot,
    make_page: Callable[..., ComparePage],
    runs_project: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> ComparePage:
    """Two runs of the task that the test names, compared and counted."""
    answer: AnswerKind = request.param
    make_answer_runs(runs_project, answer)
    predict(monkeypatch, answer)
    page = make_page(runs_project)
    choose(qtbot, page, "good", "bad")
    qtbot.waitUntil(lambda: bool(page.model.counts.confusions))
    return page


def view_of(page: ComparePage) -> MarkedAnswersView:
    view = page.view.predictions
    assert isinstance(view, MarkedAnswersView)
    return view


def click(qtbot: QtBot, table: QTableView, row: int, column: int) -> None:
    index = table.model().index(row, column)
    table.scrollTo(index)
    middle = table.visualRect(index).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=middle)


@pytest.mark.parametrize("page", ANSWERS, indirect=True)
def test_the_table_ends_with_the_baseline(page: ComparePage) -> None:
    answer = page.model.task.info.answer
    assert page.model.metric == default_metrics(answer)[0]
    *systems, baseline = page.scores.scores.rows
    assert [row.system.name for row in systems] == ["good", "bad"]
    assert baseline.is_baseline
    assert set(baseline.system.scores) == set(default_metrics(answer))
    assert baseline.scored == len(page.model.comparison.examples)
    cells = [str(column.text(baseline)) for column in page.scores.model.columns]
    assert cells[0].startswith("–  Baseline: ")
    assert not any("computing" in cell or "†" in cell for cell in cells)
    assert not page.judge.isVisible()


@pytest.mark.parametrize("page", ANSWERS, indirect=True)
def test_a_cell_of_the_matrix_lists_its_examples(qtbot: QtBot, page: ComparePage) -> None:
    model, matrix = page.model, view_of(page).overview.matrix
    examples, answer = model.comparison.examples, model.task.info.answer
    counter = ConfusionCounter(answer)
    for index, example in enumerate(examples):
        counter.add(index, example.outputs[0], example.references)
    expected = counter.confusion()
    assert matrix.confusion == expected
    gold, predicted = expected.sides
    cell = max(expected.mistakes or expected.cells, key=lambda cell: cell.count)
    row, column = gold.index(cell.gold), predicted.index(cell.predicted)
    click(qtbot, matrix, row, column)
    assert sorted(model.listed) == list(cell.rows)
    assert model.current in cell.rows
    assert view_of(page).overview.everything.isVisible()
    assert "matrix" in page.list.filters.count.text()
    click(qtbot, matrix, row, column)
    assert len(model.listed) == len(examples), "a second click lists all"
    matrix.setFocus()
    matrix.setCurrentIndex(matrix.model().index(row, column))
    qtbot.keyClick(matrix, Qt.Key.Key_Return)
    assert sorted(model.listed) == list(cell.rows)
    qtbot.keyClick(matrix, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert model.filter.cell == Cell(0, gold=cell.gold)
    wanted = {i for c in expected.cells if c.gold == cell.gold for i in c.rows}
    assert set(model.listed) == wanted
    page.list.filters.clear()
    assert model.filter == Filter()


@pytest.mark.parametrize("page", [AnswerKind.LABEL], indirect=True)
def test_the_other_system_has_its_own_matrix_and_figures(qtbot: QtBot, page: ComparePage) -> None:
    overview = view_of(page).overview
    first = overview.matrix.confusion
    overview.chooser.setCurrentIndex(1)
    overview.chooser.activated.emit(1)
    assert overview.matrix.confusion == page.model.counts.confusions[1] != first
    groups = overview.groups.model().rows  # type: ignore[attr-defined]
    assert groups == page.model.counts.confusions[1].groups
    click(qtbot, overview.groups, 0, 0)
    assert page.model.filter.cell == Cell(1, gold=groups[0].name)
    choose(qtbot, page, "good")
    assert page.model.filter.cell is None


@pytest.mark.parametrize("page", [AnswerKind.LABEL], indirect=True)
def test_labels_are_judged_and_their_probabilities_shown(page: ComparePage) -> None:
    model, view = page.model, view_of(page)
    rows = range(len(model.comparison.examples))
    for is_right in (True, False):
        score = 100.0 if is_right else 0.0
        found = next(i for i in rows if model.comparison.scores["accuracy"][1, i] == score)
        model.set_current(found)
        assert model.example is not None
        text = view.outputs[1].text.toPlainText()
        assert text.startswith(model.example.outputs[1])
        assert ("✓" in text, "✗" in text) == (is_right, not is_right)
        assert text.count("%") == 3
        given = view.given[0].text.toPlainText()
        assert all(value in given for _, value in model.example.fields)
        assert model.example.references[0] in view.given[1].text.toPlainText()


@pytest.mark.parametrize("page", [AnswerKind.LABEL], indirect=True)
def test_rows_where_systems_differ_can_be_listed(page: ComparePage) -> None:
    bucket = page.list.filters.bucket
    row = next(i for i in range(bucket.count()) if bucket.itemText(i).startswith("Systems differ"))
    bucket.activated.emit(row)
    examples = [page.model.comparison.examples[i] for i in page.model.listed]
    assert examples
    assert all(example.outputs[0] != example.outputs[1] for example in examples)
    assert bucket.itemText(row) == f"Systems differ ({len(examples)})"


@pytest.mark.parametrize("page", [AnswerKind.SPAN], indirect=True)
def test_answers_are_marked_in_the_text_and_told_from_none(page: ComparePage) -> None:
    model, view = page.model, view_of(page)
    bucket = page.list.filters.bucket
    texts = [bucket.itemText(row) for row in range(bucket.count())]
    row = next(i for i, text in enumerate(texts) if text.startswith("No answer"))
    bucket.activated.emit(row)
    assert all(model.comparison.examples[i].references == ("",) for i in model.listed)
    assert "no answer" in view.given[1].text.toPlainText()
    assert "What is asked" in view.given[0].text.toPlainText()
    page.list.filters.clear()
    found = next(
        i
        for i, example in enumerate(model.comparison.examples)
        if "" != example.references[0] != example.outputs[1] != example.outputs[0]
        and example.outputs[1]
    )
    model.set_current(found)
    said = model.comparison.examples[found].outputs[1]
    text = view.given[2].text.toPlainText()
    assert "right▸" in text
    marked = text.partition("B▸")[2].partition("◂B")[0]
    assert re.sub("right▸|A▸|◂right|◂A", "", marked) == said
    assert "partly right" in view.outputs[1].text.toPlainText()


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("question : Who ate?\nAda had soup.", (("question", "Who ate?"),)),
        ("q : Who ate? | c : Ada had soup.", (("q", "Who ate?"), ("c", "Ada had soup."))),
        ("Ada had soup.", ()),
    ],
)
@pytest.mark.parametrize("answer", ["Ada", ""])
def test_question_and_text_are_told_apart(
    text: str, fields: tuple[tuple[str, str], ...], answer: str
) -> None:
    example = Example(1, "1", text, fields, (answer,), "", ("soup",), ((),), "", 1)
    question, _, source = SPAN_SHOWING.given(example, LIGHT)
    assert ("Who ate?" in question) is bool(fields)
    assert "Who" not in source
    plain = re.sub("<[^>]*>|right|A[▸]|◂A|[▸◂]", "", source)
    assert plain == "Ada had soup."


@pytest.mark.parametrize(
    ("start", "marked"),
    [(26, "Ada had soup, A▸Ada◂A slept."), (-1, "A▸Ada◂A had soup, Ada slept.")],
)
def test_an_answer_is_marked_where_it_was_read(start: int, marked: str) -> None:
    text, fields = "q : Ada?\nAda had soup, Ada slept.", (("q", "Ada?"),)
    start -= 3 if start > 0 else 0
    example = Example(1, "1", text, fields, ("",), "", ("Ada",), ((),), "", 1, (start,))
    source = SPAN_SHOWING.given(example, LIGHT)[2]
    assert re.sub("<[^>]*>", "", source) == marked


@pytest.mark.parametrize("page", [AnswerKind.TAGS], indirect=True)
def test_entities_are_marked_in_brackets(page: ComparePage) -> None:
    model, view = page.model, view_of(page)
    shown = set()
    for index in range(len(model.comparison.examples)):
        model.set_current(index)
        text = view.outputs[1].text.toPlainText()
        shown |= {sign for sign in ("✓]", "✗]", "missed]") if sign in text}
        assert "✓" not in view.given[0].text.toPlainText()
    assert shown == {"✓]", "✗]", "missed]"}


@pytest.mark.parametrize("page", ANSWERS, indirect=True)
def test_the_menu_offers_the_scores_of_the_task(page: ComparePage) -> None:
    page.measures.opening.emit()
    offered = {name for name, action in page.measures.choices.items() if action.isVisible()}
    assert offered == {info.name for info in metrics_for(page.model.task.info.answer)}
    assert not page.measures.encoder.isVisible()


def test_a_matrix_of_many_labels_shows_a_row_that_is_chosen(
    qtbot: QtBot, context: AppContext
) -> None:
    counter = ConfusionCounter(AnswerKind.LABEL)
    for number in range(3000):
        counter.add(number, f"label {number * 7 % 500}", [f"label {number % 500}"])
    table = MatrixTable(context.theme)
    qtbot.addWidget(table)
    table.show_confusion(counter.confusion())
    table.show_chosen(Cell(0, gold="label 3"))
    assert table.model().rowCount() == table.model().columnCount() == 500
    assert {index.row() for index in table.selectedIndexes()} == {
        table.confusion.sides[0].index("label 3")
    }
    assert len(table.selectedIndexes()) == 500
    table.show_chosen(None)
    assert table.selectedIndexes() == []
