"""Which examples are listed, and in which order."""

from __future__ import annotations

import enum
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.pages.compare.comparison import Comparison, Example, Floats
from app.words import plural
from engine.contract.projects.project import ExampleNote
from engine.contract.specs.answer import AnswerKind

SIDE = 12
"""Bins on each side of the one in the middle, which holds equal scores only."""

EQUAL = 1e-9
"""Row scores that differ by less are equal: the rest is rounding."""

LENGTHS = ((0, 10), (11, 20), (21, 40), (41, 80), (81, None))
"""Buckets of output length in words, ends included."""


class Order(enum.Enum):
    """What the list is sorted by."""

    LARGEST = "largest"
    """The size of the difference, whichever sign."""
    DIFFERENCE = "difference"
    NUMBER = "number"
    INPUT = "input"
    MARKS = "marks"
    SCORE = "score"


@dataclass(frozen=True)
class Sorting:
    """An order; `system` and `metric` are for SCORE."""

    order: Order = Order.LARGEST
    descending: bool = True
    system: int = 0
    metric: str = ""


@dataclass(frozen=True)
class Cell:
    """A part of a system's confusion matrix: a cell, a row of it or a column.

    Attributes:
        gold, predicted: None for any.
    """

    system: int
    gold: str | None = None
    predicted: str | None = None


@dataclass(frozen=True)
class Filter:
    """Which examples are listed; the default lists all.

    Attributes:
        differing: those for which not all systems predict the same.
        answered: those that have an answer, or that have none; None for both.
        cell: those that a part of a confusion matrix counts, or None.
        search: words that must all occur, in any order, case ignored.
        fields: number of fields, or None.
        length: index into `LENGTHS`, or None.
        low, high: range of the difference without its end, or None.
    """

    search: str = ""
    fields: int | None = None
    length: int | None = None
    category: str | None = None
    starred: bool = False
    noted: bool = False
    differing: bool = False
    answered: bool | None = None
    cell: Cell | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Histogram:
    """Numbers of examples in bins symmetric about 0; one more edge than bins.

    The bin in the middle (index `SIDE`) holds equal scores; those beside it are equally wide.
    """

    counts: tuple[int, ...]
    edges: tuple[float, ...]

    def span(self, first: int, last: int) -> tuple[float, float]:
        """The range for `Filter` that holds the examples of these bins, both included."""
        low = self.edges[first] if first > 0 else -math.inf
        high = self.edges[last + 1] if last < len(self.counts) - 1 else math.inf
        return low, high


def histogram(differences: Floats) -> Histogram:
    """Spread of the differences over a range that is symmetric about 0."""
    values = differences[~np.isnan(differences)]
    limit = float(np.abs(values).max()) if values.size else 1.0
    steps = np.linspace(0, max(limit, 2 * SIDE * EQUAL), SIDE + 1)[1:]
    edges = np.concatenate((-steps[::-1], [-EQUAL, EQUAL], steps))
    counts, _ = np.histogram(values, bins=edges)
    return Histogram(tuple(map(int, counts)), tuple(map(float, edges)))


def buckets(
    examples: Sequence[Example], answer: AnswerKind = AnswerKind.TEXT
) -> list[tuple[str, Filter]]:
    """What there is to filter by, each counted: what the task tells apart, and the input.

    Args:
        answer: what is predicted; answers may be absent, and texts differ in length.
    """
    fields = Counter(len(example.fields) for example in examples)
    lengths = Counter(length_bucket(example.words) for example in examples)
    categories = Counter(example.category for example in examples if example.category)
    choices = [("All examples", Filter()), ("Starred", Filter(starred=True))]
    choices.append(("With note or tags", Filter(noted=True)))
    differing = sum(map(differs, examples))
    if 0 < differing < len(examples):
        choices.append((f"Systems differ ({differing})", Filter(differing=True)))
    if answer is AnswerKind.SPAN:
        answered = sum(map(is_answered, examples))
        if 0 < answered < len(examples):
            choices.append((f"Has an answer ({answered})", Filter(answered=True)))
            without = len(examples) - answered
            choices.append((f"No answer ({without})", Filter(answered=False)))
    if len(fields) > 1:
        choices += [
            (f"{plural(k, 'field')} ({n})", Filter(fields=k)) for k, n in sorted(fields.items())
        ]
    if len(lengths) > 1 and answer is AnswerKind.TEXT:
        choices += [(f"{_length(k)} ({n})", Filter(length=k)) for k, n in sorted(lengths.items())]
    return choices + [
        (f"Category {name} ({n})", Filter(category=name)) for name, n in sorted(categories.items())
    ]


def differs(example: Example) -> bool:
    """Whether not all systems predict the same."""
    return len(set(example.outputs)) > 1


def is_answered(example: Example) -> bool:
    """Whether a reference holds an answer."""
    return any(map(str.strip, example.references))


def _length(index: int) -> str:
    low, high = LENGTHS[index]
    return f"over {low - 1} words" if high is None else f"{low} to {high} words"


def length_bucket(words: int) -> int:
    """Index into `LENGTHS`."""
    return next(i for i, (_low, high) in enumerate(LENGTHS) if high is None or words <= high)


def listed(
    comparison: Comparison,
    differences: Floats,
    notes: Mapping[str, ExampleNote],
    *,
    chosen: Filter,
    sorting: Sorting,
    counted: Collection[int] = (),
) -> list[int]:
    """Indices of the examples to list, in order; equal ones stay in the file's order.

    Args:
        counted: the examples of `chosen.cell`.
    """
    examples, falling = comparison.examples, sorting.descending
    passing: Sequence[int] = range(len(examples))
    if chosen.low is not None and chosen.high is not None:
        inside = (chosen.low <= differences) & (differences < chosen.high)  # False for NaN
        passing = np.flatnonzero(inside).tolist()
    if chosen.cell is not None:
        passing = [index for index in passing if index in counted]
    if chosen != Filter(low=chosen.low, high=chosen.high, cell=chosen.cell):
        words = chosen.search.casefold().split()
        none = ExampleNote("")
        passing = [
            index
            for index in passing
            if _passes(examples[index], notes.get(examples[index].example_id, none), words, chosen)
        ]
    match sorting.order:
        case Order.NUMBER:
            return list(reversed(passing) if falling else passing)
        case Order.INPUT:
            return sorted(passing, key=lambda i: examples[i].input.casefold(), reverse=falling)
        case Order.MARKS:
            marks = {ident: (note.starred, _is_noted(note)) for ident, note in notes.items()}
            return sorted(
                passing,
                key=lambda i: marks.get(examples[i].example_id, (False, False)),
                reverse=falling,
            )
        case Order.LARGEST:
            values = np.abs(differences)
        case Order.DIFFERENCE:
            values = differences
        case Order.SCORE:
            if sorting.metric not in comparison.scores:
                return list(passing)
            values = comparison.scores[sorting.metric][sorting.system]
    indices = np.array(passing, dtype=np.intp)
    keys = values[indices]
    order = np.argsort(-keys if falling else keys, kind="stable")  # NaN comes last either way
    return [int(index) for index in indices[order]]


def _is_noted(note: ExampleNote) -> bool:
    return bool(note.note or note.tags)


def _passes(example: Example, note: ExampleNote, words: Sequence[str], chosen: Filter) -> bool:
    if (
        (chosen.starred and not note.starred)
        or (chosen.noted and not _is_noted(note))
        or (chosen.differing and not differs(example))
        or (chosen.answered is not None and is_answered(example) is not chosen.answered)
        or (chosen.fields is not None and len(example.fields) != chosen.fields)
        or (chosen.length is not None and length_bucket(example.words) != chosen.length)
        or (chosen.category is not None and example.category != chosen.category)
    ):
        return False
    haystack = example.haystack
    if words and _is_noted(note):
        haystack = "\n".join([haystack, note.note.casefold(), " ".join(note.tags).casefold()])
    return all(word in haystack for word in words)
