"""The batches of an epoch: grouped by length, repeatable."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable, Sequence, Sized
from typing import Generic, TypeVar

import numpy as np

Row = TypeVar("Row", bound=Sized)


class Epochs(Generic[Row]):
    """The batches of every epoch, a function of the seed and the epoch alone.

    So a resumed run needs no saved loader state: the step says which batch comes next.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        batch_size: int,
        *,
        accumulation_steps: int,
        seed: int,
        together: int | None = 1,
        source_of: Callable[[Row], Hashable] = id,
    ) -> None:
        """Plan them.

        Args:
            rows: of the whole training side.
            batch_size: rows in a batch.
            accumulation_steps: batches in an optimiser step.
            seed: of the order.
            together: how many rows of a source stand side by side, so that most share a batch;
                None for all.
            source_of: what rows of the same source have in common.
        """
        self._rows = rows
        self._lengths = [len(row) for row in rows]
        self._together, self._sources = together, [source_of(row) for row in rows]
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
        order: list[int] = []
        part: list[list[int]] = []
        for group in self._groups(random.permutation(len(self._rows)).tolist()):
            part.append(group)
            if sum(map(len, part)) >= 16 * self._batch_size:
                order += self._by_length(part)
                part = []
        order += self._by_length(part)
        size = self._batch_size
        batches = [order[at : at + size] for at in range(0, len(order), size)]
        return [batches[index] for index in random.permutation(len(batches))]

    def _groups(self, order: Sequence[int]) -> list[list[int]]:
        """Rows in this order, up to `together` of a source where its first one is."""
        groups: list[list[int]] = []
        open_groups: dict[Hashable, list[int]] = {}
        for row in order:
            group = open_groups.get(self._sources[row])
            if group is None or len(group) == self._together:
                group = []
                groups.append(group)
                open_groups[self._sources[row]] = group
            group.append(row)
        return groups

    def _by_length(self, groups: list[list[int]]) -> list[int]:
        """The rows of these groups, the group with the shortest rows first."""
        groups = sorted(groups, key=lambda group: max(self._lengths[row] for row in group))
        return [row for group in groups for row in group]


def split_evenly(rows: Sequence[Row], most: int | None) -> list[Sequence[Row]]:
    """Parts of at most so many rows, whose sizes differ by one at most; None: all in one."""
    count = 1 if most is None else math.ceil(len(rows) / most)
    ends = [len(rows) * part // count for part in range(count + 1)]
    return [rows[start:end] for start, end in itertools.pairwise(ends)]
