"""The settings that most runs leave alone."""

from dataclasses import replace

from app.pages.runs.advanced import SectionBox
from app.pages.runs.page import RunsPage
from engine.contract.backbone import BackboneEntry

SIDES = ("method.encoder_self", "method.decoder_self", "method.decoder_cross")


def shown(box: SectionBox) -> set[str]:
    """Names of the settings whose rows are there."""
    return {
        field.name
        for field, editor in box._editors.items()
        if box._rows.isRowVisible(editor.widget)
    }


def test_settings_of_other_backbones_are_not_there(
    page: RunsPage, catalog: list[BackboneEntry]
) -> None:
    box = page.form.advanced.sections[0]
    assert "method.depth" in shown(box)
    assert not shown(box) & set(SIDES)
    bart = catalog[2]
    catalog[2] = replace(bart, supported=True, on_disk=True)
    page.backbones.refresh()
    page.form_model.set("backbone", bart.name, "backbone")
    assert set(SIDES) <= shown(box)
    assert "method.depth" not in shown(box)
    page.form_model.set("backbone", catalog[0].name, "backbone")
    assert not shown(box) & set(SIDES)
