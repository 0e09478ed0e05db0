"""Blind sessions: sides, votes, agreement, files."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.pages.compare.blind.record import (
    BlindChoice,
    BlindRecord,
    Judged,
    begin,
    is_swapped,
    result,
    save,
    sign_test,
    take_back,
    unfinished,
    vote,
)
from engine.contract import codec

A, B = Judged("a", "prefix"), Judged("b", "twin")
IDS = [f"id{n}" for n in range(40)]


def test_sides_and_order_come_from_the_seed() -> None:
    record = begin(A, B, IDS, seed=5)
    assert record.examples != tuple(IDS)
    assert sorted(record.examples) == sorted(IDS)
    assert begin(A, B, IDS, seed=5).examples == record.examples
    sides = [is_swapped(record, ident) for ident in IDS]
    assert 5 < sum(sides) < 35
    assert sides == [is_swapped(record, ident) for ident in IDS]
    assert sides != [is_swapped(replace(record, seed=6), ident) for ident in IDS]


def test_a_vote_is_for_the_system_behind_the_side() -> None:
    record = begin(A, B, IDS, seed=1)
    while (current := record.current) is not None:
        record = vote(record, 1)
        expected = BlindChoice.SECOND if is_swapped(record, current) else BlindChoice.FIRST
        assert record.votes[-1].choice is expected
    assert len(record.votes) == 40
    assert vote(record, 1) is record, "there is nothing left to judge"


def test_ties_and_taking_back() -> None:
    record = vote(vote(begin(A, B, IDS, seed=1), 0), 2)
    assert record.votes[0].choice is BlindChoice.TIE
    back = take_back(record)
    assert back.current == record.votes[1].example_id
    assert take_back(take_back(take_back(back))).votes == ()


def voted(choices: str) -> BlindRecord:
    """A session with these verdicts: f first, s second, t tie."""
    record = begin(A, B, IDS[: len(choices)], seed=2)
    for letter in choices:
        assert record.current is not None
        swapped = is_swapped(record, record.current)
        output = {"t": 0, "f": 2 if swapped else 1, "s": 1 if swapped else 2}[letter]
        record = vote(record, output)
    return record


def test_result_counts_tests_and_agrees() -> None:
    record = voted("ffffffffsst")
    ids = record.examples
    differences = dict.fromkeys(ids, 0.0)
    differences[ids[0]] = 3.0  # first preferred, first scored higher: agrees
    differences[ids[1]] = -3.0  # first preferred, second scored higher: does not
    differences[ids[8]] = -1.0  # second preferred, second scored higher: agrees
    differences[ids[10]] = 5.0  # a tie says nothing about it
    found = result(record, differences)
    assert (found.first_wins, found.second_wins, found.ties) == (8, 2, 1)
    assert found.p == pytest.approx(2 * (1 + 10 + 45) / 1024)
    assert (found.agreeing, found.comparable) == (2, 3)


def test_sessions_are_found_again_until_they_end(tmp_path: Path) -> None:
    record = voted("fs")
    record = replace(record, examples=(*record.examples, "more"))
    path = save(record, tmp_path)
    assert path.name.startswith("blind-")
    assert codec.from_text(BlindRecord, path.read_text(encoding="utf-8")) == record
    assert unfinished(tmp_path, "b", "a") == record
    assert unfinished(tmp_path, "a", "c") is None
    assert save(replace(record, ended=True), tmp_path) == path
    assert unfinished(tmp_path, "a", "b") is None
    (tmp_path / "blind-99999999-damaged.json").write_text("{", encoding="utf-8")
    assert unfinished(tmp_path, "a", "b") is None


@pytest.mark.parametrize(
    ("wins", "losses", "p"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),  # 2 * 1/2
        (5, 0, 2 / 32),
        (0, 6, 2 / 64),
        (8, 2, 2 * (1 + 10 + 45) / 1024),
        (2, 8, 2 * (1 + 10 + 45) / 1024),
        (5, 5, 1.0),
        (9, 1, 2 * (1 + 10) / 1024),
        (15, 5, 2 * (1 + 20 + 190 + 1140 + 4845 + 15504) / 2**20),
    ],
)
def test_sign_test_is_the_binomial_by_hand(wins: int, losses: int, p: float) -> None:
    assert sign_test(wins, losses) == pytest.approx(p, rel=1e-12)


def test_sign_test_of_thousands_of_votes_is_finite() -> None:
    assert 0 < sign_test(2600, 2400) < 0.01
