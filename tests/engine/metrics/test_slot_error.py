"""Slot errors: what of the input is not said."""

import pytest

from engine.contract.runs.scores import Absent, OutputRow, Score
from engine.metrics.metric import Unavailable
from engine.metrics.scoring import score_rows, score_whole
from engine.metrics.slot_error import SlotError
from tests.helpers.errors import refused


def row(output: str, source: str = "", *fields: tuple[str, str]) -> OutputRow:
    return OutputRow(output, source, output, (), fields)


@pytest.mark.parametrize(
    "one",
    [
        row("", "", ("name", "Blue Spice"), ("area", "riverside"), ("kids", "no")),
        row("", "name[Blue Spice], area[riverside], familyFriendly[yes]"),
        row("", "name : Blue Spice | area : riverside | kids : no"),
    ],
)
def test_values_of_tables_in_every_form(one: OutputRow) -> None:
    assert SlotError().expected(one) == ("Blue Spice", "riverside")


def test_texts_have_no_values() -> None:
    assert (
        SlotError().expected(row("", "A paper about prefixes: they are short | and cheap.")) == ()
    )
    assert SlotError().expected(row("", "")) == ()


def test_share_of_values_that_are_not_said() -> None:
    rows = [
        row("The BLUE SPICE is by the river.", "name : Blue Spice | area : riverside"),
        row("It costs 1,000.", "", ("price", "1000")),
        row("Nothing.", "just a text"),
        row("", "name[Aromi]"),
    ]
    (score,), scored = score_rows(rows, ["slot_error"], decoding="greedy")
    assert score.value == pytest.approx(100 * 2 / 4)
    assert [dict(one.row_scores).get("slot_error") for one in scored] == [50, 0, None, 100]
    assert score.signature == (
        "slot_error|case:lc|match:literal|norm:accents,punct,numbers,signs|values:1-2|n:3/4|"
        "decoding:greedy|bs:1000|seed:0"
    )


def test_texts_are_not_scored() -> None:
    rows = [OutputRow("1", "a text", "a lake", ("a lake",))]
    with refused("no-slot-values", Unavailable, rows=1):
        score_rows(rows, ["slot_error"], decoding="")
    found = score_whole(rows, ["slot_error", "chrf"], decoding="")[0]
    assert [type(one) for one in found] == [Absent, Score]
