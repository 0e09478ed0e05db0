"""Labels or tags as the outputs of a head: the same of all inputs, or each category's own.

A head for each category is one linear layer over all of them, in which the outputs of other
categories are minus infinity: so neither probability nor gradient reaches them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch

from engine.contract.errors import UserError
from engine.contract.tasks.all import reads_category
from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.readouts import CategoryNames
from engine.contract.tasks.tags import TagTask
from engine.data.examples import EvalInput, TrainRow
from engine.tasks.reading.readout import ReadoutRow, check_known, in_order

_SHOWN = 10
_SHOWN_CHARACTERS = 80


class HeadNames:
    """What each output of a head stands for.

    Attributes:
        names: of the outputs.

    Args:
        what: they are, such as "labels".
        names: of all inputs.
        categories: the names of each category, where each has a head; None where none has.

    Raises:
        UserError: there are not two names to choose among.
    """

    def __init__(
        self, what: str, names: Sequence[str], categories: Sequence[CategoryNames] | None
    ) -> None:
        lists: list[tuple[str | None, Sequence[str]]] = [(None, names)]
        if categories is not None:
            lists = [(each.category, each.names) for each in categories] or [(None, ())]
        self._ranges: dict[str | None, range] = {}
        self.names: tuple[str, ...] = ()
        for category, own in lists:
            check_known(what, own)
            self._ranges[category] = range(len(self.names), len(self.names) + len(own))
            self.names += tuple(own)
        self._numbers: Mapping[range, dict[str, int]] = {
            outputs: {self.names[output]: output for output in outputs}
            for outputs in self._ranges.values()
        }

    def outputs(self, item: TrainRow | EvalInput) -> range:
        """The outputs that can answer an input.

        Raises:
            UserError: there is no head for its category.
        """
        if None in self._ranges:
            return self._ranges[None]
        if item.category in self._ranges:
            return self._ranges[item.category]
        known = [repr(category) for category in self._ranges]
        shown = ", ".join(known[:_SHOWN]) + (", …" if len(known) > _SHOWN else "")
        if not item.category:
            raise UserError(
                "input-without-category",
                "An input has no category, and each category has a head of its own. Name the "
                "column that holds the categories ({categories}), and fill in its cells.",
                categories=shown,
            )
        raise UserError(
            "no-head-for-category",
            "There is no head for the category {category!r}: no row of it was trained on. The "
            "heads are for {categories}. Leave out its rows, or train on some.",
            category=item.category[:_SHOWN_CHARACTERS],
            categories=shown,
        )

    def numbers(self, outputs: range) -> Mapping[str, int]:
        """The output for each name among these."""
        return self._numbers[outputs]

    def among(self, logits: torch.Tensor, rows: Sequence[ReadoutRow[Any]]) -> torch.Tensor:
        """Logits [B, …, outputs] of rows, minus infinity where an output cannot answer a row."""
        if None in self._ranges:
            return logits
        can = torch.zeros(len(rows), len(self.names), dtype=torch.bool)
        for number, row in enumerate(rows):
            can[number, row.outputs.start : row.outputs.stop] = True
        shape = (len(rows), *[1] * (logits.dim() - 2), len(self.names))
        return logits.masked_fill(~can.view(shape).to(logits.device), -torch.inf)


def categories_of(
    task: LabelTask | TagTask,
    rows: Sequence[TrainRow],
    names_of: Callable[[TrainRow], Iterable[str]],
) -> tuple[CategoryNames, ...]:
    """The names of each category where each has a head, as the task or else its rows say.

    Args:
        names_of: a row.

    Raises:
        UserError: a row has no category.
    """
    if task.categories or not reads_category(task):
        return task.categories
    return _names_by_category(rows, names_of)


def without_choice(
    names: tuple[str, ...], categories: Sequence[CategoryNames]
) -> Iterator[tuple[str, str]]:
    """Where there are not two names, such as " of the category 'a'", with the name there is."""
    of_each = {f" of the category {each.category!r}": each.names for each in categories}
    for where, own in {"": names, **of_each}.items():
        if len(own) < 2:
            yield where, own[0] if own else ""


def _names_by_category(
    rows: Sequence[TrainRow], names_of: Callable[[TrainRow], Iterable[str]]
) -> tuple[CategoryNames, ...]:
    """The names of each category, in the order of their first rows.

    Raises:
        UserError: a row has no category.
    """
    names: dict[str, dict[str, None]] = {}
    for row in rows:
        names.setdefault(row.category, {}).update(dict.fromkeys(names_of(row)))
    if "" in names:
        raise UserError(
            "rows-without-category",
            "{count:,} training rows have no category, and each category is to have a head. Fill "
            "in their cells, or use the same head for all rows.",
            count=sum(not row.category for row in rows),
        )
    return tuple(CategoryNames(category, in_order(own)) for category, own in names.items())
