"""Asking a trained prefix through the real window, with the real engines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from app.pages.playground.page import PlaygroundPage
from engine.contract.projects.project import ProjectFolder
from engine.contract.runs.folder import RunFolder
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.decoder import decode
from engine.decoding.systems import Systems
from engine.reporter import Silent
from engine.run import run_folder
from tests.end2end.person import Person
from tests.helpers.tiny_runs import Workshop

CTRL = Qt.KeyboardModifier.ControlModifier
TOKENS = 12


def alone(path: str, backbone: str, text: str) -> str:
    """What `decode` gives for the system."""
    systems = Systems()
    loaded = systems.load(Path(path), Silent()) if path else systems.bare(backbone, Silent())
    decoding = DecodingSpec(strategy=Strategy.GREEDY, max_new_tokens=TOKENS)
    return decode(loaded.system, loaded.prompts([text]), decoding, Silent()).texts[0]


@pytest.mark.usefixtures("quick_engines")
def test_from_a_row_to_answers_and_their_attention(
    open_window: Callable[[], Person], project: ProjectFolder, workshop: Workshop
) -> None:
    run = workshop.run(project.runs / "run-1", workshop.spec("mlp"))
    assert run_folder(RunFolder(run.path).path) == 0
    person = open_window()
    person.context.navigator.open_path(project.path)
    person.window.show_page("playground")
    page = person.window.stack.page("playground")
    assert isinstance(page, PlaygroundPage)
    person.wait(lambda: len(page.systems.entries) == 2 and not page.input.is_empty())
    person.window.activateWindow()
    person.wait(person.window.isActiveWindow)
    page.decoding.editors["max_new_tokens"].edited.emit(TOKENS)
    page.chooser.table.setFocus()
    page.chooser.table.select_row(1)
    person.qtbot.keyClick(page.chooser.table, Qt.Key.Key_Space)
    assert len(page.systems.chosen) == 2
    person.qtbot.keyClick(page.chooser.table, Qt.Key.Key_Return, CTRL)
    person.wait(lambda: page.answers.command is not None and not page.answers.is_busy)
    answers = page.answers.answers
    assert [answer.problem for answer in answers] == ["", ""]
    assert [answer.text for answer in answers] == [
        alone(answer.system.asked.path, answer.system.asked.backbone, answer.source)
        for answer in answers
    ]
    assert all(answer.tokens and answer.ended for answer in answers)
    assert answers[0].source == "name : Hut 0 | food : soup | area : north"
    assert len(page.history.entries) == 1
    page.view.attention_requested.emit(answers[0])
    person.wait(lambda: page.attention.rows.rowCount() == 1 + len(answers[0].tokens))
    for row in page.attention.rows.rows[1:]:
        assert abs(sum(row.weights) - 1) < 1e-5
        assert row.weights[0] > 0
