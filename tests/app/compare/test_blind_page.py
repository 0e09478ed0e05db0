"""Blind mode through the page's keyboard."""

import json
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.compare.blind.record import BlindChoice, BlindRecord
from app.pages.compare.page import ComparePage
from engine.contract import codec


def begin(qtbot: QtBot, page: ComparePage) -> BlindRecord:
    assert page.judge.isEnabled()
    page.judge.click()
    qtbot.waitUntil(lambda: page.pages.currentWidget() is page.blind_view)
    assert page.blind.record is not None
    return page.blind.record


def press(qtbot: QtBot, page: ComparePage, *keys: Qt.Key) -> None:
    for key in keys:
        qtbot.keyClick(page.blind_view.judging, key)


def files(project: Path) -> list[Path]:
    return sorted((project / "compare").glob("blind-*.json"))


def test_names_are_nowhere_while_judging(qtbot: QtBot, page: ComparePage) -> None:
    begin(qtbot, page)
    texts = [
        f"{label.text()} {label.toolTip()} {label.accessibleName()}"
        for label in page.findChildren(QLabel)
        if label.isVisible()
    ]
    texts += [
        f"{widget.accessibleName()} {widget.toolTip()}"
        for widget in page.blind_view.findChildren(QWidget)
    ]
    assert not any("twin" in text or "prefix" in text for text in texts)
    example = page.blind.example
    assert example is not None
    assert set(page.blind.outputs) == set(example.outputs)
    assert page.blind_view.outputs[0].text.toPlainText() == page.blind.outputs[0]


def test_equal_outputs_are_left_out_and_said(qtbot: QtBot, page: ComparePage) -> None:
    record = begin(qtbot, page)
    examples = page.model.comparison.examples
    differing = {e.example_id for e in examples if e.outputs[0] != e.outputs[1]}
    assert set(record.examples) == differing
    assert page.blind.left_out == len(examples) - len(differing) > 0
    assert f"{page.blind.left_out} of the listed examples" in page.blind_view.bar.label.text()


def test_keys_vote_and_every_vote_is_on_disk(
    qtbot: QtBot, page: ComparePage, runs_project: Path
) -> None:
    begin(qtbot, page)
    first = page.blind.outputs
    press(qtbot, page, Qt.Key.Key_1)
    (path,) = files(runs_project)
    record = codec.from_text(BlindRecord, path.read_text(encoding="utf-8"))
    assert len(record.votes) == 1
    chosen = record.votes[0]
    example = next(e for e in page.model.comparison.examples if e.example_id == chosen.example_id)
    preferred = example.outputs[1 if chosen.choice is BlindChoice.FIRST else 0]
    assert preferred == first[0], "first is the other system, second the reference system"
    press(qtbot, page, Qt.Key.Key_0, Qt.Key.Key_2, Qt.Key.Key_Backspace)
    record = codec.from_text(BlindRecord, path.read_text(encoding="utf-8"))
    assert [vote.choice for vote in record.votes[1:]] == [BlindChoice.TIE]
    assert page.blind_view.progress.value() == 2


def test_the_result_shows_its_numbers(qtbot: QtBot, page: ComparePage, runs_project: Path) -> None:
    count = len(begin(qtbot, page).examples)
    press(qtbot, page, *[Qt.Key.Key_1] * count)
    assert page.blind_view.pages.currentWidget() is page.blind_view.ended
    text = page.blind_view.result.text()
    assert f"{count} of {count} examples were judged" in text
    assert "Two-sided exact sign test, ties left out" in text
    assert "twin" in text
    assert "ended early" not in text
    plain = json.loads(files(runs_project)[0].read_text(encoding="utf-8"))
    assert len(plain["votes"]) == count
    page.blind_view.leave.click()
    assert page.pages.currentWidget() is page.comparing


def test_an_unfinished_session_goes_on_or_is_begun_anew(
    qtbot: QtBot, page: ComparePage, runs_project: Path, context: AppContext
) -> None:
    begin(qtbot, page)
    press(qtbot, page, Qt.Key.Key_1, Qt.Key.Key_2)
    before = page.blind.record
    page.blind.leave()
    page.systems.set_reference(page.systems.chosen[1])
    qtbot.waitUntil(lambda: page.model.comparison.systems[0].name == "prefix 10")
    assert begin(qtbot, page) == before, "the pair counts, not its order"
    assert "2 were judged before" in page.blind_view.bar.label.text()
    assert page.blind.example is not None
    page.blind.start(again=True)
    assert page.blind.record is not None
    assert page.blind.record.votes == ()


def test_a_session_that_cannot_be_saved_says_so_and_goes_on(
    qtbot: QtBot, page: ComparePage, runs_project: Path
) -> None:
    begin(qtbot, page)
    (runs_project / "compare").write_text("in the way")
    press(qtbot, page, Qt.Key.Key_1)
    assert str(runs_project) in page.blind_view.bar.label.text()
    assert page.blind_view.progress.value() == 1


def test_closing_the_project_ends_blind_mode(
    qtbot: QtBot, page: ComparePage, context: AppContext
) -> None:
    begin(qtbot, page)
    context.runs.clear()
    context.project.close()
    qtbot.waitUntil(lambda: page.pages.currentWidget() is page.empty)
