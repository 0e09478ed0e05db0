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
from engine.contract.commands import Answer, Ask, CancelAsk, DeskLine, Done, Shutdown
from engine.contract.errors import ProtocolError, UserError
from engine.contract.events import JournalEntry, Level, Notice, TrainMetrics
from engine.contract.method_spec import FinetuneMethod, MethodSpec, PrefixMethod
from engine.contract.run_spec import RunSpec
from engine.contract.scores import Score
from tests.contract.strategies import built, contract_dataclasses


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
    colour: Colour
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
    assert {RunSpec, JournalEntry, DeskLine, Answer, Score} <= kinds
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
    with pytest.raises(ProtocolError, match=r"^Spot\.x: expected float, found 'inf'$"):
        codec.from_text(Spot, '{"x": "inf"}')


def test_fields_with_a_default_may_be_missing() -> None:
    assert codec.from_text(Spot, '{"x": 1}') == Spot(1.0, 3)


def test_whole_numbers_are_floats_where_floats_are_due() -> None:
    x = codec.from_text(Spot, '{"x": 1}').x
    assert type(x) is float


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": 1}, r"^Sheet\.name: expected str, found 1$"),
        ({"name": None}, r"^Sheet\.name: expected str, found None$"),
        ({"done": 1}, r"^Sheet\.done: expected bool, found 1$"),
        ({"colour": "green"}, r"^Sheet\.colour: 'green' is none of 'red', 'blue'$"),
        ({"colour": ["red"]}, r"^Sheet\.colour: \['red'\] is none of 'red', 'blue'$"),
        ({"shape": {"type": "Ring", "length": 1}}, r"^Sheet\.shape: type 'Ring' is none of Line, "),
        ({"shape": {"length": 1}}, r"^Sheet\.shape: type None is none of Line, Spot$"),
        ({"shape": {"type": "Line", "length": "1"}}, r"^Sheet\.shape\.length: expected float"),
        ({"shape": 3}, r"^Sheet\.shape: 3 fits none of "),
        ({"shape": None}, r"^Sheet\.shape: None fits none of "),
        ({"limit": 1.0}, r"^Sheet\.limit: 1\.0 fits none of "),
        ({"limit": True}, r"^Sheet\.limit: True fits none of "),
        ({"share": "half"}, r"^Sheet\.share: 'half' fits none of "),
        ({"spots": "no"}, r"^Sheet\.spots: expected a list, found 'no'$"),
        ({"spots": [{"x": 1}, {"x": []}]}, r"^Sheet\.spots\[1\]\.x: expected float, found \[\]$"),
        ({"spots": [{"x": 10**400}]}, r"^Sheet\.spots\[0\]\.x: 10+\.\.\.0+ is too large$"),
        ({"spots": [{"x": 1, "n": 2**63}]}, r"^Sheet\.spots\[0\]\.n: 9\d+ is too large$"),
        ({"shape": {"type": []}}, r"^Sheet\.shape: type \[\] is none of Line, Spot$"),
        ({"shape": {"type": {}}}, r"^Sheet\.shape: type \{\} is none of Line, Spot$"),
        ({"spots": [7]}, r"^Sheet\.spots\[0\]: expected an object, found 7$"),
        ({"pair": ["a"]}, r"^Sheet\.pair: expected 2 items, found 1$"),
        ({"pair": [1, 1.0]}, r"^Sheet\.pair\[0\]: expected str, found 1$"),
        ({"nested": {"type": "Line", "length": 1}}, r"^Sheet\.nested: expected type Spot, found"),
        ({"nested": {"n": 3}}, r"^Sheet\.nested: field 'x' is missing$"),
        ({"nested": {"x": 1, "y": 2}}, r"^Sheet\.nested: unknown field 'y'$"),
        ({"extra": 1}, r"^Sheet: unknown field 'extra'$"),
        ({"type": "Page"}, r"^Sheet: expected type Sheet, found 'Page'$"),
        ({"version": "2"}, r"^Sheet\.version: expected int, found '2'$"),
    ],
)
def test_what_does_not_fit_is_named_with_its_path(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ProtocolError, match=sentence):
        codec.from_plain(Sheet, plain_sheet(**changes))


def test_missing_fields_are_named() -> None:
    plain = plain_sheet()
    del plain["name"]
    with pytest.raises(ProtocolError, match=r"^Sheet: field 'name' is missing$"):
        codec.from_plain(Sheet, plain)


@pytest.mark.parametrize(
    "text", ["", "{", "[1,", "null", "3", '"x"', "[]", "[" * 100_000, "1" * 10_000, "\ufeff{}"]
)
def test_text_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        codec.from_text(Spot, text)


def test_a_newer_version_is_the_users_matter_and_comes_before_unknown_fields() -> None:
    with pytest.raises(
        UserError,
        match=r"^Sheet was written by a newer version of this program \(format 3; this one reads "
        r"up to 2\): update the program\.$",
    ):
        codec.from_plain(Sheet, plain_sheet(version=3, new_field=1))


def test_an_older_version_opens() -> None:
    assert codec.from_plain(Sheet, plain_sheet(version=1)).version == 1


def test_a_value_outside_its_range_is_the_users_matter() -> None:
    with pytest.raises(UserError, match=r"^The prefix length is 0: it must be from 1 to 512"):
        codec.from_plain(PrefixMethod, {"prefix_length": 0})


def test_unions_pick_the_class_by_its_name() -> None:
    plain = codec.to_plain(FinetuneMethod())
    assert codec.from_plain(MethodSpec, plain) == FinetuneMethod()  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [{"a": 1}, {1}, Path("x"), b"x", object(), 1j, Spot])
def test_what_has_no_place_in_the_contract_is_not_written(value: object) -> None:
    with pytest.raises(ProtocolError, match="has no place in the contract"):
        codec.to_line(Line(value))  # type: ignore[arg-type]


def test_a_type_that_has_no_place_is_not_read() -> None:
    @dataclass(frozen=True)
    class Bag:
        things: dict  # type: ignore[type-arg]

    with pytest.raises(ProtocolError, match=r"^Bag\.things: the type .* has no place"):
        codec.from_plain(Bag, {"things": {}})


@pytest.mark.parametrize("message", [Ask(3, Done()), CancelAsk(3), Shutdown()])  # type: ignore[arg-type]
def test_desk_lines_take_commands_only(message: Any) -> None:
    line = codec.to_line(DeskLine(message))
    if isinstance(message, Ask):
        with pytest.raises(
            ProtocolError, match=r"^DeskLine\.message\.command: type 'Done' is none"
        ):
            codec.from_text(DeskLine, line)
    else:
        assert codec.from_text(DeskLine, line) == DeskLine(message)


def test_numbers_keep_their_last_digit() -> None:
    metrics = TrainMetrics(1, 0.1 + 0.2, 1e-320, 1e300, 5e-324, 2**62, 0.0, -0.0, 0)
    assert same(codec.from_text(TrainMetrics, codec.to_line(metrics)), metrics)
