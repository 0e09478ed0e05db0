"""The template of a label that is read by words, in the form of a new run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.pages.runs.form.template_panel import TEMPLATE, WORDS, TemplatePanel
from app.pages.runs.page import RunsPage
from engine.contract.backbone import BackboneEntry, BackboneSource
from engine.contract.protocol.backbones import BackboneList, ListBackbones
from engine.contract.protocol.data import PreviewTemplate, ReportSplit
from engine.contract.reading.reading import ClassCount
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Mapping, Role
from engine.contract.tasks.words import ReadoutKind
from engine.contract.template_presets import TEMPLATE_PRESETS, TemplatePreset
from engine.contract.templates import parse_template
from engine.reporter import Silent
from engine.templates.preview import preview_template
from tests.app.runs.conftest import REPORT, SHAPE
from tests.helpers.fake_ports import FakeClient
from tests.helpers.tiny_backbones import save_tiny

LABELS = ("negative", "positive")


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("tiny") / "gpt2", "gpt2")


@pytest.fixture
def panel(
    qtbot: QtBot, page: RunsPage, context: AppContext, client: FakeClient, backbone: Path
) -> TemplatePanel:
    """Over the real preview, on a project whose target is a label."""
    entry = BackboneEntry(
        str(backbone), "Tiny", BackboneSource.FOLDER, str(backbone), "", 0, SHAPE, on_disk=True
    )
    client.replies[ListBackbones] = lambda _c: BackboneList((entry,), "cpu", 16_000_000_000)
    report = replace(REPORT, classes=tuple(ClassCount(label, 96) for label in LABELS))
    client.replies[ReportSplit] = lambda _c: report
    client.replies[PreviewTemplate] = lambda command: preview_template(command, Silent())
    page.planner.backbones.refresh()
    data = context.project.dataset
    assert data is not None
    first, *others = data.mapping.columns
    roles = [
        column if column.role is Role.TARGET else replace(column, role=Role.IGNORED)
        for column in others
    ]
    mapping = Mapping((replace(first, role=Role.SOURCE), *roles), AnswerKind.LABEL)
    context.project.edit_dataset("Predict labels", replace(data, mapping=mapping))
    form = page.planner.form
    form.set("backbone", str(backbone))
    form.set("words.readout", ReadoutKind.WORDS)
    qtbot.waitUntil(lambda: bool(page.form.template.preview.rows))
    return page.form.template


def columns(page: RunsPage) -> tuple[str, ...]:
    assert page.planner.data is not None
    return tuple(column.name for column in page.planner.data.spec.mapping.inputs)


def test_the_panel_is_for_labels_that_are_read_by_words(page: RunsPage) -> None:
    assert not page.form.template.isVisible()


def test_three_rows_are_shown_with_their_blank(panel: TemplatePanel, page: RunsPage) -> None:
    assert panel.isVisible()
    assert len(panel.preview.rows) == 3
    for row in panel.preview.rows:
        assert [token.is_blank for token in row.tokens].count(True) == 1


def test_what_is_typed_is_previewed(qtbot: QtBot, panel: TemplatePanel, page: RunsPage) -> None:
    panel.edit.clear()
    qtbot.keyClicks(panel.edit, f"[soft*2]{{{columns(page)[0]}}} It was [blank]")
    assert page.planner.form.draft[TEMPLATE] == panel.edit.text()
    qtbot.waitUntil(lambda: any(token.soft for row in panel.preview.rows for token in row.tokens))
    assert sum(token.soft for token in panel.preview.rows[0].tokens) == 2


@pytest.mark.parametrize("text", ["no blank", "{nothing} [blank]", "[blank] and more", "{"])
def test_what_is_wrong_is_said(
    text: str, qtbot: QtBot, panel: TemplatePanel, page: RunsPage
) -> None:
    page.planner.form.set(TEMPLATE, text)
    qtbot.waitUntil(lambda: bool(panel.problem.text()))
    assert not panel.preview.rows


def test_the_words_have_tokens_and_can_be_edited(
    qtbot: QtBot, panel: TemplatePanel, page: RunsPage
) -> None:
    model = panel.words.model_of_words
    assert [row.label for row in model.rows] == list(LABELS)
    assert all(row.tokens for row in model.rows)
    assert model.setData(model.index(1, 1), "home")
    assert page.planner.form.draft[WORDS] == "positive=home"
    qtbot.waitUntil(lambda: "".join(model.rows[1].tokens).strip() == "home")
    assert model.setData(model.index(0, 1), "home")  # which is refused
    qtbot.waitUntil(lambda: bool(panel.problem.text()))


def test_a_part_is_inserted_where_the_cursor_is(panel: TemplatePanel, page: RunsPage) -> None:
    page.planner.form.set(TEMPLATE, "ab[blank]")
    panel.edit.setCursorPosition(1)
    action = next(each for each in panel.insert.actions() if each.text() == "[soft*3]")
    action.trigger()
    assert page.planner.form.draft[TEMPLATE] == "a[soft*3]b[blank]"


def test_a_preset_brings_template_and_words_in_one_step(
    panel: TemplatePanel, page: RunsPage, context: AppContext
) -> None:
    fitting = [preset for preset in TEMPLATE_PRESETS if preset.fits(columns(page))]
    titles = [action.text() for action in panel.presets.actions()]
    assert [preset.title for preset in fitting] == titles[2:]
    form, before = page.planner.form, page.planner.form.draft
    assert fitting
    panel.presets.actions()[2].trigger()
    assert form.draft[TEMPLATE] != before[TEMPLATE]
    context.project.undo.undo()
    assert form.draft == before


@pytest.mark.parametrize("preset", TEMPLATE_PRESETS, ids=lambda preset: preset.title)
def test_a_preset_reads_as_a_template_of_its_columns(preset: TemplatePreset) -> None:
    names = ["first column", "a } b"][: preset.fields]
    assert set(parse_template(preset.template_for(names)).columns) == set(names)


def test_a_preset_has_words_for_the_labels_that_it_knows() -> None:
    preset = TEMPLATE_PRESETS[1]
    assert preset.words_for(["Positive", "Negative"]) == "Positive=great, Negative=terrible"
    assert preset.words_for(["0", "1"]) == "0=terrible, 1=great"
    assert preset.words_for(["red", "green"]) == ""
