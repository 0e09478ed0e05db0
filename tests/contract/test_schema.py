import enum
from dataclasses import dataclass

import pytest

from engine.contract.schema import (
    Setting,
    check_settings,
    is_visible,
    setting,
    settings_of,
)
from tests.helpers.errors import refused


class Shape(enum.Enum):
    ROUND = "round"
    FLAT = "flat"


@dataclass(frozen=True)
class Spec:
    rank: int = setting(8, label="Rank", help="Rank.", low=1, high=512, unit="tokens")
    rate: float = setting(0.5, label="Rate", help="Rate.", above=0, flag="--peak")
    dropout: float = setting(0.0, label="Dropout", help="Chance.", low=0, below=1)
    steps: int | None = setting(None, label="Steps", help="Steps.", low=1, none="by epochs")
    shape: Shape = setting(
        Shape.ROUND, label="Shape", help="Shape.", labels=((Shape.FLAT, "flat"),)
    )
    width: int = setting(
        1, label="Width", help="Width.", low=1, visible_when=(("shape", (Shape.FLAT,)),)
    )
    note: str = ""

    def __post_init__(self) -> None:
        check_settings(self)


def test_settings_are_read_from_a_spec() -> None:
    found = {item.name: item for item in settings_of(Spec)}
    assert list(found) == ["rank", "rate", "dropout", "steps", "shape", "width"]
    assert (found["steps"].kind, found["steps"].optional) == (int, True)
    assert (found["shape"].kind, found["shape"].default) == (Shape, Shape.ROUND)
    assert [found[name].flag for name in ("rank", "rate")] == ["--rank", "--peak"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rank", 0),
        ("rank", 513),
        ("rate", 0.0),
        ("rate", float("nan")),
        ("rate", float("inf")),
        ("dropout", 1.0),
        ("steps", 0),
    ],
)
def test_a_value_outside_its_bounds_is_refused(name: str, value: float) -> None:
    with refused("setting-out-of-range", name=name, value=value):
        Spec(**{name: value})


def test_values_on_the_bounds_are_not() -> None:
    assert Spec(rank=512, dropout=0.0, steps=None).rank == 512


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({}, "a number"),
        ({"low": 1}, "1 or more"),
        ({"above": 0}, "above 0"),
        ({"low": 1, "high": 512, "unit": "tokens"}, "from 1 to 512 tokens"),
        ({"low": 0, "high": 2**63 - 1}, "from 0 to 9223372036854775807"),
        ({"low": 0, "below": 1}, "at least 0 and below 1"),
        ({"above": 0, "high": 1}, "above 0 and at most 1"),
    ],
)
def test_bounds_in_words(bounds: dict[str, object], words: str) -> None:
    assert Setting("A", "B.", **bounds).allowed == words  # type: ignore[arg-type]


def test_what_a_setting_depends_on() -> None:
    width = settings_of(Spec)[-1].setting
    assert not is_visible(width, {"shape": Shape.ROUND})
    assert is_visible(width, {"shape": Shape.FLAT})
