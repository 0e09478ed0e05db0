"""Meaning representations, and writing tables as text."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.contract.specs.data import Linearisation, Preset
from engine.data.linearising import linearise
from engine.data.meaning import NotAMeaningError, is_meaning, parse_meaning

FIELDS = (("name", "Blue Spice"), ("eatType", "coffee shop"), ("area", "city centre"))


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("name[Blue Spice], eatType[coffee shop], area[city centre]", FIELDS),
        ("  name[Blue Spice] ,eatType[coffee shop],\narea[ city centre ] ", FIELDS),
        ("customer rating[5 out of 5]", (("customer rating", "5 out of 5"),)),
        ("name[A, B and C], food[]", (("name", "A, B and C"), ("food", ""))),
        ("name[The [old] Inn], x[y]", (("name", "The [old] Inn"), ("x", "y"))),
        ("name[The [old], Inn], x[y]", (("name", "The [old], Inn"), ("x", "y"))),
        ("name[odd ] one], x[y]", (("name", "odd ] one"), ("x", "y"))),
        ("name[odd [ one], x[y]", (("name", "odd [ one"), ("x", "y"))),
        ("a[1], a[2]", (("a", "1"), ("a", "2"))),
        ("a[1],", (("a", "1"),)),
        ("", ()),
        ("   ", ()),
    ],
)
def test_parsing(text: str, fields: tuple[tuple[str, str], ...]) -> None:
    assert parse_meaning(text) == fields


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a plain text", "at character 1, expected key[value], found 'a plain text'"),
        ("name[A], and more", "at character 10, expected key[value], found 'and more'"),
        ("[A]", "at character 1, expected key[value], found '[A]'"),
        ("one, two[A]", "at character 1, expected key[value], found 'one, two[A]'"),
        ("name[A", "the value of 'name', at character 5, is never closed by ]"),
        ("name[A] x", "the value of 'name', at character 5, is never closed by ]"),
        (",a[b]", "at character 1, expected key[value], found ',a[b]'"),
    ],
)
def test_what_is_no_meaning_says_where(text: str, message: str) -> None:
    with pytest.raises(NotAMeaningError, match=re.escape(message)):
        parse_meaning(text)
    assert not is_meaning(text)


def test_hostile_brackets_take_linear_time() -> None:
    fields = parse_meaning("a[[]," * 100_000)
    assert len(fields) == 100_000
    assert fields[0] == ("a", "[")


plain = st.text(st.characters(exclude_characters="[],", exclude_categories=["Cs"]), max_size=15)
keys = plain.map(str.strip).filter(bool)
one_line = plain.filter(lambda text: not re.search(r"[\r\n]", text)).map(str.strip)
values = st.recursive(
    one_line,
    lambda inner: st.builds("{} [{}], {}".format, one_line, inner, one_line).map(str.strip),
    max_leaves=3,
)


@given(st.lists(st.tuples(keys.filter(lambda key: len(key.splitlines()) == 1), values)))
def test_meanings_round_trip(fields: list[tuple[str, str]]) -> None:
    text = linearise(fields, (), Linearisation(Preset.BRACKETS, skip_empty=False))
    assert list(parse_meaning(text)) == fields


anything = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("[],\n "))


@given(anything, st.sampled_from(Preset), st.booleans())
@example("]]", Preset.PAPER, True)
def test_nothing_crashes(text: str, preset: Preset, flag: bool) -> None:
    try:
        fields = parse_meaning(text)
    except NotAMeaningError:
        fields = ((text, text),)
    written = linearise(fields, (text,), Linearisation(preset, flag, not flag))
    assert written.endswith(text)


@pytest.mark.parametrize(
    ("preset", "text"),
    [
        (Preset.PAPER, "name : Blue Spice | eatType : coffee shop | area : city centre"),
        (Preset.BRACKETS, "name[Blue Spice], eatType[coffee shop], area[city centre]"),
        (Preset.LINES, "name: Blue Spice\neatType: coffee shop\narea: city centre"),
        (Preset.VALUES, "Blue Spice, coffee shop, city centre"),
    ],
)
def test_presets(preset: Preset, text: str) -> None:
    assert linearise(FIELDS, (), Linearisation(preset)) == text


def test_empty_fields_and_keys() -> None:
    fields = (("Name", "A"), ("foodType", " "), ("near", "b\n c"))
    assert linearise(fields, (), Linearisation()) == "Name : A | near : b c"
    kept = Linearisation(skip_empty=False, lower_keys=True)
    assert linearise(fields, (), kept) == "name : A | foodtype :   | near : b c"


def test_sources_stand_as_they_are() -> None:
    source = " An article,\nwith [lines]. "
    assert linearise((), (source,), Linearisation()) == source
    both = linearise((("title", "News"),), (source, "more"), Linearisation())
    assert both == f"title : News\n{source}\nmore"
    assert linearise((), (), Linearisation()) == ""
