"""Which training rows are shown at `[examples]`, and in which order (Brown et al. 2020, 2.4)."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.contract.tasks.labels import LabelTask
from engine.contract.tasks.words import ExampleChoice, ReadoutKind, WordsSpec
from engine.contract.templates import parse_template
from engine.data.examples import TrainRow

MAX_POOL = 1000
"""Rows among which the most similar are sought; they are saved with the run."""

Shown = tuple[str, ...]
"""A label, and the cells of the row."""


def with_shown(task: LabelTask, rows: Sequence[TrainRow]) -> LabelTask:
    """The task with the rows that its template shows; of the most similar, with all candidates."""
    words = task.words
    if words.readout is not ReadoutKind.WORDS or words.shown or not shows_examples(words):
        return task
    by_label: dict[str, list[Shown]] = {label: [] for label in task.labels}
    for row in rows:
        if row.target in by_label:
            by_label[row.target].append((row.target, *(row.parts or (row.source,))))
    draw = random.Random(words.example_seed)
    match words.example_choice:
        case ExampleChoice.FIRST:
            # In turn, so that the last ones are not all of the last label.
            columns = [same[: words.examples] for same in by_label.values()]
            longest = max(map(len, columns))
            chosen = [same[at] for at in range(longest) for same in columns if at < len(same)]
        case ExampleChoice.RANDOM:
            chosen = [
                each
                for same in by_label.values()
                for each in draw.sample(same, min(words.examples, len(same)))
            ]
            draw.shuffle(chosen)
        case ExampleChoice.SIMILAR:
            everything = [each for same in by_label.values() for each in same]
            chosen = draw.sample(everything, min(MAX_POOL, len(everything)))
    return replace(task, words=replace(words, shown=tuple(chosen)))


def shows_examples(words: WordsSpec) -> bool:
    """Whether the template has `[examples]`."""
    return bool(words.template.strip()) and parse_template(words.template).has_examples


def most_similar(
    pool: Sequence[Shown], similarities: Callable[[int], float], *, per_label: int
) -> list[Shown]:
    """The most similar rows of each label, the most similar of all last (Liu et al. 2022, 2.2).

    Args:
        pool: the candidates.
        similarities: of the candidate with this number to the input.
        per_label: how many of each label.
    """
    order = sorted(range(len(pool)), key=similarities, reverse=True)
    counts: dict[str, int] = {}
    chosen = []
    for index in order:
        label = pool[index][0]
        counts[label] = counts.get(label, 0) + 1
        if counts[label] <= per_label:
            chosen.append(pool[index])
    return chosen[::-1]
