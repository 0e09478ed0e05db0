"""Which rows are trained on, validated on and tested on.

Held-out inputs are the first ones in the order of a hash of seed and example id. So the
choice depends on the seed and on what is in the dataset, never on the order of its rows, and
a larger share holds all inputs of a smaller one.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable

from engine.contract.errors import UserError
from engine.contract.specs.data import Split, SplitKind
from engine.data.few_rows import draw_per_label
from engine.data.scanning import Scan
from engine.data.sides import Side, side_named


def assign(rows: Scan, split: Split) -> bytearray:
    """The side of each row, after limits.

    RANDOM and CATEGORY put all rows of an input on one side; COLUMN does what the column says.

    Returns:
        A `Side` a row, in the rows' order; UNUSED where a row has no target or is beyond a
        limit.

    Raises:
        UserError: an unknown word in the split column (with its line), a category that does
            not occur, a column that is missing, or nothing left to train on.
    """
    if split.kind is SplitKind.COLUMN:
        sides = _by_column(rows, split)
    elif split.kind is SplitKind.CATEGORY:
        sides = _by_category(rows, split)
    else:
        sides = _by_chance(rows, split)
    _check_trainable(rows, sides)
    if split.per_label is not None and rows.labels:
        named = split.kind is SplitKind.COLUMN and _names(rows, Side.VALID)
        may_validate = split.valid_fraction > 0 and not named
        draw_per_label(
            rows, sides, split.per_label, order=_row_order(rows, split), may_validate=may_validate
        )
    else:
        _limit_inputs(rows, sides, split, Side.VALID, split.max_valid_inputs)
    _limit_inputs(rows, sides, split, Side.TEST, split.max_test_inputs)
    _limit_train_rows(rows, sides, split)
    return sides


def _by_chance(rows: Scan, split: Split) -> bytearray:
    sides = bytearray(len(rows))
    for index in rows.useful():
        sides[index] = Side.TRAIN
    _hold_out(rows, sides, split, _shares(split))
    return sides


def _by_column(rows: Scan, split: Split) -> bytearray:
    if rows.split_names.texts in ([""], []):
        raise UserError(
            "no-split-column",
            "No column says which rows are for training. Give one column the role split, "
            "or choose a random split.",
        )
    names = [side_named(text) for text in rows.split_names.texts]
    sides = bytearray(len(rows))
    for index in rows.useful():
        side = names[rows.splits[index]]
        if side is None:
            word = rows.split_names.texts[rows.splits[index]]
            raise UserError(
                "unknown-split",
                "The split column says {word!r} in line {line}. It must be train, valid (or "
                "dev, validation) or test.",
                word=word,
                line=rows.lines[index],
            )
        sides[index] = side
    unnamed = {side: share for side, share in _shares(split).items() if side not in sides}
    _hold_out(rows, sides, split, unnamed)
    return sides


def _by_category(rows: Scan, split: Split) -> bytearray:
    known = rows.category_names.texts
    if known in ([""], []):
        raise UserError(
            "no-category-column",
            "No column has categories. Give one column the role category, or choose a "
            "random split.",
        )
    if not split.unseen_categories:
        raise UserError(
            "no-unseen-category", "No category is held out. Choose at least one as unseen."
        )
    for name in split.unseen_categories:
        if name not in known:
            raise UserError(
                "unknown-category",
                "There is no category {category!r}. The categories are {known}.",
                category=name,
                known=", ".join(map(repr, known)),
            )
    unseen = {known.index(name) for name in split.unseen_categories}
    # An input that stands in a held-out category is held out with all its rows.
    held_out = {rows.ids[i] for i in rows.useful() if rows.categories[i] in unseen}
    sides = bytearray(len(rows))
    for index in rows.useful():
        sides[index] = Side.TEST if rows.ids[index] in held_out else Side.TRAIN
    _hold_out(rows, sides, split, _shares(split))  # of what is seen, to compare with
    return sides


def _shares(split: Split) -> dict[Side, float]:
    return {Side.TEST: split.test_fraction, Side.VALID: split.valid_fraction}


def _hold_out(rows: Scan, sides: bytearray, split: Split, shares: dict[Side, float]) -> None:
    """Move shares of the training inputs, with all their rows, to other sides."""
    inputs = _in_hash_order(_inputs_on(rows, sides, Side.TRAIN), split.seed)
    moved: dict[int, Side] = {}
    start = 0
    for side, share in shares.items():
        count = round(share * len(inputs))
        if share > 0 and len(inputs) > len(shares):
            count = max(1, count)  # a share of a few inputs still holds one out
        moved.update(dict.fromkeys(inputs[start : start + count], side))
        start += count
    for index, row_side in enumerate(sides):
        if row_side == Side.TRAIN:
            sides[index] = moved.get(rows.ids[index], Side.TRAIN)


def _inputs_on(rows: Scan, sides: bytearray, side: Side) -> set[int]:
    return {rows.ids[index] for index, row_side in enumerate(sides) if row_side == side}


def _in_hash_order(inputs: Iterable[int], seed: int) -> list[int]:
    return sorted(inputs, key=lambda example: _hash(seed, "input", example))


def _hash(seed: int, *parts: object) -> bytes:
    return hashlib.sha256(repr((seed, *parts)).encode("utf-8")).digest()


def _check_trainable(rows: Scan, sides: bytearray) -> None:
    if Side.TRAIN in sides:
        return
    useful = sum(1 for _ in rows.useful())
    if not useful and rows.findings:
        raise UserError(
            "no-useful-rows",
            "None of the {rows:,} rows can be trained on: {reasons} Check the columns, and what is "
            "to be predicted.",
            rows=len(rows),
            reasons=" ".join(finding.message for finding in rows.findings),
        )
    raise UserError(
        "nothing-to-train-on",
        "No rows are left to train on: {useful:,} of {rows:,} have an input and a target, "
        "{valid:,} are held out for validation and {test:,} for testing. Hold out fewer, or add "
        "rows.",
        useful=useful,
        rows=len(rows),
        valid=sides.count(Side.VALID),
        test=sides.count(Side.TEST),
    )


def _limit_inputs(
    rows: Scan, sides: bytearray, split: Split, side: Side, limit: int | None
) -> None:
    if limit is None:
        return
    chosen = set(_in_hash_order(_inputs_on(rows, sides, side), split.seed)[:limit])
    for index, row_side in enumerate(sides):
        if row_side == side and rows.ids[index] not in chosen:
            sides[index] = Side.UNUSED


def _limit_train_rows(rows: Scan, sides: bytearray, split: Split) -> None:
    """Keep the first rows in hash order: 50 rows are among the 100 of the same seed."""
    trained = [index for index, side in enumerate(sides) if side == Side.TRAIN]
    if split.max_train_rows is None or len(trained) <= split.max_train_rows:
        return
    chosen = set(heapq.nsmallest(split.max_train_rows, trained, key=_row_order(rows, split)))
    for index in trained:
        if index not in chosen:
            sides[index] = Side.UNUSED


def _row_order(rows: Scan, split: Split) -> Callable[[int], bytes]:
    """By which rows are chosen: another one for each sample."""
    seed = split.seed if split.sample_seed is None else split.sample_seed
    return lambda index: _hash(seed, "row", rows.ids[index], rows.targets[index])


def _names(rows: Scan, side: Side) -> bool:
    """Whether the split column names a side."""
    return side in map(side_named, rows.split_names.texts)
