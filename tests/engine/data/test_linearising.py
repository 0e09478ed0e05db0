"""Triples in a cell, and the ways in which fields and triples become one text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract.specs.data import Linearisation, Preset, default_linearisation
from engine.data.linearising import linearise, shown_field
from engine.data.triples import NotTriplesError, Triple, parse_triple, parse_triples, triples_cell

FACTS = (
    Triple("Aarhus_Airport", "cityServed", '"Aarhus, Denmark"'),
    Triple("Aarhus_Airport", "runwayLength", "2777.0"),
)
FIELDS = (("name", "Blue Spice"), ("Type", "coffee shop"), ("near", ""))


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        # The first three as Li & Liang's run_language_modeling.py writes E2E, WebNLG and DART.
        (Preset.PAPER, "name : Blue Spice | Type : coffee shop"),
        (Preset.WEBNLG, " | name : Blue Spice | Type : coffee shop"),
        (Preset.DART, "name : Blue Spice | Type : coffee shop"),
        (Preset.BRACKETS, "name[Blue Spice], Type[coffee shop]"),
        (Preset.LINES, "name: Blue Spice\nType: coffee shop"),
        (Preset.VALUES, "Blue Spice, coffee shop"),
        (Preset.TEXT, "Blue Spice\ncoffee shop"),
    ],
)
def test_fields(preset: Preset, expected: str) -> None:
    assert linearise(FIELDS, (), Linearisation(preset)) == expected


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        (
            Preset.WEBNLG,
            ' | Aarhus_Airport : cityServed : "Aarhus, Denmark"'
            " | Aarhus_Airport : runwayLength : 2777.0",
        ),
        (
            Preset.DART,
            'Aarhus_Airport : cityserved : "Aarhus, Denmark"'
            " | Aarhus_Airport : runwaylength : 2777.0",
        ),
        (
            Preset.PAPER,
            'Aarhus_Airport : cityServed : "Aarhus, Denmark"'
            " | Aarhus_Airport : runwayLength : 2777.0",
        ),
    ],
)
def test_triples(preset: Preset, expected: str) -> None:
    assert linearise(FACTS, (), Linearisation(preset)) == expected


def test_lower_keys_and_sources() -> None:
    form = Linearisation(lower_keys=True, skip_empty=False)
    assert linearise((FIELDS[1], FIELDS[2], FACTS[0]), ("An article.",), form) == (
        'type : coffee shop | near :  | Aarhus_Airport : cityserved : "Aarhus, Denmark"\n'
        "An article."
    )
    assert linearise((), ("Title", "An article."), Linearisation()) == "Title\nAn article."


def test_triples_as_a_table_for_people() -> None:
    assert [shown_field(fact) for fact in FACTS] == [
        ("Aarhus Airport : cityServed", "Aarhus, Denmark"),
        ("Aarhus Airport : runwayLength", "2777.0"),
    ]
    assert shown_field(Triple("a", "b_c", '"')) == ("a : b_c", '"')
    assert shown_field(("first_name", '"A"')) == ("first_name", '"A"')


def test_what_suits_a_format() -> None:
    found = [default_linearisation(name).preset for name in ("webnlg", "dart", "csv", "jsonl")]
    assert found == [Preset.WEBNLG, Preset.DART, Preset.PAPER, Preset.PAPER]


parts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
sets = st.lists(st.builds(Triple, parts.filter(str.strip), parts.filter(str.strip), parts))


@given(sets)
def test_triples_come_back_from_their_cell(triples: list[Triple]) -> None:
    assert parse_triples(triples_cell(triples)) == tuple(triples)


@given(parts)
def test_no_text_breaks_it(text: str) -> None:
    for cell in (text, f"[[{text}", f'[["{text}'):
        try:
            parse_triples(cell)
        except NotTriplesError:
            continue


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("a | b", "triple 1 is not of the form subject | relation | object: 'a | b'"),
        ("a | b | c\n\n| b | c", "triple 2 is not of the form"),
        ('[["a", "b"]]', "triple 1 is no list of three texts"),
        ('[["a", "b", null]]', "triple 1 holds something that is not text"),
        ('[["a", "b"', "the list of triples does not parse"),
    ],
)
def test_what_is_no_triple(cell: str, message: str) -> None:
    with pytest.raises(NotTriplesError) as caught:
        parse_triples(cell)
    assert message in str(caught.value)
    assert parse_triple("a|b|c | d") == Triple("a", "b", "c | d")
