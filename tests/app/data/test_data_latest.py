"""Questions of which only the newest counts."""

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.qt.latest_request import LatestRequest
from engine.contract.protocol.backbones import FetchBackbone
from engine.contract.protocol.commands import Done
from tests.helpers.fake_ports import FakeClient


def test_newer_question_cancels_the_older_one_and_drops_its_answer(qtbot: QtBot) -> None:
    client, owner = FakeClient(), QObject()
    latest = LatestRequest(client, owner)
    answers: list[object] = []
    latest.answered.connect(answers.append)
    latest.ask(FetchBackbone("one"))
    latest.ask(FetchBackbone("two"))
    first, second = client.pendings
    assert first.cancel_asked
    first.answer(Done("too late"))
    assert answers == []
    assert latest.is_busy
    second.answer(Done("two"))
    assert answers == [Done("two")]
    assert not latest.is_busy


def test_questions_in_a_row_are_sent_once(qtbot: QtBot) -> None:
    client, owner = FakeClient(), QObject()
    latest = LatestRequest(client, owner, wait_ms=20)
    for name in "abc":
        latest.ask(FetchBackbone(name))
    assert client.asked == []
    assert latest.is_busy
    qtbot.waitUntil(lambda: bool(client.asked))
    assert client.asked == [FetchBackbone("c")]
    with qtbot.waitSignal(latest.failed) as failed:
        client.pendings[0].fail("There is no backbone c.")
    assert failed.args is not None
    assert failed.args[0].message == "There is no backbone c."


def test_dropped_question_is_neither_sent_nor_answered(qtbot: QtBot) -> None:
    client, owner = FakeClient(), QObject()
    latest = LatestRequest(client, owner, wait_ms=10)
    latest.ask(FetchBackbone("a"))
    latest.drop()
    assert not latest.is_busy
    now = LatestRequest(client, owner)
    answers: list[object] = []
    now.answered.connect(answers.append)
    now.ask(FetchBackbone("b"))
    now.drop()
    client.pendings[0].answer(Done())
    assert answers == []
    assert client.asked == [FetchBackbone("b")]
