"""JSON of the contract: round trips of everything, and strictness towards everything else."""

import dataclasses
import json
import math
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.contract import codec
from engine.contract.errors import ProtocolError
from engine.contract.methods.all import MethodSpec
from engine.contract.methods.finetune import FinetuneMethod
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.protocol.commands import Done
from engine.contract.protocol.lines import CancelRequest, Request, RequestLine, Response, Shutdown
from engine.contract.runs.events import JournalEntry, Level, Notice, TrainMetrics
from engine.contract.runs.scores import Score
from engine.contract.specs.run import RunSpec
from tests.contract.strategies import built, contract_dataclasses
from tests.helpers.errors import refused


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Spot:
    x: float
    n: int = 3


@dataclass(frozen=True)
class Line:
    length: float


@dataclass(frozen=True)
class Sheet:
    """One field of each form that the contract uses."""

    name: str
    done: bool
    color: Colour
    shape: Spot | Line
    limit: int | None = None
    share: float | None = None
    spots: tuple[Spot, ...] = ()
    pair: tuple[str, float] = ("a", 1.0)
    nested: Spot = field(default_factory=lambda: Spot(0.5))
    version: int = 2


SHEET = Sheet("s", True, Colour.BLUE, Line(2.0), 4, 0.5, (Spot(1.0),), ("b", 2.0))


def plain_sheet(**changes: Any) -> dict[str, Any]:
    plain = json.loads(codec.to_line(SHEET))
    assert isinstance(plain, dict)
    return {**plain, **changes}


def same(first: object, second: object) -> bool:
    """Equality in which NaN equals NaN and 1 does not equal 1.0 or True."""
    if type(first) is not type(second):
        return False
    if dataclasses.is_dataclass(first):
        names = [f.name for f in dataclasses.fields(first)]
        return all(same(getattr(first, name), getattr(second, name)) for name in names)
    if isinstance(first, tuple) and isinstance(second, tuple):
        pairs = zip(first, second, strict=False)
        return len(first) == len(second) and all(same(a, b) for a, b in pairs)
    if isinstance(first, float) and isinstance(second, float):
        return (math.isnan(first) and math.isnan(second)) or repr(first) == repr(second)
    return first == second


@pytest.mark.parametrize("kind", contract_dataclasses(), ids=lambda kind: kind.__name__)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_dataclass_of_the_contract_comes_back(kind: type, data: st.DataObject) -> None:
    value = data.draw(built(kind))
    line, text = codec.to_line(value), codec.to_text(value)
    assert "\n" not in line
    assert text.endswith("}\n")
    for written in (line, text):
        assert written.encode("utf-8").decode("utf-8") == written
        json.loads(written, parse_constant=pytest.fail)  # NaN is no JSON
        assert same(codec.from_text(kind, written), value)


def test_all_dataclasses_were_found() -> None:
    kinds = set(contract_dataclasses())
    assert {RunSpec, JournalEntry, RequestLine, Response, Score} <= kinds
    assert len(kinds) > 80


def test_readable_where_it_can_be_and_escaped_where_it_must() -> None:
    assert "Größe ☂" in codec.to_line(Notice(Level.INFO, "Größe ☂"))
    odd = Notice(Level.INFO, "caf\udce9.csv")
    assert "\\udce9" in codec.to_line(odd)
    assert codec.from_text(Notice, codec.to_line(odd)) == odd


@pytest.mark.parametrize(
    ("value", "text"), [(math.nan, '"NaN"'), (math.inf, '"Infinity"'), (-math.inf, '"-Infinity"')]
)
def test_non_finite_numbers_are_strings(value: float, text: str) -> None:
    line = codec.to_line(Spot(value))
    assert line == f'{{"type":"Spot","x":{text},"n":3}}'
    assert same(codec.from_text(Spot, line).x, value)


def test_a_word_is_no_number_otherwise() -> None:
    with refused("unexpected-value", ProtocolError, path="Spot.x", value="'inf'"):
        codec.from_text(Spot, '{"x": "inf"}')


def test_fields_with_a_default_may_be_missing() -> None:
    assert codec.from_text(Spot, '{"x": 1}') == Spot(1.0, 3)


def test_whole_numbers_are_floats_where_floats_are_due() -> None:
    x = codec.from_text(Spot, '{"x": 1}').x
    assert type(x) is float


@pytest.mark.parametrize(
    ("changes", "path", "expected"),
    [
        ({"name": 1}, "name", "str"),
        ({"name": None}, "name", "str"),
        ({"done": 1}, "done", "bool"),
        ({"color": "green"}, "color", "'red' or 'blue'"),
        ({"color": ["red"]}, "color", "'red' or 'blue'"),
        ({"shape": {"type": "Ring", "length": 1}}, "shape", "type Line or Spot"),
        ({"shape": {"length": 1}}, "shape", "type Line or Spot"),
        ({"shape": {"type": "Line", "length": "1"}}, "shape.length", "float"),
        ({"shape": 3}, "shape", "Spot or Line"),
        ({"shape": None}, "shape", "Spot or Line"),
        ({"limit": 1.0}, "limit", "int or null"),
        ({"limit": True}, "limit", "int or null"),
        ({"share": "half"}, "share", "float or null"),
        ({"spots": "no"}, "spots", "a list"),
        ({"spots": [{"x": 1}, {"x": []}]}, "spots[1].x", "float"),
        ({"spots": [{"x": 10**400}]}, "spots[0].x", "a number of at most 64 bits"),
        ({"spots": [{"x": 1, "n": 2**63}]}, "spots[0].n", "a number of at most 64 bits"),
        ({"shape": {"type": []}}, "shape", "type Line or Spot"),
        ({"shape": {"type": {}}}, "shape", "type Line or Spot"),
        ({"spots": [7]}, "spots[0]", "an object"),
        ({"pair": ["a"]}, "pair", "2 items"),
        ({"pair": [1, 1.0]}, "pair[0]", "str"),
        ({"nested": {"type": "Line", "length": 1}}, "nested", "type Spot"),
        ({"type": "Page"}, "", "type Sheet"),
        ({"version": "2"}, "version", "int"),
    ],
)
def test_what_does_not_fit_is_named_with_its_path(
    changes: dict[str, Any], path: str, expected: str
) -> None:
    path = f"Sheet.{path}".rstrip(".")
    with refused("unexpected-value", ProtocolError, path=path, expected=expected) as caught:
        codec.from_plain(Sheet, plain_sheet(**changes))
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("changes", "code", "values"),
    [
        ({"nested": {"n": 3}}, "missing-field", {"path": "Sheet.nested", "name": "x"}),
        ({"nested": {"x": 1, "y": 2}}, "unknown-field", {"path": "Sheet.nested", "name": "'y'"}),
        ({"extra": 1}, "unknown-field", {"path": "Sheet", "name": "'extra'"}),
    ],
)
def test_missing_and_unknown_fields_are_named(
    changes: dict[str, Any], code: str, values: dict[str, str]
) -> None:
    with refused(code, ProtocolError, **values):
        codec.from_plain(Sheet, plain_sheet(**changes))


@pytest.mark.parametrize(
    "text", ["", "{", "[1,", "null", "3", '"x"', "[]", "[" * 100_000, "1" * 10_000, "\ufeff{}"]
)
def test_text_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        codec.from_text(Spot, text)


def test_a_newer_version_is_the_users_matter_and_comes_before_unknown_fields() -> None:
    with refused("newer-version", path="Sheet", version="3", supported=2):
        codec.from_plain(Sheet, plain_sheet(version=3, new_field=1))


def test_an_older_version_opens() -> None:
    assert codec.from_plain(Sheet, plain_sheet(version=1)).version == 1


def test_a_value_outside_its_range_is_the_users_matter() -> None:
    with refused("setting-out-of-range", value=0):
        codec.from_plain(PrefixMethod, {"prefix_length": 0})


def test_unions_pick_the_class_by_its_name() -> None:
    plain = codec.to_plain(FinetuneMethod())
    assert codec.from_plain(MethodSpec, plain) == FinetuneMethod()  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [{"a": 1}, {1}, Path("x"), b"x", object(), 1j, Spot])
def test_what_has_no_place_in_the_contract_is_not_written(value: object) -> None:
    with refused("unsupported-type", ProtocolError):
        codec.to_line(Line(value))  # type: ignore[arg-type]


def test_a_type_that_has_no_place_is_not_read() -> None:
    @dataclass(frozen=True)
    class Bag:
        things: dict  # type: ignore[type-arg]

    with refused("unsupported-type", ProtocolError):
        codec.from_plain(Bag, {"things": {}})


@pytest.mark.parametrize("message", [Request(3, Done()), CancelRequest(3), Shutdown()])  # type: ignore[arg-type]
def test_desk_lines_take_commands_only(message: Any) -> None:
    line = codec.to_line(RequestLine(message))
    if isinstance(message, Request):
        with refused("unexpected-value", ProtocolError, path="RequestLine.message.command"):
            codec.from_text(RequestLine, line)
    else:
        assert codec.from_text(RequestLine, line) == RequestLine(message)


def test_numbers_keep_their_last_digit() -> None:
    metrics = TrainMetrics(1, 0.1 + 0.2, 1e-320, 1e300, 5e-324, 2**62, 0.0, -0.0, 0)
    assert same(codec.from_text(TrainMetrics, codec.to_line(metrics)), metrics)
