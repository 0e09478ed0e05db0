"""In which settings two runs differ, from Compare and from the Runs page."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pytestqt.qtbot import QtBot

from app.context import AppContext
from app.dialogs.settings_difference import EQUAL, SettingsDifferenceDialog
from app.pages.compare.page import ComparePage
from app.setting_differences import ABSENT, setting_differences
from engine.contract.methods.others import LoraMethod
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.specs.data import Column, DataSpec, Mapping, Role
from engine.contract.specs.run import RunSpec
from engine.contract.specs.training import DecodingSpec, TrainingSpec
from engine.contract.tasks.generation import GenerationTask

DATA = DataSpec("a.sqlite", "ab" * 32, Mapping((Column("text", Role.TARGET),)))
ONE = RunSpec("one", "gpt2", PrefixMethod(prefix_length=5), DATA)


def fields(*specs: RunSpec) -> dict[str, tuple[str, ...]]:
    return {found.field: found.values for found in setting_differences(specs)}


def test_only_what_differs_is_listed() -> None:
    other = replace(
        ONE,
        run_id="two",
        backbone="gpt2-medium",
        method=PrefixMethod(prefix_length=10),
        training=replace(TrainingSpec(), learning_rate=1e-4, evaluate_bleu=False),
        task=GenerationTask(replace(DecodingSpec(), num_beams=1)),
    )
    assert fields(ONE, replace(ONE, run_id="two")) == {}
    assert fields(ONE, other) == {
        "backbone": ("gpt2", "gpt2-medium"),
        "method.prefix_length": ("5", "10"),
        "training.learning_rate": ("0.0005", "0.0001"),
        "training.evaluate_bleu": ("yes", "no"),
        "decoding.num_beams": ("5", "1"),
    }
    (first, *_) = setting_differences((ONE, replace(ONE, method=PrefixMethod(prefix_length=7))))
    assert first.title == "method: prefix length"
    assert first.help


def test_a_setting_that_one_method_lacks_has_a_dash() -> None:
    found = fields(ONE, replace(ONE, method=LoraMethod()))
    assert found["method"] == ("prefix", "lora")
    assert found["method.prefix_length"] == ("5", ABSENT)
    assert found["method.rank"][0] == ABSENT


def test_data_that_differs_is_named_by_its_columns() -> None:
    mapping = Mapping((Column("name", Role.FIELD), Column("text", Role.TARGET)))
    found = fields(ONE, replace(ONE, data=replace(DATA, mapping=mapping, fingerprint="cd" * 32)))
    assert found["data.mapping.columns"] == ("text: target", "name: field, text: target")
    assert found["data.fingerprint"] == ("ab" * 6, "cd" * 6)


def dialog_of(parent: object) -> SettingsDifferenceDialog:
    (dialog,) = parent.findChildren(SettingsDifferenceDialog)  # type: ignore[attr-defined]
    assert isinstance(dialog, SettingsDifferenceDialog)
    return dialog


def test_compare_shows_them(qtbot: QtBot, page: ComparePage) -> None:
    assert page.settings.isEnabled()
    page.settings.click()
    dialog = dialog_of(page.window())
    model = dialog.table.model()
    rows = [[str(model.index(r, c).data()) for c in range(3)] for r in range(model.rowCount())]
    assert ["method", "finetune", "prefix"] in rows
    assert ["method: prefix length", ABSENT, "10"] in rows
    assert dialog.table.horizontalHeader().length() <= dialog.table.viewport().width()
    dialog.reject()


def test_equal_settings_are_said_to_be_equal(
    qtbot: QtBot, page: ComparePage, context: AppContext
) -> None:
    run = context.runs.all()[0]
    dialog = SettingsDifferenceDialog([run, run], context.theme)
    qtbot.addWidget(dialog)
    assert dialog.note.text() == EQUAL
    assert dialog.table.isHidden()


def test_one_run_alone_differs_from_nothing(
    qtbot: QtBot,
    make_page: Callable[[Path], ComparePage],
    runs_project: Path,
    context: AppContext,
) -> None:
    page = make_page(runs_project)
    context.navigator.show_compare([context.runs.all()[0].run_id])
    qtbot.waitUntil(lambda: page.pages.currentWidget() is page.comparing)
    assert not page.settings.isEnabled()
