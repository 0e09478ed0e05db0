"""Labels, tags and answers on the Playground."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.playground.answer_card import AnswerText
from app.pages.playground.command import decode_args
from app.pages.playground.form import FieldForm
from app.pages.playground.page import PlaygroundPage
from app.pages.playground.systems import PlaygroundSystem
from app.theme import Scheme
from engine.contract.projects.playground import PlaygroundFiles
from engine.contract.protocol.playground import (
    AskedSystem,
    FieldValue,
    FormField,
    InputWritten,
    OutputEnded,
    OutputsStreamed,
    StreamOutputs,
)
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Role
from engine.contract.specs.training import DecodingSpec
from tests.app.playground.answering import question, write
from tests.helpers.fake_ports import FakeClient

PROBABILITIES = (("good", 0.25), ("bad", 0.75))
OUTPUTS = {
    AnswerKind.LABEL: ("a hut", "bad", PROBABILITIES),
    AnswerKind.TAGS: ("Ada Lowe walked", "B-PER I-PER O", ()),
    AnswerKind.SPAN: ("How <b>far</b>? Ada walked <b>far</b>", "<b>far</b>", ()),
}


def predict(
    page: PlaygroundPage, client: FakeClient, answer: AnswerKind, *, start: int = -1
) -> AnswerText:
    """Let the first system predict this, and the others write."""
    source, text, probabilities = OUTPUTS[answer]
    page.ask_button.click()
    pending = question(client)
    command = pending.command
    assert isinstance(command, StreamOutputs)
    pending.part_arrived.emit(InputWritten(0, source))
    ended = OutputEnded(
        0, 0, text, decoding_s=0.25, answer=answer, probabilities=probabilities, start=start
    )
    pending.part_arrived.emit(ended)
    for system in range(1, len(command.systems)):
        write(pending, system)
    pending.answer(OutputsStreamed(1.0))
    return next(iter(page.view.texts()))


def test_a_label_comes_with_its_probabilities(
    page: PlaygroundPage, model_client: FakeClient
) -> None:
    card = predict(page, model_client, AnswerKind.LABEL)
    lines = card.text.toPlainText().split()
    assert lines[0] == "bad"
    assert card.text.toPlainText().index("75.0") < card.text.toPlainText().index("25.0")
    assert "0.25 s" in card.facts.text()
    assert not card.attention.isEnabled()
    assert not card.findings.isVisible()


def test_tags_are_marked_in_the_words(page: PlaygroundPage, model_client: FakeClient) -> None:
    card = predict(page, model_client, AnswerKind.TAGS)
    assert card.text.toPlainText() == "[Ada Lowe PER] walked"


@pytest.mark.parametrize(
    ("start", "marked"),
    [
        (27, "How <b>far</b>? Ada walked answer▸<b>far</b>◂answer"),
        (5, "How answer▸<b>far</b>◂answer? Ada walked <b>far</b>"),  # it does not stand there
        (-1, "How answer▸<b>far</b>◂answer? Ada walked <b>far</b>"),
    ],
)
def test_an_answer_is_marked_where_it_stands(
    start: int,
    marked: str,
    page: PlaygroundPage,
    model_client: FakeClient,
    context: AppContext,
) -> None:
    card = predict(page, model_client, AnswerKind.SPAN, start=start)
    assert card.text.toPlainText().splitlines() == ["<b>far</b>", marked]
    folder = context.project.folder
    assert folder is not None
    (entry,) = PlaygroundFiles(folder.path).read_history()
    page.show_entry(entry)
    assert next(iter(page.view.texts())).text.toPlainText().splitlines()[1] == marked


def test_the_history_has_them_again(
    page: PlaygroundPage, model_client: FakeClient, context: AppContext, qtbot: QtBot
) -> None:
    shown = predict(page, model_client, AnswerKind.LABEL).text.toPlainText()
    folder = context.project.folder
    assert folder is not None
    (entry,) = PlaygroundFiles(folder.path).read_history()
    assert (entry.answers[0].answer, entry.answers[0].probabilities) == (
        AnswerKind.LABEL,
        PROBABILITIES,
    )
    page.show_entry(entry)
    assert next(iter(page.view.texts())).text.toPlainText() == shown


def test_colours_follow_the_theme(
    page: PlaygroundPage, model_client: FakeClient, context: AppContext
) -> None:
    card = predict(page, model_client, AnswerKind.TAGS)
    light = card.text.toHtml()
    context.theme.set_scheme(Scheme.DARK)
    assert card.text.toHtml() != light
    context.theme.set_scheme(Scheme.LIGHT)
    assert card.text.toHtml() == light


def test_the_command_line_has_no_decoding_of_a_label() -> None:
    asked, decoding = AskedSystem("run"), DecodingSpec(max_new_tokens=7)
    text = PlaygroundSystem("1", "a", "", asked)
    label = PlaygroundSystem("1", "a", "", asked, answer=AnswerKind.LABEL)
    assert "7" in decode_args(text, decoding)
    assert decode_args(label, decoding) == [
        "decode", "run", "--data", "inputs.csv", "--out", "outputs.csv"
    ]  # fmt: skip


def test_a_category_is_chosen_among_those_of_the_data(qtbot: QtBot) -> None:
    form = FieldForm()
    qtbot.addWidget(form)
    names = ("food", "side")
    form.set_fields(
        (FormField("text", "", Role.SOURCE), FormField("set", "", Role.CATEGORY, names))
    )
    box = form.editors["set", "", 0]
    assert isinstance(box, QComboBox)
    assert [box.itemText(index) for index in range(box.count())] == ["", *names]
    box.setCurrentIndex(2)
    assert form.values()[1] == FieldValue("set", "", "side")
