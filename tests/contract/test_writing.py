"""Texts that are written already, changes in their place, and columns matched by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.contract.specs.data import Column, Linearisation, Role
from engine.contract.specs.training import DecodingSpec
from engine.contract.writing.changes import Change, Changes
from engine.contract.writing.matching import (
    Match,
    extra_columns,
    match_columns,
    missing_fields,
    rematch,
)
from engine.contract.writing.progress import ProgressWriter, WrittenRow, WrittenRows, read_work
from engine.contract.writing.work import ChosenRows, Work
from tests.helpers.errors import refused


def fields(*names: str) -> list[Column]:
    return [Column(name, Role.FIELD) for name in names]


WORK = Work(
    table="t",
    system="s",
    matches=(Match("name", Role.FIELD, "Name"),),
    linearisation=Linearisation(),
    prompt="newline",
    max_source_tokens=512,
    decoding=DecodingSpec(),
)
ROWS = (
    WrittenRow(3, "Zizzi serves\nfish – “good”.", 2, ("5 of 5",), ("Paris",)),
    WrittenRow(1, "", 0),
    WrittenRow(2, "Aromi.", 1),
)


@pytest.fixture
def progress(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv.progress.jsonl"
    writer = ProgressWriter(path, WORK)
    for row in ROWS:
        writer.append(row)
    writer.close()
    return path


def read(path: Path, count: int = 5) -> WrittenRows:
    rows = WrittenRows(path, count)
    rows.read_all()
    return rows


def test_names_that_read_the_same_match() -> None:
    columns = ("EAT TYPE", "name", "Name ", "price-range", "near")
    matches = match_columns(fields("name", "eat_type", "priceRange", "Name", "area"), columns)
    chosen = {match.field: match.column for match in matches}
    assert chosen == {
        "name": "name",
        "eat_type": "EAT TYPE",
        "priceRange": "price-range",
        "Name": "Name ",
        "area": "",
    }
    assert missing_fields(matches) == ("area",)
    assert extra_columns(matches, columns) == ("near",)


def test_an_exact_name_is_preferred() -> None:
    matches = match_columns(fields("eatType", "eat_type"), ("eat_type", "eatType"))
    assert [match.column for match in matches] == ["eatType", "eat_type"]


def test_a_column_chosen_by_hand_is_taken_from_its_field() -> None:
    matches = match_columns(fields("name", "food"), ("name", "food", "dish"))
    changed = rematch(matches, [("food", "name")], ("name", "food", "dish"))
    assert [match.column for match in changed] == ["", "name"]
    with refused("no-field-matched"):
        rematch(matches, [("food", ""), ("name", "")], ("name", "food"))


def test_rows_are_read_as_they_were_written(progress: Path) -> None:
    rows = read(progress)
    assert [rows.row(row.row) for row in ROWS] == list(ROWS)
    assert (rows.count, rows.row(4), rows.row(99)) == (3, None, None)
    assert list(rows.doubts) == [1, 0, 2, 0, 0]
    assert read_work(progress) == WORK


def test_a_torn_line_is_cut_off_and_its_row_written_again(progress: Path) -> None:
    whole = progress.read_bytes()
    for size in range(len(whole)):
        progress.write_bytes(whole[:size])
        assert read(progress).count <= 3
        writer = ProgressWriter(progress, WORK)
        before = read(progress)
        for row in ROWS:
            if row.row not in before:
                writer.append(row)
        writer.close()
        assert progress.read_bytes() == whole, size


def test_rows_come_as_they_are_appended(progress: Path) -> None:
    rows = WrittenRows(progress, 5)
    assert rows.read_new(2) == [3]  # the first line is the work
    assert rows.read_new() == [1, 2]
    writer = ProgressWriter(progress, WORK)
    writer.append(WrittenRow(2, "Another."))
    writer.close()
    assert rows.read_new() == [2]
    row = rows.row(2)
    assert row is not None
    assert (row.text, rows.count) == ("Another.", 3)


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"table": "u"}, "another table"),
        ({"system": "x"}, "another prefix or backbone"),
        ({"matches": ()}, "other columns"),
        ({"decoding": DecodingSpec(num_beams=2)}, "other decoding settings"),
        ({"prompt": "bos"}, "another prompt form"),
    ],
)
def test_other_work_is_refused(progress: Path, change: dict[str, object], difference: str) -> None:
    from dataclasses import replace

    before = progress.read_bytes()
    with refused("progress-of-other-work", difference=difference):
        ProgressWriter(progress, replace(WORK, **change))  # type: ignore[arg-type]
    assert progress.read_bytes() == before


def test_another_batch_size_is_the_same_work(progress: Path) -> None:
    from dataclasses import replace

    ProgressWriter(progress, replace(WORK, decoding=DecodingSpec(batch_size=3))).close()


def test_changes_are_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "changes.jsonl"
    changes = Changes(path, 5)
    by_hand, again = Change(WrittenRow(1, "by hand")), Change(WrittenRow(2, "again"), seed=7)
    changes.set({1: by_hand, 2: again})
    changes.set({1: None})
    assert (by_hand.is_by_hand, again.is_by_hand) == (True, False)
    read_again = Changes(path, 5)
    assert (read_again.rows(), read_again.get(1), read_again.get(2)) == ((2,), None, again)


def test_chosen_rows_are_counted() -> None:
    assert [ChosenRows().count(9), ChosenRows(limit=4).count(9), ChosenRows(limit=12).count(9)] == [
        9,
        4,
        9,
    ]
    assert ChosenRows(rows=(2, 5)).count(9) == 2
