"""Splits: nothing leaks, everything repeats, and impossible wishes are refused."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.specs.data import Column, Mapping, Role, Split, SplitKind
from engine.data.scanning import Scan, scan
from engine.data.sides import Side
from engine.data.splitting import assign
from engine.reporter import Silent
from tests.helpers.errors import refused

MakeStore = Callable[..., DatasetStore]
EVERYTHING = {"max_valid_inputs": None, "max_test_inputs": None}


def rows_of(pairs: list[tuple[int, int]]) -> Scan:
    """Rows given as (input, target) numbers; target 0 is none."""
    rows = Scan()
    for line, (example, target) in enumerate(pairs, start=2):
        rows.ids.append(example)
        rows.targets.append(target)
        rows.lines.append(line)
        rows.splits.append(rows.split_names.number(""))
        rows.categories.append(rows.category_names.number(""))
    return rows


def names(rows: Scan, texts: list[str], kind: SplitKind) -> Scan:
    for index, text in enumerate(texts):
        if kind is SplitKind.COLUMN:
            rows.splits[index] = rows.split_names.number(text)
        else:
            rows.categories[index] = rows.category_names.number(text)
    return rows


def inputs(rows: Scan, sides: bytearray, side: Side) -> set[int]:
    return {rows.ids[index] for index, found in enumerate(sides) if found == side}


pair_lists = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 5)), min_size=3, max_size=120)
fractions = st.floats(0.0, 0.45)


@settings(deadline=None)
@given(pair_lists, fractions, fractions, st.integers(0, 3))
def test_random_splits_never_leak(
    pairs: list[tuple[int, int]], valid: float, test: float, seed: int
) -> None:
    rows = rows_of(pairs)
    useful = {example for example, target in pairs if target}
    split = Split(valid_fraction=valid, test_fraction=test, seed=seed, **EVERYTHING)
    try:
        sides = assign(rows, split)
    except UserError:
        wanted = round(valid * len(useful)) + round(test * len(useful))
        assert len(useful) <= wanted
        return
    on = [inputs(rows, sides, side) for side in (Side.TRAIN, Side.VALID, Side.TEST)]
    assert sum(map(len, on)) == len(on[0] | on[1] | on[2]) == len(useful)
    for index, (_, target) in enumerate(pairs):
        assert (sides[index] == Side.UNUSED) == (target == 0)
    for share, held in ((valid, on[1]), (test, on[2])):
        least = 1 if share > 0 and len(useful) > 2 else 0
        assert len(held) == max(least, round(share * len(useful)))


@settings(deadline=None)
@given(pair_lists.filter(lambda pairs: len({e for e, t in pairs if t}) > 3), st.randoms())
def test_the_order_of_rows_does_not_matter(
    pairs: list[tuple[int, int]], rng: random.Random
) -> None:
    split = Split(seed=5, max_train_rows=7, max_valid_inputs=2, max_test_inputs=1)

    def outcome(pairs: list[tuple[int, int]]) -> Counter[tuple[int, tuple[int, int]]]:
        return Counter(zip(assign(rows_of(pairs), split), pairs, strict=True))

    shuffled = pairs[:]
    rng.shuffle(shuffled)
    assert outcome(pairs) == outcome(shuffled)


def test_seeds_differ_and_repeat() -> None:
    rows = rows_of([(number // 2, number + 1) for number in range(400)])
    first, again, other = (
        assign(rows, Split(seed=seed, **EVERYTHING))  # type: ignore[arg-type]
        for seed in (0, 0, 1)
    )
    assert first == again != other
    assert Counter(first) == Counter(other) == {1: 320, 2: 40, 3: 40}


def test_a_small_share_holds_out_an_input_of_a_few() -> None:
    rows = rows_of([(1, 1), (1, 2), (2, 3), (3, 4)])
    sides = assign(rows, Split(valid_fraction=0.01, test_fraction=0.01))
    assert [len(inputs(rows, sides, side)) for side in (1, 2, 3)] == [1, 1, 1]
    none = assign(rows, Split(valid_fraction=0.0, test_fraction=0.0))
    assert list(none) == [Side.TRAIN] * 4
    one = assign(rows_of([(1, 1), (1, 2)]), Split())
    assert list(one) == [Side.TRAIN] * 2


def test_limits_are_nested() -> None:
    rows = rows_of([(number // 3, number + 1) for number in range(900)])

    def chosen(rows_limit: int, inputs_limit: int) -> tuple[set[int], set[int], set[int]]:
        split = Split(
            valid_fraction=0.3,
            test_fraction=0.2,
            max_train_rows=rows_limit,
            max_valid_inputs=inputs_limit,
            max_test_inputs=inputs_limit,
        )
        sides = assign(rows, split)
        trained = {index for index, side in enumerate(sides) if side == Side.TRAIN}
        return trained, inputs(rows, sides, Side.VALID), inputs(rows, sides, Side.TEST)

    small, large = chosen(50, 10), chosen(100, 20)
    assert [len(one) for one in small] == [50, 10, 10]
    assert [len(one) for one in large] == [100, 20, 20]
    assert all(one < other for one, other in zip(small, large, strict=True))
    # Each input that is held out comes with all its rows.
    split = Split(test_fraction=0.2, max_test_inputs=10)
    assert assign(rows, split).count(Side.TEST) == 30


@pytest.mark.parametrize("seed", [0, 1])
def test_low_data_sizes_are_nested_for_a_seed(seed: int) -> None:
    """The sizes of Li & Liang's low-data experiments (figure 3 of the paper)."""
    rows = rows_of([(number // 3, number + 1) for number in range(2400)])

    def trained(size: int, seed: int) -> set[int]:
        sides = assign(rows, Split(seed=seed, max_train_rows=size))
        return {index for index, side in enumerate(sides) if side == Side.TRAIN}

    sizes = (50, 100, 200, 500)
    found = [trained(size, seed) for size in sizes]
    assert [len(one) for one in found] == list(sizes)
    assert found[0] < found[1] < found[2] < found[3]
    assert found == [trained(size, seed) for size in sizes]
    assert found[0] != trained(50, seed + 1)


def test_the_split_column_decides() -> None:
    words = ["train", " Training ", "DEV", "validation", "Val", "valid", "development", "test"]
    rows = rows_of([(number, number + 1) for number in range(len(words) + 1)])
    names(rows, [*words, "TESTING"], SplitKind.COLUMN)
    sides = assign(rows, Split(kind=SplitKind.COLUMN))
    assert list(sides) == [1, 1, 2, 2, 2, 2, 2, 3, 3]


def test_sides_that_the_column_does_not_name_come_from_training() -> None:
    rows = rows_of([(number // 2, number + 1) for number in range(100)])
    names(rows, ["train"] * 80 + ["test"] * 20, SplitKind.COLUMN)
    sides = assign(rows, Split(kind=SplitKind.COLUMN, **EVERYTHING))  # type: ignore[arg-type]
    assert Counter(sides) == {1: 72, 2: 8, 3: 20}
    assert not inputs(rows, sides, Side.TRAIN) & inputs(rows, sides, Side.VALID)


def test_categories_are_held_out_with_all_rows_of_their_inputs() -> None:
    rows = rows_of([(number // 2, number + 1) for number in range(60)])
    texts = ["seen", "other", "artist"] * 20  # inputs straddle categories
    names(rows, texts, SplitKind.CATEGORY)
    split = Split(kind=SplitKind.CATEGORY, unseen_categories=("artist",), **EVERYTHING)  # type: ignore[arg-type]
    sides = assign(rows, split)
    unseen = {number // 2 for number, text in enumerate(texts) if text == "artist"}
    tested, valid = inputs(rows, sides, Side.TEST), inputs(rows, sides, Side.VALID)
    assert unseen < tested
    assert len(tested - unseen) == len(valid) == 1  # a tenth of the ten inputs that are left
    assert not inputs(rows, sides, Side.TRAIN) & (tested | valid)
    assert valid.isdisjoint(tested)
    alone = assign(rows, replace(split, test_fraction=0.0))
    assert inputs(rows, alone, Side.TEST) == unseen


@pytest.mark.parametrize(
    ("texts", "split", "code", "values"),
    [
        (
            ["train", "trian", "test"],
            Split(kind=SplitKind.COLUMN),
            "unknown-split",
            {"word": "trian", "line": 3},
        ),
        (["train", "", "test"], Split(kind=SplitKind.COLUMN), "unknown-split", {"word": ""}),
        (["", "", ""], Split(kind=SplitKind.COLUMN), "no-split-column", {}),
        (
            ["test"] * 3,
            Split(kind=SplitKind.COLUMN),
            "nothing-to-train-on",
            {"useful": 3, "valid": 0, "test": 3},
        ),
        (["", "", ""], Split(kind=SplitKind.CATEGORY), "no-category-column", {}),
        (["a", "b", "b"], Split(kind=SplitKind.CATEGORY), "no-unseen-category", {}),
        (
            ["a", "b", "b"],
            Split(kind=SplitKind.CATEGORY, unseen_categories=("c",)),
            "unknown-category",
            {"category": "c", "known": "'a', 'b'"},
        ),
        (
            ["a", "b", "b"],
            Split(kind=SplitKind.CATEGORY, unseen_categories=("a", "b")),
            "nothing-to-train-on",
            {"rows": 3, "test": 3},
        ),
    ],
)
def test_impossible_splits(
    texts: list[str], split: Split, code: str, values: dict[str, object]
) -> None:
    # The numbers of Names start anew, so that "" is not among the texts unless it is given.
    rows = rows_of([(1, 1), (2, 2), (3, 3)])
    rows.split_names, rows.category_names = type(rows.split_names)(), type(rows.category_names)()
    names(rows, texts, split.kind)
    with refused(code, **values):
        assign(rows, split)


def test_no_usable_row_is_refused() -> None:
    with refused("nothing-to-train-on", rows=2, useful=0):
        assign(rows_of([(1, 0), (2, 0)]), Split())
    with refused("nothing-to-train-on", rows=0):
        assign(rows_of([]), Split())


def test_scanning_reads_columns_by_role(make_store: MakeStore) -> None:
    store = make_store(
        "name,beds,text,part,kind\n"
        "Larch,5,One.,train,hut\nLarch,5,Two.,train,hut\nLarch,6,One.,test,inn\n"
        "Raven,,,train,hut\n,,Nothing.,train,hut\n"
    )
    roles = (Role.FIELD, Role.FIELD, Role.TARGET, Role.SPLIT, Role.CATEGORY)
    columns = [Column(*pair) for pair in zip(store.meta.columns, roles, strict=True)]
    rows = scan(store, Mapping(tuple(columns)), Silent())
    assert rows.ids[0] == rows.ids[1] != rows.ids[2]
    assert rows.targets[0] == rows.targets[2] != rows.targets[1]
    assert list(rows.lines) == [2, 3, 4, 5, 6]
    assert list(rows.useful()) == [0, 1, 2]
    assert rows.split_names.texts == ["train", "test"]
    assert rows.category_names.texts == ["hut", "inn"]
    assert [(one.count, one.lines) for one in rows.findings] == [(1, (5,)), (1, (6,))]
    # The order of the columns does not change who is who.
    swapped = scan(store, Mapping(tuple(reversed(columns))), Silent())
    assert swapped.ids == rows.ids
