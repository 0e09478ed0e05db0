"""Looking into a prefix in the window, and sharing it as a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QCheckBox, QFileDialog
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.dialogs.export import ExportDialog
from app.pages.prefixes.inspector.dialog import InspectorDialog
from app.pages.prefixes.page import PrefixesPage
from app.shell.messages import Message
from app.shell.opening import PathKind, find_out
from engine.contract.exports import EXPORT_NAMES
from engine.contract.protocol.commands import Done
from engine.contract.protocol.outputs import Generate, Generated
from engine.contract.protocol.prefixes import (
    CacheType,
    ComparePrefixes,
    ExportPrefix,
    ImportPrefix,
    ListPrefixes,
    MeasurePositions,
    MixPrefixes,
    PackPrefix,
    PrefixInfo,
    PrefixList,
)
from tests.app.prefixes.showing import shown_page
from tests.helpers.accessibility import unnamed, unreachable
from tests.helpers.fake_ports import FakeClient
from tests.helpers.replies import compared_prefixes, measured_positions


def row(path: Path, name: str, *, length: int = 10, project: str = "") -> PrefixInfo:
    info = PrefixInfo(str(path), name, "smollm2", "ff" * 32, length, "prefix", 4000)
    return PrefixInfo(**{**vars(info), "project": project})


@pytest.fixture
def page(
    context: AppContext,
    client: FakeClient,
    rich_project: Path,
    open_project: Callable[[Path], None],
    qtbot: QtBot,
) -> PrefixesPage:
    """The page over a run's prefix and three others: of another length, and of another project."""
    folder = min((rich_project / "runs").iterdir()) / "prefix"
    found = (
        row(folder, "first"),
        row(rich_project / "prefixes" / "b", "second"),
        row(rich_project / "prefixes" / "c", "short", length=3),
    )
    other = row(rich_project.parent / "other" / "d", "far", project="another project")

    def answer(command: ListPrefixes) -> PrefixList:
        return PrefixList((*found, other) if command.others else found)

    client.replies[ListPrefixes] = answer
    context.settings.add_recent(rich_project.parent / "other")
    open_project(rich_project)
    return shown_page(context, qtbot, rows=3)


def select(page: PrefixesPage, name: str) -> None:
    model = page.table.model()
    names = [model.index(at, 0).data() for at in range(model.rowCount())]
    page.table.select_row(names.index(name))


@pytest.fixture
def dialog(page: PrefixesPage) -> InspectorDialog:
    select(page, "first")
    page.commands["inspect"].trigger()
    made = page.window().findChild(InspectorDialog)
    assert made is not None
    return made


def test_the_dialog_can_be_used_by_keyboard_and_reader(dialog: InspectorDialog) -> None:
    for tab in range(dialog.tabs.count()):
        dialog.tabs.setCurrentIndex(tab)
        assert unnamed(dialog) == []
        assert unreachable(dialog) == []
    dialog.reject()


def test_a_prefix_is_shown_beside_another(
    dialog: InspectorDialog, model_client: FakeClient
) -> None:
    assert [dialog.beside.other.itemText(at) for at in range(dialog.beside.other.count())] == [
        "second",
        "short",
    ]
    model_client.last(ComparePrefixes).answer(compared_prefixes())
    assert "30 attentions" in dialog.beside.summary.text()
    assert len(dialog.beside.norms.getPlotItem().listDataItems()) == 4
    assert len(dialog.beside.keys.getPlotItem().listDataItems()) == 2
    dialog.beside.other.setCurrentIndex(1)
    assert model_client.last(ComparePrefixes).command.second.endswith("c")
    model_client.last(ComparePrefixes).answer(compared_prefixes())
    assert len(dialog.beside.norms.getPlotItem().listDataItems()) == 4
    dialog.reject()


def test_a_mixture_writes_while_the_slider_moves_and_can_be_saved(
    dialog: InspectorDialog, model_client: FakeClient, rich_project: Path, qtbot: QtBot
) -> None:
    mix = dialog.mix
    assert [mix.other.itemText(at) for at in range(mix.other.count())] == ["second"]
    mix.source.setPlainText("name : Hut")
    mix.slider.setValue(30)
    assert not mix.save.isEnabled()
    qtbot.waitUntil(lambda: bool(model_client.open_tickets(MixPrefixes)))
    pending = model_client.last(MixPrefixes)
    assert pending.command.share == 0.3
    assert pending.command.out == str(mix.folder())
    pending.answer(row(mix.folder(), "mixture"))
    written = model_client.last(Generate)
    assert (written.command.system, written.command.inputs) == (str(mix.folder()), ("name : Hut",))
    written.answer(Generated(("The Hut serves soup.",), 0.1))
    assert mix.output.toPlainText() == "The Hut serves soup."
    mix.save.click()
    command = model_client.last(ImportPrefix).command
    assert command == ImportPrefix(str(mix.folder()), str(rich_project))
    dialog.reject()
    assert not mix.folder().parent.exists()


def test_the_positions_of_a_runs_prefix_are_measured(
    dialog: InspectorDialog, model_client: FakeClient, page: PrefixesPage
) -> None:
    tab = dialog.positions
    tab.measure.click()
    assert not tab.measure.isEnabled()
    model_client.last(MeasurePositions).answer(measured_positions())
    assert tab.measure.isEnabled()
    assert tab.model.rowCount() == 10
    assert "position 7" in tab.summary.text()
    dialog.reject()
    select(page, "second")
    page.commands["inspect"].trigger()
    other = [one for one in page.window().findChildren(InspectorDialog) if one is not dialog][-1]
    assert not other.positions.measure.isEnabled()
    other.reject()


def test_all_projects_are_one_list(page: PrefixesPage, qtbot: QtBot) -> None:
    box = page.findChild(QCheckBox)
    box.click()
    qtbot.waitUntil(lambda: page.model.rowCount() == 4)
    select(page, "far")
    assert page.commands["export"].isEnabled()
    assert not page.commands["delete"].isEnabled()
    texts = [page.table.model().index(0, at).data() for at in range(8)]
    assert "another project" in texts + [
        page.table.model().index(at, 7).data() for at in range(page.model.rowCount())
    ]


def test_a_prefix_is_shared_as_a_file_and_comes_back(
    page: PrefixesPage,
    model_client: FakeClient,
    tmp_path: Path,
    rich_project: Path,
    said: list[Message],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = str(tmp_path / "first")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (chosen, ""))
    select(page, "first")
    page.commands["pack"].trigger()
    pending = model_client.last(PackPrefix)
    assert pending.command.out == f"{chosen}.prefix.zip"
    pending.answer(Done("It is there."))
    assert said[-1].text == "It is there."
    packed = tmp_path / "first.prefix.zip"
    packed.write_bytes(b"PK")
    assert find_out(packed).kind is PathKind.PREFIX
    assert page.open_path(packed)
    command = model_client.last(ImportPrefix).command
    assert command == ImportPrefix(str(packed), str(rich_project))


def test_the_export_dialog_says_what_each_format_is_for(
    page: PrefixesPage, model_client: FakeClient, tmp_path: Path
) -> None:
    select(page, "first")
    page.commands["export"].trigger()
    dialog = page.findChild(ExportDialog)
    assert dialog is not None
    assert len(dialog.formats.buttons()) == len(EXPORT_NAMES)
    assert not dialog.options.isVisible()
    dialog.formats.button(EXPORT_NAMES.index("llamacpp")).click()
    assert dialog.options.isVisible()
    dialog.folder.setText(str(tmp_path / "out"))
    assert dialog.ok.isEnabled()
    dialog.options.backbone.setCurrentIndex(2)
    assert dialog.options.gguf.isVisible()
    assert not dialog.ok.isEnabled()
    dialog.options.gguf.setText("m.gguf")
    dialog.options.cache_type.setCurrentIndex(1)
    dialog.options.flash.setChecked(False)
    words = dialog.command.command().split()
    assert words[-6:-2] == ["m.gguf", "--cache-type", "f32", "--no-flash-attention"]
    dialog.accept()
    command = model_client.last(ExportPrefix).command
    assert (command.gguf, command.write_gguf, command.cache_type, command.flash_attention) == (
        "m.gguf", None, CacheType.F32, False,
    )  # fmt: skip
