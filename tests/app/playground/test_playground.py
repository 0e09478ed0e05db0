"""Asking on the Playground, by mouse and by keyboard."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QApplication, QComboBox, QPlainTextEdit
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.playground.answer_card import AnswerText
from app.pages.playground.corrections import CorrectionDialog
from app.pages.playground.page import ANSWERS, ATTENTION, HISTORY, PlaygroundPage
from app.shell.messages import Message
from engine.contract.methods.prefix import AttentionKind
from engine.contract.projects.playground import PlaygroundFiles
from engine.contract.protocol.playground import (
    AttentionMap,
    AttentionShares,
    InputWritten,
    MeasureAttention,
    OutputEnded,
    OutputsStreamed,
    ReadFormRow,
    StreamedTokens,
    StreamOutputs,
    pack,
)
from engine.contract.specs.training import Strategy
from tests.app.playground.answering import WORDS, answer_all, question, token, write
from tests.helpers.fake_ports import FakeClient
from tests.helpers.projects import ROWS
from tests.helpers.sample_texts import COLUMNS

ALT = Qt.KeyboardModifier.AltModifier
CTRL = Qt.KeyboardModifier.ControlModifier
FIELDS = (("name", "Alm Hütte"), ("beds", "30"), ("food", "soup"))


def command(client: FakeClient) -> StreamOutputs:
    asked = question(client).command
    assert isinstance(asked, StreamOutputs)
    return asked


def texts(page: PlaygroundPage) -> list[AnswerText]:
    return list(page.view.texts())


def box(page: PlaygroundPage, name: str) -> QComboBox:
    editor = page.input.form.editors[name, "", 0]
    assert isinstance(editor, QComboBox)
    return editor


def ask(page: PlaygroundPage, client: FakeClient, qtbot: QtBot) -> None:
    """Ask, and let all answer."""
    qtbot.mouseClick(page.ask_button, Qt.MouseButton.LeftButton)
    answer_all(question(client), FIELDS)
    qtbot.waitUntil(lambda: not page.answers.is_busy)


def test_the_form_has_the_fields_and_values_of_the_data(page: PlaygroundPage) -> None:
    inputs = [name for name in COLUMNS if name != "text"]
    assert [column for column, _, _ in page.input.form.editors] == inputs
    for place, name in enumerate(inputs):
        assert box(page, name).currentText() == ROWS[0][place]
        offered = {box(page, name).itemText(i) for i in range(box(page, name).count())}
        assert offered >= {row[place] for row in ROWS[:20] if row[place].strip()}


def test_by_mouse(page: PlaygroundPage, model_client: FakeClient, qtbot: QtBot) -> None:
    ask(page, model_client, qtbot)
    asked = command(model_client)
    assert {value.column: value.value for value in asked.values} == dict(
        zip(COLUMNS[:-1], ROWS[0][:-1], strict=True)
    )
    assert asked.text is None
    assert [system.path for system in asked.systems] == [
        entry.path for entry in page.systems.chosen_entries
    ]
    assert [each.text.toPlainText() for each in texts(page)] == ["".join(WORDS)] * len(
        asked.systems
    )
    (first, *_) = texts(page)
    assert "6 tokens" in first.facts.text()
    assert "0.25 s" in first.facts.text()
    assert "5 tokens/s" in first.facts.text()
    assert "missing: beds, food" in first.findings.text()
    assert "not in the input: 1999" in first.findings.text()
    qtbot.mouseClick(first.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "".join(WORDS)


def test_by_keyboard(page: PlaygroundPage, model_client: FakeClient, qtbot: QtBot) -> None:
    name = box(page, "name")
    name.setFocus()
    line = name.lineEdit()
    assert line is not None
    line.selectAll()
    qtbot.keyClicks(name, "New hut")
    qtbot.keyClick(name, Qt.Key.Key_Return, CTRL)
    asked = command(model_client)
    assert asked.values[0].value == "New hut"
    answer_all(question(model_client))
    view = texts(page)[0].text
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.current == 1
    assert "“·Hütte” 90%" in texts(page)[0].token.text()
    assert "“·else” 10%" in texts(page)[0].token.text()
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert view.current == 0
    page.chooser.table.setFocus()
    page.chooser.table.select_row(0)
    before = page.systems.chosen
    qtbot.keyClick(page.chooser.table, Qt.Key.Key_Space)
    assert set(before) ^ set(page.systems.chosen) == {page.systems.entries[0].key}
    qtbot.keyClick(page.chooser.table, Qt.Key.Key_Down, ALT)
    qtbot.waitUntil(lambda: page.input.number.value() == 2)
    assert name.currentText() == ROWS[1][0]


def test_tokens_appear_as_they_come_and_say_what_they_are(
    page: PlaygroundPage, model_client: FakeClient, qtbot: QtBot
) -> None:
    page.ask_systems()
    pending = question(model_client)
    pending.part_arrived.emit(InputWritten(0, "x", FIELDS))
    for position in range(3):
        with qtbot.waitSignal(page.answers.grown):
            pending.part_arrived.emit(StreamedTokens((token(0, position),)))
        assert texts(page)[0].text.toPlainText() == "".join(WORDS[: position + 1])
    assert "3 tokens" in texts(page)[0].facts.text()
    view = texts(page)[0].text
    position = view.document().toPlainText().index("Hütte") + 2
    assert view.token_at(position) == 1
    cursor = view.textCursor()
    cursor.setPosition(position)
    point = view.cursorRect(cursor).center()
    move = QMouseEvent(
        QMouseEvent.Type.MouseMove,
        QPointF(point),
        QPointF(view.viewport().mapToGlobal(point)),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(view.viewport(), move)
    assert view.current == 1
    assert "90%" in texts(page)[0].token.text()
    pending.answer(OutputsStreamed(1.0))


def test_many_tokens_are_painted_at_most_thirty_times_a_second(
    page: PlaygroundPage, model_client: FakeClient, qtbot: QtBot
) -> None:
    page.ask_systems()
    pending, repaints = question(model_client), []
    page.answers.grown.connect(repaints.append)
    for position in range(2000):
        pending.part_arrived.emit(StreamedTokens((token(0, position),)))
    assert repaints == []
    with qtbot.waitSignal(page.answers.grown):
        pass
    assert len(repaints) == 1
    assert len(texts(page)[0].text.tokens) == 2000
    pending.answer(OutputsStreamed(1.0))


def test_after_the_engine_died_the_tokens_come_again(
    page: PlaygroundPage, model_client: FakeClient, qtbot: QtBot
) -> None:
    page.ask_systems()
    pending = question(model_client)
    for position in range(4):
        pending.part_arrived.emit(StreamedTokens((token(0, position),)))
    with qtbot.waitSignal(page.answers.grown):
        pass
    answer_all(pending)
    assert texts(page)[0].text.toPlainText() == "".join(WORDS)


def test_stop_leaves_what_there_is(
    page: PlaygroundPage, model_client: FakeClient, qtbot: QtBot
) -> None:
    page.ask_systems()
    pending = question(model_client)
    assert page.stop_action.isEnabled()
    pending.part_arrived.emit(StreamedTokens((token(0, 0), token(0, 1))))
    page.view.setFocus()
    qtbot.keyClick(page.chooser.table, Qt.Key.Key_Escape)
    assert pending.cancel_asked
    assert not page.answers.is_busy
    assert texts(page)[0].text.toPlainText() == "Alm Hütte"
    assert "stopped after 2 tokens" in texts(page)[0].facts.text()
    assert not page.stop_action.isEnabled()


def test_a_system_that_cannot_answer_says_why(
    page: PlaygroundPage, model_client: FakeClient, qtbot: QtBot
) -> None:
    page.ask_systems()
    pending = question(model_client)
    pending.part_arrived.emit(OutputEnded(0, 0, problem="Its file is damaged. Get it again."))
    write(pending, 1)
    pending.answer(OutputsStreamed(1.0))
    broken, whole = texts(page)[:2]
    assert "Its file is damaged." in broken.problem.text()
    assert broken.problem.isVisible()
    assert not broken.add.isEnabled()
    assert whole.text.toPlainText() == "".join(WORDS)


def test_free_text_begins_with_the_form(
    page: PlaygroundPage, model_client: FakeClient, qtbot: QtBot
) -> None:
    page.input.tabs.setCurrentIndex(1)
    qtbot.waitUntil(lambda: ROWS[0][0] in page.input.text.toPlainText())
    page.input.text.setFocus()
    page.input.text.selectAll()
    qtbot.keyClicks(page.input.text, "anything & <b>all</b>")
    qtbot.keyClick(page.input.text, Qt.Key.Key_Return, CTRL)
    assert command(model_client).text == "anything & <b>all</b>"
    assert page.input.text.toPlainText() == "anything & <b>all</b>"
    answer_all(question(model_client))


def test_rows_by_chance_and_by_number(
    page: PlaygroundPage, client: FakeClient, qtbot: QtBot
) -> None:
    page.input.number.setValue(7)
    qtbot.waitUntil(lambda: box(page, "name").currentText() == ROWS[6][0])
    assert page.input.references == (ROWS[6][-1],)
    qtbot.mouseClick(page.input.random, Qt.MouseButton.LeftButton)
    asked = client.last(ReadFormRow).command
    assert isinstance(asked, ReadFormRow)
    assert 1 <= asked.row_number <= len(ROWS)


def test_presets_and_samples(page: PlaygroundPage, model_client: FakeClient, qtbot: QtBot) -> None:
    assert not page.decoding.samples.isEnabled()
    page.decoding.preset.setFocus()
    for name, strategy in (
        ("5 beams", Strategy.BEAM),
        ("Sampling, creative", Strategy.SAMPLING),
        ("Greedy", Strategy.GREEDY),
        ("Sampling, careful", Strategy.SAMPLING),
    ):
        page.decoding.preset.setCurrentText(name)
        page.decoding.preset.activated.emit(page.decoding.preset.currentIndex())
        assert page.decoding.decoding.strategy is strategy
        assert page.decoding.preset.currentText() == name
        assert f"--strategy {strategy.value}" in page.command.command() or (
            strategy is Strategy.BEAM
        )
    page.decoding.samples.setValue(3)
    page.systems.choose(page.systems.chosen[:1])
    ask(page, model_client, qtbot)
    assert command(model_client).samples == 3
    assert len(page.view.cards) == 1
    assert [each.facts.text().split(" · ")[0] for each in texts(page)] == [
        "Sample 1", "Sample 2", "Sample 3",
    ]  # fmt: skip
    page.decoding.editors["temperature"].edited.emit(0.33)
    assert page.decoding.preset.currentText() == "Own settings"
    assert "--temperature 0.33" in page.command.command()


def test_history_is_saved_with_the_project_and_shown_again(
    page: PlaygroundPage, model_client: FakeClient, rich_project: Path, qtbot: QtBot
) -> None:
    ask(page, model_client, qtbot)
    page.input.number.setValue(5)
    qtbot.waitUntil(lambda: box(page, "name").currentText() == ROWS[4][0])
    ask(page, model_client, qtbot)
    entries = PlaygroundFiles(rich_project).read_history()
    assert [entry.values[0].value for entry in entries] == [ROWS[0][0], ROWS[4][0]]
    assert entries == page.history.entries[::-1]
    page.tabs.setCurrentIndex(HISTORY)
    page.history_pane.table.setFocus()
    page.history_pane.table.select_row(1)
    qtbot.keyClick(page.history_pane.table, Qt.Key.Key_Return)
    assert page.tabs.currentIndex() == ANSWERS
    assert box(page, "name").currentText() == ROWS[0][0]
    assert texts(page)[0].text.toPlainText() == "".join(WORDS)
    assert texts(page)[0].attention.isEnabled()
    assert len(PlaygroundFiles(rich_project).read_history()) == 2


def test_add_to_data_and_take_back(
    page: PlaygroundPage,
    model_client: FakeClient,
    context: AppContext,
    said: list[Message],
    rich_project: Path,
    qtbot: QtBot,
) -> None:
    ask(page, model_client, qtbot)
    qtbot.mouseClick(texts(page)[0].add, Qt.MouseButton.LeftButton)
    (dialog,) = page.findChildren(CorrectionDialog)
    edit = dialog.findChild(QPlainTextEdit)
    assert edit is not None
    edit.setPlainText("Alm Hütte has 30 beds and soup.")
    dialog.accept()
    corrections = PlaygroundFiles(rich_project).corrections
    row = json.loads(corrections.read_text(encoding="utf-8"))
    assert list(row) == list(COLUMNS)
    assert row["text"] == "Alm Hütte has 30 beds and soup."
    assert row[COLUMNS[0]] == ROWS[0][0]
    assert said[-1].button == "Open on Data"
    context.undo.undo()
    assert corrections.read_text(encoding="utf-8") == ""
    context.undo.redo()
    assert PlaygroundFiles(rich_project).count_corrections() == 1


def test_the_heat_map(page: PlaygroundPage, model_client: FakeClient, qtbot: QtBot) -> None:
    ask(page, model_client, qtbot)
    qtbot.mouseClick(texts(page)[0].attention, Qt.MouseButton.LeftButton)
    assert page.tabs.currentIndex() == ATTENTION
    pending = model_client.last(MeasureAttention)
    asked = pending.command
    assert isinstance(asked, MeasureAttention)
    assert (asked.text, asked.token_ids) == ("name : Alm Hütte", tuple(range(len(WORDS))))
    layers, heads = 2, 3
    cell = {  # by layer and head
        (layer, head): (0.1 * (layer + 1), 0.2 * (head + 1), 0)
        for layer in range(layers)
        for head in range(heads)
    }
    shares = [
        share
        for _ in WORDS
        for prefix, inputs, _ in cell.values()
        for share in (prefix, inputs, 1 - prefix - inputs)
    ]
    inputs = [0.1, 0.3] * len(WORDS)
    attention = AttentionMap(AttentionKind.DECODER_SELF, layers, heads, pack(shares), pack(inputs))
    reply = AttentionShares(WORDS, ("Alm", " Hütte"), (attention,))
    pending.answer(reply)
    pane = page.attention
    assert pane.rows.rowCount() == 1 + len(WORDS)
    shown = [pane.rows.index(1, column).data() for column in range(4)]
    assert shown == ["Alm", "15.0%", "40.0%", "45.0%"]
    assert [pane.inputs.index(row, 1).data() for row in range(2)] == ["10.0%", "30.0%"]
    pane.layer.setFocus()
    pane.layer.setCurrentIndex(2)
    pane.head.setCurrentIndex(1)
    pane.head.activated.emit(1)
    assert [pane.rows.index(1, column).data() for column in (1, 2)] == ["20.0%", "20.0%"]
    again = model_client.last(MeasureAttention)
    assert isinstance(again.command, MeasureAttention)
    assert (again.command.layer, again.command.head) == (1, 0)
    again.answer(reply)
    pane.table.select_row(2)
    assert pane.inputs.rowCount() == 2


def test_without_a_system_or_an_input_it_says_so(
    page: PlaygroundPage, model_client: FakeClient
) -> None:
    page.systems.choose(())
    assert not page.ask_button.isEnabled()
    page.ask_systems()
    assert page.bar.isVisible()
    page.systems.choose((page.systems.entries[0].key,))
    page.input.form.show_values(())
    page.ask_systems()
    assert "empty" in page.bar.label.text()
    assert model_client.asked == []


def test_closing_the_project_forgets_everything(
    page: PlaygroundPage, model_client: FakeClient, context: AppContext, qtbot: QtBot
) -> None:
    page.ask_systems()
    pending = question(model_client)
    context.project.close()
    assert pending.cancel_asked
    qtbot.waitUntil(lambda: page.systems.entries == ())
    assert page.answers.answers == ()
    assert page.history.entries == []
