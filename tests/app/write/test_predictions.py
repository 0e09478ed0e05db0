"""Labels for a table, on the Write page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.context import AppContext
from app.pages.write.columns import CHECK, TEXT
from engine.contract.protocol.writing import PrepareWriting, WritingPlan
from engine.contract.runs.events import RunState
from engine.contract.specs.answer import AnswerKind
from engine.contract.writing.progress import WrittenRow
from engine.reporter import Silent
from engine.writing.handlers import prepare_writing
from engine.writing.table import text_column
from tests.app.write.conftest import Writer
from tests.helpers.fake_ports import FakeClient

NAMES = {AnswerKind.LABEL: "Label", AnswerKind.TAGS: "Tags", AnswerKind.SPAN: "Answer"}


@pytest.fixture
def run(context: AppContext, writer: Writer) -> Path:
    run = context.runs.all()[0]
    writer.qtbot.waitUntil(lambda: run.status.state is RunState.FINISHED)
    return run.path


@pytest.mark.parametrize("answer", NAMES)
def test_a_column_is_predicted(
    writer: Writer, run: Path, client: FakeClient, answer: AnswerKind
) -> None:
    def plan(command: PrepareWriting) -> WritingPlan:
        return replace(prepare_writing(command, Silent()), answer=answer)

    client.replies[PrepareWriting] = plan
    writer.open()
    writer.use(run)
    results, setup = writer.page.results, writer.page.setup
    writer.qtbot.waitUntil(lambda: setup.write_button.text() == "Predict")
    assert results.rows.columns[TEXT].title == NAMES[answer]
    assert results.table.isColumnHidden(CHECK)
    assert not results.doubtful_first.isVisible()
    assert setup.state.text() == "0 of 6 rows predicted."
    setup.write_button.click()
    writer.write(WrittenRow(1, "good"), WrittenRow(2, "bad"), WrittenRow(3, ""))
    writer.finish()
    writer.qtbot.waitUntil(lambda: results.rows.index(1, TEXT).data() == "bad")
    nothing = "(no answer)" if answer is AnswerKind.SPAN else ""
    assert [results.rows.index(row, TEXT).data() for row in (2, 3)] == [nothing, ""]
    assert not results.commands["again"].isEnabled()
    assert results.commands["save"].isEnabled()
    assert setup.text_header.label.text() == f"{NAMES[answer]} of row 1"


def test_a_text_has_its_check_again(writer: Writer, run: Path, client: FakeClient) -> None:
    writer.open()
    writer.use(run)
    assert not writer.page.results.table.isColumnHidden(CHECK)
    assert writer.page.results.rows.columns[TEXT].title == "Text"
    assert writer.page.setup.write_button.text() == "Write"


def test_the_column_of_a_saved_table_says_what_it_holds() -> None:
    assert text_column(["Label", "x"], AnswerKind.LABEL) == "label 2"
    assert text_column(["text"], AnswerKind.SPAN) == "answer"
    assert text_column(["text"], AnswerKind.TAGS) == "tags"
