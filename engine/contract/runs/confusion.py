"""What was predicted for what: the counts of a confusion matrix and of the figures of each label.

A row with a label counts once. A row of tags counts each entity of its reference or its output: the
two entities of the same words are a pair, and an entity alone is paired with `NOTHING`. A row with
an answer counts once, by how right its output is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract.runs.answers import (
    label_of,
    normalised_answer,
    right_answers,
    right_label,
    right_tags,
)
from engine.contract.runs.entities import entities
from engine.contract.specs.answer import AnswerKind

NOTHING = "(none)"
UNTYPED = "(no type)"
ANSWER, NO_ANSWER = "answer", "no answer"
RIGHT, PARTLY, WRONG = "right answer", "partly right", "wrong answer"
"""How a row counts that has an answer, beside `NO_ANSWER`."""

Pair = tuple[str, str]
"""What is right, and what was predicted."""


@dataclass(frozen=True)
class ConfusionCell:
    """One pair of what is right and what was predicted.

    Attributes:
        is_right: whether the prediction is the right one.
        count: how often.
        rows: indices of the rows in which it occurs, rising.
    """

    gold: str
    predicted: str
    is_right: bool
    count: int
    rows: tuple[int, ...]


@dataclass(frozen=True)
class GroupFigures:
    """How one label, or one type of entities, was predicted.

    Attributes:
        right: how often it was predicted rightly.
        predicted: how often it was predicted.
        gold: how often it would have been right: its support.
    """

    name: str
    right: int
    predicted: int
    gold: int

    @property
    def precision(self) -> float | None:
        """Right ones of those that were predicted, in percent; None where there are none."""
        return 100 * self.right / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        """Right ones of those that there are, in percent; None where there are none."""
        return 100 * self.right / self.gold if self.gold else None

    @property
    def f1(self) -> float:
        """Harmonic mean of both, in percent."""
        return 200 * self.right / max(self.predicted + self.gold, 1)


@dataclass(frozen=True)
class Confusion:
    """All pairs that there are.

    Attributes:
        answer: what is predicted.
    """

    answer: AnswerKind = AnswerKind.TEXT
    cells: tuple[ConfusionCell, ...] = ()

    @property
    def groups(self) -> tuple[GroupFigures, ...]:
        """The figures of each label or type, the most frequent first; answers have none."""
        if self.answer is AnswerKind.SPAN:
            return ()
        gold, predicted, right = Counter[str](), Counter[str](), Counter[str]()
        for cell in self.cells:
            gold[cell.gold] += cell.count
            predicted[cell.predicted] += cell.count
            right[cell.gold] += cell.count * cell.is_right
        figures = (
            GroupFigures(name, right[name], predicted[name], gold[name])
            for name in gold.keys() | predicted.keys()
            if name != NOTHING
        )
        return tuple(sorted(figures, key=lambda group: (-group.gold, group.name)))

    @property
    def sides(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What may be right, and what may be predicted: the rows and columns of the matrix."""
        if self.answer is AnswerKind.SPAN:
            return (ANSWER, NO_ANSWER), (RIGHT, PARTLY, WRONG, NO_ANSWER)
        names = [group.name for group in self.groups]
        if any(NOTHING in (cell.gold, cell.predicted) for cell in self.cells):
            names.append(NOTHING)
        return tuple(names), tuple(names)

    @property
    def mistakes(self) -> tuple[ConfusionCell, ...]:
        """The wrong cells, the most frequent first."""
        wrong = (cell for cell in self.cells if not cell.is_right)
        return tuple(sorted(wrong, key=lambda cell: -cell.count))


def pairs_of(answer: AnswerKind, output: str, references: Sequence[str]) -> tuple[Pair, ...]:
    """What a row counts as; nothing where it has no reference or predicts a text.

    Args:
        answer: what is predicted.
        output: the prediction, as an outputs file has it.
        references: what is right.
    """
    match answer:
        case AnswerKind.LABEL if any(map(label_of, references)):
            return ((right_label(output, references), label_of(output)),)
        case AnswerKind.TAGS if any(text.strip() for text in references):
            return _entity_pairs(output.split(), references)
        case AnswerKind.SPAN if references:
            return (_answer_pair(output, references),)
        case _:
            return ()


class ConfusionCounter:
    """Counts rows one after another."""

    def __init__(self, answer: AnswerKind) -> None:
        self._answer = answer
        self._counts: Counter[Pair] = Counter()
        self._rows: dict[Pair, dict[int, None]] = {}

    def add(self, index: int, output: str, references: Sequence[str]) -> None:
        """Count a row; `index` is what `ConfusionCell.rows` calls it."""
        for pair in pairs_of(self._answer, output, references):
            self._counts[pair] += 1
            self._rows.setdefault(pair, {})[index] = None

    def confusion(self) -> Confusion:
        """All that was counted."""
        right = (ANSWER, RIGHT) if self._answer is AnswerKind.SPAN else None
        cells = (
            ConfusionCell(
                *pair, pair[0] == pair[1] or pair == right, count, tuple(self._rows[pair])
            )
            for pair, count in sorted(self._counts.items())
        )
        return Confusion(self._answer, tuple(cells))


def _entity_pairs(predicted: Sequence[str], references: Sequence[str]) -> tuple[Pair, ...]:
    ours, theirs = (
        {(entity.start, entity.end): entity.kind or UNTYPED for entity in entities(tags)}
        for tags in (right_tags(predicted, references), predicted)
    )
    extents = sorted(ours.keys() | theirs.keys())
    return tuple((ours.get(extent, NOTHING), theirs.get(extent, NOTHING)) for extent in extents)


def _answer_pair(output: str, references: Sequence[str]) -> Pair:
    said = normalised_answer(output)
    answers = [normalised_answer(text) for text in right_answers(references)]
    gold = NO_ANSWER if answers == [""] else ANSWER
    if not said:
        return gold, NO_ANSWER
    if said in answers:
        return gold, RIGHT
    shared = any(set(said.split()) & set(text.split()) for text in answers)
    return gold, PARTLY if shared else WRONG
