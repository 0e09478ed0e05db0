"""The batches of an epoch: grouped by length, repeatable."""

from __future__ import annotations

import math
from collections.abc import Sequence, Sized
from typing import Generic, TypeVar

import numpy as np

Row = TypeVar("Row", bound=Sized)


class Epochs(Generic[Row]):
    """The batches of every epoch, a function of the seed and the epoch alone.

    So a resumed run needs no saved loader state: the step says which batch comes next.
    """

    def __init__(
        self, rows: Sequence[Row], batch_size: int, *, accumulation_steps: int, seed: int
    ) -> None:
        self._rows = rows
        self._lengths = np.array([len(row) for row in rows])
        self._batch_size = batch_size
        self._accumulation = accumulation_steps
        self._seed = seed
        self.steps_per_epoch = math.ceil(math.ceil(len(rows) / batch_size) / accumulation_steps)
        self._epoch = -1
        self._batches: list[list[int]] = []

    def step_batches(self, step: int) -> list[list[Row]]:
        """The batches that optimiser step `step` (from 0) accumulates."""
        epoch, within = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, self._order(epoch)
        first = within * self._accumulation
        chosen = self._batches[first : first + self._accumulation]
        return [[self._rows[index] for index in batch] for batch in chosen]

    def _order(self, epoch: int) -> list[list[int]]:
        """Shuffle, sort by length within groups of 16 batches, shuffle the batches.

        Rows of similar length share a batch, so that little of it is padding, and batches
        still differ from epoch to epoch.
        """
        random = np.random.default_rng([self._seed, epoch])
        order = random.permutation(len(self._rows))
        group = 16 * self._batch_size
        batches: list[list[int]] = []
        for start in range(0, len(order), group):
            part = order[start : start + group]
            part = part[np.argsort(self._lengths[part], kind="stable")]
            batches += [
                part[at : at + self._batch_size].tolist()
                for at in range(0, len(part), self._batch_size)
            ]
        return [batches[index] for index in random.permutation(len(batches))]
