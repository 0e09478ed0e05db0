"""Batches: what is padded, what carries loss, and which rows come when."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.tasks.generation.batches import IGNORED, TokenRow, collate, token_row
from engine.training.epochs import Epochs


def test_rows_end_at_the_last_column_and_only_targets_carry_loss() -> None:
    rows = [token_row([10, 11, 12], [20, 1]), token_row([13], [21, 22, 23, 1])]
    batch = collate(rows, pad_id=0, device=torch.device("cpu"))
    # The last target token is predicted, never read.
    assert batch.input_ids.tolist() == [[10, 11, 12, 20], [13, 21, 22, 23]]
    assert batch.attention_mask.tolist() == [[1, 1, 1, 1], [1, 1, 1, 1]]
    assert batch.labels.tolist() == [[IGNORED, IGNORED, 20, 1], [21, 22, 23, 1]]
    assert (batch.rows, batch.targets, batch.tokens) == (2, 6, 10)

    padded = collate([*rows, token_row([9], [1])], pad_id=0, device=torch.device("cpu"))
    assert padded.input_ids[2].tolist() == [0, 0, 0, 9]
    assert padded.attention_mask[2].tolist() == [0, 0, 0, 1]
    assert padded.labels[2].tolist() == [IGNORED, IGNORED, IGNORED, 1]


def numbered(lengths: list[int]) -> list[TokenRow]:
    """Rows of these lengths; the first target token is the row's number."""
    return [token_row([5] * length, [number, 1]) for number, length in enumerate(lengths)]


def numbers(epochs: Epochs, steps: range) -> list[int]:
    """The numbers of all rows of these steps, in order."""
    batches = [batch for step in steps for batch in epochs.step_batches(step)]
    return [row.target[0] for batch in batches for row in batch]


@settings(max_examples=50, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=60),
    batch_size=st.integers(1, 9),
    accumulation=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_an_epoch_takes_every_row_once(
    lengths: list[int], batch_size: int, accumulation: int, seed: int
) -> None:
    epochs = Epochs(numbered(lengths), batch_size, accumulation_steps=accumulation, seed=seed)
    each = epochs.steps_per_epoch
    for epoch in range(2):
        steps = range(epoch * each, (epoch + 1) * each)
        assert sorted(numbers(epochs, steps)) == list(range(len(lengths)))
        for step in steps:
            batches = epochs.step_batches(step)
            assert 1 <= len(batches) <= accumulation
            assert all(1 <= len(batch) <= batch_size for batch in batches)


def test_the_step_alone_says_which_rows_come() -> None:
    """So a resumed run needs no state of a loader."""
    rows = numbered(list(range(1, 41)))
    one = Epochs(rows, 3, accumulation_steps=2, seed=7)
    whole = [one.step_batches(step) for step in range(30)]
    other = Epochs(rows, 3, accumulation_steps=2, seed=7)
    for step in (17, 3, 29, 3):
        assert other.step_batches(step) == whole[step]
    each = one.steps_per_epoch
    first, second = numbers(one, range(each)), numbers(one, range(each, 2 * each))
    assert first != second
    assert numbers(Epochs(rows, 3, accumulation_steps=2, seed=8), range(each)) != first


@pytest.mark.parametrize(("together", "most"), [(1, 1), (2, 2), (None, 6)])
def test_texts_of_an_input_come_together(together: int | None, most: int) -> None:
    rows = [
        token_row([source] * 4, [source * 6 + text]) for source in range(9) for text in range(6)
    ]
    epochs = Epochs(
        rows, 6, accumulation_steps=1, seed=1, together=together, source_of=lambda r: r.source[0]
    )
    each = epochs.steps_per_epoch
    assert sorted(numbers(epochs, range(each))) == list(range(len(rows)))
    assert numbers(epochs, range(each)) != numbers(epochs, range(each, 2 * each))
    order = [rows[number].source[0] for number in numbers(epochs, range(each))]
    runs = [len(list(group)) for _, group in itertools.groupby(order)]
    assert max(runs) == 6 if together is None else sum(runs) / len(runs) < most + 0.5
    if together is None:
        assert set(runs) == {6}


def test_rows_of_a_batch_are_of_like_length() -> None:
    lengths = [length for length in range(1, 65) for _ in range(2)]
    epochs = Epochs(numbered(lengths), 8, accumulation_steps=1, seed=0)
    for step in range(epochs.steps_per_epoch):
        (batch,) = epochs.step_batches(step)
        found = [len(row.source) for row in batch]
        assert max(found) - min(found) <= 6, found
