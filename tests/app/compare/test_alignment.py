"""Which row is the same example as which, and what is said where systems differ."""

from pathlib import Path

import numpy as np
import pytest

from app.pages.compare.comparability import comparability_notes
from app.pages.compare.comparison import Comparison, compare
from app.pages.compare.systems.rows import Rows
from app.pages.compare.systems.systems import ComparedSystem, Kind, SystemEntry
from engine.contract.runs.alignment import Alignment, How, align
from engine.contract.runs.scores import OutputRow, OutputsMeta, Score


def row(ident: str, text: str = "", output: str = "o", *, bleu: float | None = None) -> OutputRow:
    scores = () if bleu is None else (("bleu", bleu),)
    return OutputRow(ident, text, output, ("r " + ident,), row_scores=scores)


def system(
    name: str,
    rows: list[OutputRow],
    *,
    kind: Kind = Kind.RUN,
    decoding: str = "greedy|max100",
    precision: str = "float32",
    signature: str = "bleu|nrefs:1|n:3|tok:13a|decoding:greedy,max100|bs:1000|seed:0",
) -> ComparedSystem:
    scores = (Score("bleu", 50.0, signature),)
    meta = OutputsMeta(name, name, "test", "f", decoding, scores, precision=precision)
    return ComparedSystem(SystemEntry(name, kind, name, Path(name), True), Rows(rows), meta)


def aligned(base: list[OutputRow], other: list[OutputRow]) -> Alignment:
    return align(Rows(base), Rows(other))


def finish(systems: list[ComparedSystem]) -> Comparison:
    work = compare(systems)
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value


def test_ids_decide_whatever_the_order() -> None:
    found = aligned([row("a1"), row("b2"), row("c3")], [row("c3"), row("a1")])
    assert found.how is How.ID
    assert found.places == (1, None, 0)
    assert found.common == 2


def test_inputs_decide_without_ids_and_spaces_do_not_count() -> None:
    base = [row("a1", "name : X | food : Y"), row("b2", "name : Z")]
    other = [row("1", "name : Z"), row("2", "name : X |\n food : Y")]
    found = aligned(base, other)
    assert found.how is How.INPUT
    assert found.places == (1, 0)


def test_ids_of_another_dataset_fall_back_to_inputs() -> None:
    found = aligned([row("a1", "same")], [row("zz", "same")])
    assert (found.how, found.places) == (How.INPUT, (0,))


def test_repeated_inputs_are_matched_once_each_in_order() -> None:
    base = [row("a1", "x"), row("b2", "x"), row("c3", "x")]
    found = aligned(base, [row("1", "x"), row("2", "x")])
    assert found.places == (0, 1, None)


def test_order_decides_only_for_equal_counts() -> None:
    base = [row("a1", "x"), row("b2", "y")]
    assert aligned(base, [row("1"), row("2")]).how is How.ORDER
    found = aligned(base, [row("1"), row("2"), row("3")])
    assert (found.how, found.common) == (How.NONE, 0)


def test_line_numbers_are_no_ids() -> None:
    """Two files without ids would otherwise seem to share theirs."""
    found = aligned([row("1", "x"), row("2", "y")], [row("1", "y"), row("2", "x")])
    assert (found.how, found.places) == (How.INPUT, (1, 0))


def test_like_for_like_needs_no_remark() -> None:
    rows = [row("a1"), row("b2")]
    found = finish([system("one", rows), system("two", rows)])
    assert comparability_notes(found) == ()
    assert len(found.examples) == 2


def test_differing_splits_are_compared_over_common_rows_and_said() -> None:
    one = system("one", [row("a1", bleu=10.0), row("b2", bleu=20.0), row("c3", bleu=30.0)])
    two = system("two", [row("c3", bleu=35.0), row("b2", bleu=21.0)])
    found = finish([one, two])
    assert [example.example_id for example in found.examples] == ["b2", "c3"]
    assert [example.number for example in found.examples] == [2, 3]
    assert found.difference("bleu", 1).tolist() == [1.0, 5.0]
    (remark,) = comparability_notes(found)
    assert remark.is_warning
    assert "rows: A 3, B 2" in remark.text
    assert "Only the 2 rows that all have are compared" in remark.text
    assert not found.covers_all(0)
    assert found.covers_all(1)


def test_differing_decoding_is_said_with_both_values() -> None:
    rows = [row("a1")]
    found = finish([system("one", rows), system("two", rows, decoding="beam5|max100")])
    (remark,) = comparability_notes(found)
    assert "A greedy, max100; B beam5, max100" in remark.text


def test_differing_precision_is_said_and_an_unknown_one_is_not() -> None:
    rows = [row("a1")]
    half, older = system("half", rows, precision="bfloat16"), system("older", rows, precision="")
    assert comparability_notes(finish([system("one", rows), older])) == ()
    (note,) = comparability_notes(finish([system("one", rows), half, older]))
    assert note.is_warning
    assert "A float32; B bfloat16; C unknown" in note.text


def test_other_references_are_counted() -> None:
    rows = [row("a1"), row("b2")]
    other = [row("a1"), OutputRow("b2", "", "o", ("something else",))]
    (remark,) = comparability_notes(finish([system("one", rows), system("two", other)]))
    assert "1 of 2 in B (two)" in remark.text


def test_scores_taken_otherwise_are_named_by_what_differs() -> None:
    rows = [row("a1", bleu=5.0)]
    other = "bleu|nrefs:1|n:3|tok:intl|decoding:greedy,max100|bs:1000|seed:0"
    (remark,) = comparability_notes(
        finish([system("one", rows), system("two", rows, signature=other)])
    )
    assert remark.text == "BLEU was not computed alike: tok differ."


def test_nothing_in_common_is_said_with_counts() -> None:
    one = system("one", [row("a1", "x"), row("b2", "y")])
    two = system("two", [row("q9", "z")], kind=Kind.FILE)
    found = finish([one, two])
    assert found.examples == ()
    assert "has 1 rows instead of 2" in comparability_notes(found)[0].text


@pytest.mark.parametrize(
    ("text", "words"), [("", "matched by their order"), ("x", "matched by their input text")]
)
def test_weaker_alignment_is_said(text: str, words: str) -> None:
    one = system("one", [row("a1", "x")])
    two = system("two", [row("1", text)], kind=Kind.FILE)
    texts = [remark.text for remark in comparability_notes(finish([one, two]))]
    assert any(words in text for text in texts)


def test_a_run_gives_inputs_even_if_a_file_is_the_reference_system() -> None:
    outside = system("outside", [row("1", "x")], kind=Kind.FILE)
    run = system("run", [row("a1", "x")])
    found = finish([outside, run])
    assert found.base == 1
    assert found.examples[0].example_id == "a1"


def test_missing_row_scores_are_nan_not_zero() -> None:
    found = finish([system("one", [row("a1", bleu=3.0)]), system("two", [row("a1")])])
    assert np.isnan(found.difference("bleu", 1)).tolist() == [True]
    assert np.isnan(found.difference("unknown", 1)).tolist() == [True]
