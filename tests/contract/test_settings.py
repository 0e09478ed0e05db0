"""Every field of a spec is a setting, said well and bounded once."""

import dataclasses
import enum
import math
import re
from collections.abc import Iterator
from typing import Any

import pytest

from engine.contract.methods.prefix import PrefixMethod
from engine.contract.options import METHODS, OPTIONS
from engine.contract.schema import SettingField, settings_of
from engine.contract.specs.data import DataSpec, Linearisation, Split
from engine.contract.specs.training import DecodingSpec, TrainingSpec
from tests.contract.objects import SPEC
from tests.helpers.errors import refused

SPECS = (
    *(method() for method in METHODS.values()),
    *(Linearisation(), Split(), SPEC.data, TrainingSpec(), DecodingSpec()),
)
NOT_SETTINGS = {
    Split: {"kind", "unseen_categories"},
    DataSpec: {"dataset", "fingerprint", "mapping", "linearisation", "split"},
}
"""What the Data page and the options that name columns set."""
EACH = [
    pytest.param(spec, item, id=f"{type(spec).__name__}.{item.name}")
    for spec in SPECS
    for item in settings_of(type(spec))
]


def outside(item: SettingField) -> Iterator[float]:
    """Values just outside a setting's bounds."""
    setting, step = item.setting, 1 if item.kind is int else 1e-9
    yield from () if setting.low is None else (setting.low - step,)
    yield from () if setting.high is None else (setting.high + step,)
    yield from (end for end in (setting.above, setting.below) if end is not None)
    yield from (math.nan, math.inf) if item.kind is float else ()


def on(item: SettingField) -> Iterator[float]:
    """Values on its bounds."""
    yield from (end for end in (item.setting.low, item.setting.high) if end is not None)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: type(spec).__name__)
def test_every_field_is_a_setting_or_listed_as_none(spec: Any) -> None:
    fields = {field.name for field in dataclasses.fields(spec)}
    others = fields - {item.name for item in settings_of(type(spec))}
    assert others == NOT_SETTINGS.get(type(spec), set())


@pytest.mark.parametrize(("spec", "item"), EACH)
def test_a_setting_is_said_well(spec: Any, item: SettingField) -> None:
    setting = item.setting
    assert re.fullmatch(r"[A-Z][^.]*[^.\s]", setting.label)
    assert re.fullmatch(r"[A-Z].*\.", setting.help)
    assert setting.help.count(". ") < 2, "two sentences at most"
    assert re.fullmatch(r"--[a-z]+(-[a-z]+)*", item.flag)
    if issubclass(item.kind, enum.Enum):
        assert {member for member, _label in setting.labels} == set(item.kind)
    if item.optional:
        assert setting.none
    assert {name for name, _values in setting.visible_when} <= set(spec.__dataclass_fields__)


@pytest.mark.parametrize(("spec", "item"), EACH)
def test_its_bounds_are_checked(spec: Any, item: SettingField) -> None:
    if item.kind not in (int, float):
        return
    for value in outside(item):
        with refused("setting-out-of-range", name=item.name):
            dataclasses.replace(spec, **{item.name: value})
    for value in on(item):
        dataclasses.replace(spec, **{item.name: item.kind(value)})


def test_settings_of_one_name_are_one_setting() -> None:
    for method in METHODS.values():
        for item in settings_of(method):
            assert OPTIONS[f"method.{item.name}"] == item
    assert len({item.flag for item in OPTIONS.values()}) == len(OPTIONS)
    assert settings_of(PrefixMethod)[0].name == "prefix_length"
