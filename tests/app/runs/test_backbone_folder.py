"""A backbone from a folder of the user's own."""

import dataclasses
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.runs.page import RunsPage
from engine.contract.backbone import BackboneEntry
from engine.contract.protocol.backbones import ListBackbones
from tests.app.runs.conftest import SMOL
from tests.helpers.fake_ports import FakeClient


def test_a_folder_is_listed_chosen_and_taken_back(
    page: RunsPage,
    context: AppContext,
    client: FakeClient,
    catalog: list[BackboneEntry],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = str(tmp_path / "my-model")
    catalog.append(dataclasses.replace(SMOL, name=folder, title="my-model", where=folder))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: folder)
    before = page.planner.form.draft["backbone"]
    qtbot.mouseClick(page.form.picker.folder, Qt.MouseButton.LeftButton)
    assert context.project.project.backbone_folders == (folder,)
    assert client.last(ListBackbones).command == ListBackbones((folder,))
    qtbot.waitUntil(lambda: page.planner.backbones.get(folder) is not None)
    assert page.planner.form.draft["backbone"] == folder
    qtbot.waitUntil(lambda: page.form.picker.box.currentText() == "my-model")
    assert page.planner.error is None

    qtbot.mouseClick(page.form.picker.folder, Qt.MouseButton.LeftButton)
    assert context.project.project.backbone_folders == (folder,), "listed twice"
    context.undo.undo()
    context.undo.undo()
    assert context.project.project.backbone_folders == ()
    assert page.planner.form.draft["backbone"] == before
