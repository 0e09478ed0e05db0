"""Other scores than those a run took itself, chosen from a menu and taken in place."""

from collections.abc import Callable
from pathlib import Path

from pytestqt.qtbot import QtBot

from app.metric_menu import EncoderDialog
from app.pages.compare.page import ComparePage
from engine.contract.metrics import METRICS
from engine.contract.protocol.outputs import ScoreOutputs
from engine.contract.runs.scores import Encoder
from engine.metrics.handlers import score_outputs
from engine.reporter import Silent
from tests.app.compare.conftest import choose
from tests.helpers.fake_ports import FakeClient

MakePage = Callable[[Path], ComparePage]


def answer(pending: object) -> None:
    pending.answer(score_outputs(pending.command, Silent()))  # type: ignore[attr-defined]


def test_a_ticked_score_is_taken_of_all_systems(
    qtbot: QtBot, make_page: MakePage, runs_project: Path, model_client: FakeClient
) -> None:
    page = make_page(runs_project)
    choose(qtbot, page, "twin", "prefix 10")
    button, table = page.measures, page.scores
    button.menu().aboutToShow.emit()
    before = table.scores.metrics
    assert {name for name, action in button.choices.items() if action.isChecked()} == set(before)
    button.choices["ter"].trigger()
    wanted = tuple(info.name for info in METRICS if info.name in {*before, "ter"})
    paths = [str(system.entry.path) for system in page.systems.systems]
    assert model_client.asked == [ScoreOutputs(path, wanted) for path in paths]
    button.menu().aboutToShow.emit()
    assert not any(action.isEnabled() for action in button.choices.values())
    assert button.choices["nist"].toolTip().startswith("Wait until ")
    for pending in list(model_client.pendings):
        answer(pending)
    qtbot.waitUntil(lambda: all("ter" in row.system.scores for row in table.scores.rows))
    page.model.set_metric("ter")
    qtbot.waitUntil(lambda: table.scores.rows[1].mean_difference is not None)
    assert "Lower is better: TER." in page.scores.notes.text()


def test_a_score_is_taken_away_but_not_the_last(
    qtbot: QtBot, make_page: MakePage, runs_project: Path, model_client: FakeClient
) -> None:
    model_client.replies[ScoreOutputs] = lambda command: score_outputs(command, Silent())
    page = make_page(runs_project)
    choose(qtbot, page, "twin", "prefix 10")
    for metric in page.scores.scores.metrics[1:]:
        page.measures.menu().aboutToShow.emit()
        page.measures.choices[metric].trigger()
        qtbot.waitUntil(lambda gone=metric: gone not in page.scores.scores.metrics)
        qtbot.waitUntil(lambda: not any(map(page.systems.doing, page.systems.chosen)))
    (last,) = page.scores.scores.metrics
    page.measures.menu().aboutToShow.emit()
    assert not page.measures.choices[last].isEnabled()


def test_bertscore_asks_for_its_encoder_once(
    qtbot: QtBot, make_page: MakePage, runs_project: Path, model_client: FakeClient
) -> None:
    page = make_page(runs_project)
    choose(qtbot, page, "twin", "prefix 10")
    button, table = page.measures, page.scores
    button.menu().aboutToShow.emit()
    button.choices["bertscore"].trigger()
    assert model_client.asked == []
    dialog = page.window().findChild(EncoderDialog)
    assert dialog is not None
    assert not dialog.ok.isEnabled()
    assert not button.choices["bertscore"].isChecked()
    dialog.folder.setText("/encoders/tiny")
    dialog.layer.setValue(1)
    dialog.ok.click()
    chosen = Encoder("/encoders/tiny", 1)
    wanted = tuple(
        info.name for info in METRICS if info.name in {*table.scores.metrics, "bertscore"}
    )
    paths = [str(system.entry.path) for system in page.systems.systems]
    assert model_client.asked == [ScoreOutputs(path, wanted, chosen) for path in paths]
    for pending in model_client.pendings:
        pending.fail("The encoder '/encoders/tiny' is not on this machine.")
    button.menu().aboutToShow.emit()
    button.choices["bertscore"].trigger()
    assert model_client.asked[len(paths) :] == model_client.asked[: len(paths)]


def test_a_score_that_cannot_be_taken_says_why_and_nothing_is_lost(
    qtbot: QtBot, make_page: MakePage, runs_project: Path, model_client: FakeClient
) -> None:
    page = make_page(runs_project)
    choose(qtbot, page, "twin", "prefix 10")
    qtbot.waitUntil(lambda: page.scores.scores.rows[1].mean_difference is not None)
    before = page.scores.scores
    page.measures.menu().aboutToShow.emit()
    page.measures.choices["meteor"].trigger()
    for pending in list(model_client.pendings):
        pending.fail("METEOR needs Java, which is not on this machine.")
    qtbot.waitUntil(page.messages.failed.isVisible)
    assert "METEOR needs Java" in page.messages.failed.label.text()
    assert page.scores.scores == before
