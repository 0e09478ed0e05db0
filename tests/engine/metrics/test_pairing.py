"""Two systems against each other: rows that both have, and the paired bootstrap."""

import math

import numpy as np
import pytest

from engine.contract.runs.scores import RESAMPLES, Absent, OutputRow
from engine.metrics import bootstrap
from engine.metrics.known import metric_named
from engine.metrics.pairing import PairedDifference, common_rows, compare
from tests.helpers.errors import refused
from tests.helpers.metrics import corpus_value

WORDS = [*"abcdefgh"]


def corpora(count: int, *, first: float, second: float) -> tuple[list[OutputRow], list[OutputRow]]:
    """Two systems that get each word wrong with these probabilities."""
    draw = np.random.default_rng(1)
    found: tuple[list[OutputRow], list[OutputRow]] = ([], [])
    for number in range(count):
        words = [str(word) for word in draw.choice(WORDS, size=12)]
        for rows, wrong in zip(found, (first, second), strict=True):
            said = [str(draw.choice(WORDS)) if draw.random() < wrong else w for w in words]
            rows.append(OutputRow(str(number), "", " ".join(said), (" ".join(words),)))
    return found


def only(found: tuple[PairedDifference | Absent, ...]) -> bootstrap.Paired:
    (one,) = found
    assert isinstance(one, PairedDifference)
    return one.result


def test_scores_and_difference_are_those_of_each_system() -> None:
    first, second = corpora(40, first=0.3, second=0.1)
    found = only(compare(first, second, ["bleu"], decoding=""))
    for value, rows in ((found.first, first), (found.second, second)):
        texts = [row.output for row in rows], [row.references for row in rows]
        assert value == corpus_value(metric_named("bleu"), *texts)
    assert found.difference == found.second - found.first
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < found.difference < found.high
    assert compare(first, second, ["bleu"], decoding="") == compare(
        first, second, ["bleu"], decoding=""
    )


def test_p_is_small_for_systems_that_differ_and_1_for_equal_ones() -> None:
    first, second = corpora(60, first=0.4, second=0.1)
    assert only(compare(first, second, ["chrf"], decoding="")).p == 1 / (RESAMPLES + 1)
    same = only(compare(first, first, ["chrf"], decoding=""))
    assert (same.difference, same.low, same.high, same.p) == (0, 0, 0, 1)


@pytest.mark.parametrize("mean", [0.0, 0.05, 0.1, 0.2])
def test_p_of_a_mean_is_near_that_of_the_normal_distribution(mean: float) -> None:
    draw = np.random.default_rng(2)
    first = np.column_stack((draw.random(200), np.ones(200)))
    gains = draw.normal(mean, 1, 200)
    second = first + np.column_stack((gains, np.zeros(200)))
    found = bootstrap.paired(metric_named("rouge1"), first, second, seed=0)
    expected = math.erfc(abs(gains.mean()) / (gains.std() / math.sqrt(200)) / math.sqrt(2))
    assert found.p == pytest.approx(expected, abs=4 * math.sqrt(0.25 / RESAMPLES))


def test_one_row_has_no_test() -> None:
    first, second = corpora(1, first=0.5, second=0.0)
    found = only(compare(first, second, ["rouge1"], decoding=""))
    assert (found.low, found.high, found.p) == (None, None, None)


def test_the_difference_of_errors_is_below_0_for_the_better_system() -> None:
    first, second = corpora(30, first=0.4, second=0.1)
    assert only(compare(first, second, ["ter"], decoding="")).difference < 0


def test_rows_are_found_by_their_id() -> None:
    first, second = corpora(5, first=0.3, second=0.1)
    own, other = common_rows(first, [*reversed(second[1:])])
    assert [row.example_id for row in own] == ["1", "2", "3", "4"]
    assert list(other) == second[1:]


def test_signature_and_absent_ones() -> None:
    first, second = corpora(3, first=0.3, second=0.1)
    difference, absent = compare(first, second, ["bleu", "slot_error"], decoding="greedy / beam5")
    assert isinstance(difference, PairedDifference)
    assert "|n:3|decoding:greedy / beam5|bs:1000|seed:0" in difference.signature
    assert isinstance(absent, Absent)


def other_references(rows: list[OutputRow]) -> list[OutputRow]:
    return [OutputRow(row.example_id, "", row.output, ("another",)) for row in rows]


def test_what_cannot_be_compared_is_refused() -> None:
    first, second = corpora(3, first=0.3, second=0.1)
    renamed = [OutputRow(f"x{row.example_id}", "", row.output, row.references) for row in second]
    with refused("no-common-examples", first=3, second=3):
        common_rows(first, renamed)
    with refused("references-differ", differing=2, rows=3):
        common_rows(first, [*other_references(second[:2]), second[2]])
    with refused("example-id-repeated", example_id="0"):
        common_rows([*first, first[0]], second)
    with refused("no-metric-named"):
        compare(first, second, [], decoding="")


def test_paired_of_statistics_by_hand() -> None:
    first, second = np.ones((4, 2)), np.ones((4, 2))
    second[:, 0] = [3.0, 3.0, 3.0, 3.0]
    found = bootstrap.paired(metric_named("rouge1"), first, second, seed=0)
    assert (found.first, found.second, found.difference) == (1, 3, 2)
    assert (found.low, found.high) == (2, 2)
