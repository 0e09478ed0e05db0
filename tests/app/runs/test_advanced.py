"""The settings that most runs leave alone."""

from dataclasses import replace

from app.pages.runs.form.section_box import SectionBox
from app.pages.runs.page import RunsPage
from engine.contract.backbone import BackboneEntry
from engine.contract.methods.cost import cost
from engine.contract.methods.prefix import Depth, PrefixMethod
from tests.app.runs.conftest import SHAPE, cost_text


def test_layers_are_asked_for_where_they_mean_something(page: RunsPage) -> None:
    box = page.form.sections[0]
    assert "method.layers" in shown(box)
    page.planner.form.set("method.layers", "0-9,20-29:5")
    words = page.form.drawing.accessibleDescription()
    assert "In each of 20 of the 30 frozen layers (layers 0-9,20-29:5), up to 10 trained" in words
    method = PrefixMethod(prefix_length=10, layers="0-9,20-29:5")
    expected = cost(SHAPE, method, tokens_per_batch=400)
    assert f"{expected.trainable:,}" in cost_text(page)
    page.form.drawing.grab()  # painted without an error
    for wrong in ("0-", "25-30"):
        page.planner.form.set("method.layers", wrong)
        assert f"'{wrong}'" in page.planner.error.message
        assert not page.launch.train.isEnabled()
    page.planner.form.set("method.layers", "0-9")
    page.planner.form.set("method.depth", Depth.EMBEDDING_ONLY)
    assert "'0-9'" in page.planner.error.message
    assert "method.layers" in shown(box), "what is wrong cannot be mended"
    page.planner.form.set("method.layers", "")
    assert page.planner.error is None
    assert "method.layers" not in shown(box)


SIDES = ("method.encoder_self", "method.decoder_self", "method.decoder_cross")


def shown(box: SectionBox) -> set[str]:
    """Names of the settings whose rows are there."""
    return {name for name, editor in box.editors.items() if not editor.widget.isHidden()}


def test_settings_of_other_backbones_are_not_there(
    page: RunsPage, catalog: list[BackboneEntry]
) -> None:
    box = page.form.sections[0]
    assert "method.depth" in shown(box)
    assert not shown(box) & set(SIDES)
    bart = catalog[2]
    catalog[2] = replace(bart, supported=True, on_disk=True)
    page.planner.backbones.refresh()
    page.planner.form.set("backbone", bart.name)
    assert set(SIDES) <= shown(box)
    assert "method.depth" not in shown(box)
    page.planner.form.set("backbone", catalog[0].name)
    assert not shown(box) & set(SIDES)
