"""Listing and the histogram's ranges."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pages.compare.comparison import Comparison, compare
from app.pages.compare.list.listing import (
    SIDE,
    Filter,
    Order,
    Sorting,
    buckets,
    histogram,
    length_bucket,
    listed,
)
from app.pages.compare.systems.rows import Rows
from app.pages.compare.systems.systems import ComparedSystem, Kind, SystemEntry
from engine.contract.projects.project import ExampleNote
from engine.contract.runs.scores import OutputRow


def comparison(differences: list[float], outputs: list[str] | None = None) -> Comparison:
    """Two systems whose BLEU differs by these numbers; the first has 50 everywhere."""
    outputs = outputs or ["some words"] * len(differences)
    systems = []
    for place in range(2):
        rows = tuple(
            OutputRow(
                f"id{n}", f"input {n}", text, ("ref",),
                tuple((f"k{k}", "v") for k in range(n % 3)),
                "even" if n % 2 == 0 else "odd",
                () if math.isnan(d) else (("bleu", 50.0 + place * d),),
            )
            for n, (d, text) in enumerate(zip(differences, outputs, strict=True))
        )  # fmt: skip
        systems.append(
            ComparedSystem(
                SystemEntry(f"s{place}", Kind.RUN, f"s{place}", Path("x"), True), Rows(rows)
            )
        )
    work = compare(systems)
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value


def test_a_number_that_is_no_score_is_none() -> None:
    """A stranger's file may hold any; the bars would have no width, or no end."""
    found = comparison([1.0, math.inf, -1e308, 2.0]).difference("bleu", 1)
    assert found[[0, 3]].tolist() == [1.0, 2.0]
    assert np.isnan(found[[1, 2]]).all()
    assert sum(histogram(found).counts) == 2


DIFFERENCES = [1.0, -8.0, 3.0, math.nan, 0.0, 7.0]
NOTES = {
    "id2": ExampleNote("id2", starred=True),
    "id4": ExampleNote("id4", note="look at the Price"),
}


def order(chosen: Filter | None = None, sorting: Sorting | None = None) -> list[int]:
    found = comparison(DIFFERENCES)
    return listed(
        found,
        found.difference("bleu", 1),
        NOTES,
        chosen=chosen or Filter(),
        sorting=sorting or Sorting(),
    )


def test_largest_difference_comes_first_and_unscored_last() -> None:
    assert order() == [1, 5, 2, 0, 4, 3]


@pytest.mark.parametrize(
    ("sorting", "expected"),
    [
        (Sorting(Order.DIFFERENCE, descending=True), [5, 2, 0, 4, 1, 3]),
        (Sorting(Order.DIFFERENCE, descending=False), [1, 4, 0, 2, 5, 3]),
        (Sorting(Order.LARGEST, descending=False), [4, 0, 2, 5, 1, 3]),
        (Sorting(Order.NUMBER, descending=False), [0, 1, 2, 3, 4, 5]),
        (Sorting(Order.INPUT, descending=True), [5, 4, 3, 2, 1, 0]),
        (Sorting(Order.MARKS, descending=True), [2, 4, 0, 1, 3, 5]),
        (Sorting(Order.SCORE, descending=True, system=1, metric="bleu"), [5, 2, 0, 4, 1, 3]),
        (Sorting(Order.SCORE, system=1, metric="unknown"), [0, 1, 2, 3, 4, 5]),
    ],
)
def test_orders(sorting: Sorting, expected: list[int]) -> None:
    assert order(sorting=sorting) == expected


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Filter(search="INPUT 4"), [4]),
        (Filter(search="price"), [4]),
        (Filter(search="nowhere"), []),
        (Filter(starred=True), [2]),
        (Filter(noted=True), [4]),
        (Filter(category="odd"), [1, 5, 3]),
        (Filter(fields=2), [5, 2]),
        (Filter(length=0), [1, 5, 2, 0, 4, 3]),
        (Filter(length=1), []),
        (Filter(low=0.0, high=5.0), [2, 0, 4]),
        (Filter(category="odd", low=-9.0, high=0.0), [1]),
    ],
)
def test_filters(chosen: Filter, expected: list[int]) -> None:
    assert order(chosen) == expected


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=40))
def test_bars_filter_exactly_what_they_count(values: list[float]) -> None:
    found = comparison(values)
    differences = found.difference("bleu", 1)
    bars = histogram(differences)
    assert sum(bars.counts) == len(values)
    for index, count in enumerate(bars.counts):
        low, high = bars.span(index, index)
        chosen = Filter(low=low, high=high)
        shown = listed(found, differences, {}, chosen=chosen, sorting=Sorting())
        assert len(shown) == count
    low, high = bars.span(0, 2 * SIDE)
    assert (low, high) == (-math.inf, math.inf)


def test_histogram_is_symmetric_and_leaves_out_unscored() -> None:
    bars = histogram(np.array(DIFFERENCES))
    assert bars.edges[0] == -8.0
    assert bars.edges[-1] == 8.0
    assert bars.counts[SIDE] == 1, "equal scores have a bar of their own"
    assert sum(bars.counts[:SIDE]) == 1
    assert sum(bars.counts[SIDE + 1 :]) == 3
    assert sum(histogram(np.array([math.nan])).counts) == 0


def test_buckets_count_what_there_is() -> None:
    found = buckets(comparison(DIFFERENCES, ["w " * n for n in (1, 10, 11, 20, 41, 99)]).examples)
    assert found[:3] == [
        ("All examples", Filter()),
        ("Starred", Filter(starred=True)),
        ("With note or tags", Filter(noted=True)),
    ]
    assert found[3:6] == [
        ("0 fields (2)", Filter(fields=0)),
        ("1 field (2)", Filter(fields=1)),
        ("2 fields (2)", Filter(fields=2)),
    ]
    assert [(text, chosen.length) for text, chosen in found[6:10]] == [
        ("0 to 10 words (2)", 0),
        ("11 to 20 words (2)", 1),
        ("41 to 80 words (1)", 3),
        ("over 80 words (1)", 4),
    ]
    assert [chosen.category for _, chosen in found[10:]] == ["even", "odd"]
    assert length_bucket(0) == 0
