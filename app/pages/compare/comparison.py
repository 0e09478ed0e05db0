"""Systems aligned example by example: what the page shows."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.pages.compare.systems.systems import ComparedSystem, Kind
from engine.contract.metrics import is_score
from engine.contract.runs.alignment import Alignment, align, aligned_rows, has_own_ids

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """One input with what each system made of it.

    Attributes:
        number: its index, from 1, in the file of the system that the others are aligned to.
        outputs: one a system, in the order of the columns.
        probabilities: of each label, one tuple a system; empty where it has none.
        starts: where `input` has each output, in characters; -1 where that is not known.
        haystack: everything that is searched, in lower case.
        words: of the longest output.
    """

    number: int
    example_id: str
    input: str
    fields: tuple[tuple[str, str], ...]
    references: tuple[str, ...]
    category: str
    outputs: tuple[str, ...]
    probabilities: tuple[tuple[tuple[str, float], ...], ...]
    haystack: str
    words: int
    starts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """One system or more over the examples that all of them have.

    Attributes:
        systems: in the order of the columns; the first is the reference system.
        base: index of the system that gives inputs, references and the order.
        alignments: of each system to the base.
        scores: for each metric that a system has row scores of, those scores
            [systems, examples]; NaN where there is none.
        other_references: for each system, common rows with other references than the base's.
    """

    systems: tuple[ComparedSystem, ...] = ()
    base: int = 0
    alignments: tuple[Alignment, ...] = ()
    examples: tuple[Example, ...] = ()
    scores: dict[str, Floats] = field(default_factory=dict)
    other_references: tuple[int, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """Metrics that at least one system has row scores of."""
        return tuple(self.scores)

    def difference(self, metric: str, system: int, reference: int = 0) -> Floats:
        """Row scores of one system less those of another; NaN where there are none."""
        if metric not in self.scores or max(system, reference) >= len(self.systems):
            return np.full(len(self.examples), np.nan)
        scores = self.scores[metric]
        return np.asarray(scores[system] - scores[reference])

    def covers_all(self, system: int) -> bool:
        """Whether every row of this system is among the examples."""
        return len(self.systems[system].rows) == len(self.examples)


def base_of(systems: Sequence[ComparedSystem]) -> int:
    """The first run or bare backbone, else the first with ids of its own, else the first."""
    made_here = (n for n, system in enumerate(systems) if system.entry.kind is not Kind.FILE)
    with_ids = (n for n, system in enumerate(systems) if has_own_ids(system.rows))
    return next(made_here, next(with_ids, 0))


def compare(systems: Sequence[ComparedSystem]) -> Generator[None, None, Comparison]:
    """Align systems, yielding now and then; rows that not all of them have are left out."""
    base = base_of(systems)
    alignments = []
    for system in systems:
        alignments.append(align(systems[base].rows, system.rows))
        yield
    common = list(aligned_rows(alignments))
    examples: list[Example] = []
    others = [0] * len(systems)
    for indices in common:
        examples.append(_example(systems, indices, base=base))
        for number, (system, index) in enumerate(zip(systems, indices, strict=True)):
            references = system.rows.references[index]
            others[number] += bool(references) and references != examples[-1].references
        yield
    scores: dict[str, Floats] = {}
    for column, indices in enumerate(common):
        for number, (system, index) in enumerate(zip(systems, indices, strict=True)):
            for metric, value in system.rows.scores[index]:
                if metric not in scores:
                    scores[metric] = np.full((len(systems), len(examples)), np.nan)
                if is_score(value):
                    scores[metric][number, column] = value
        yield
    return Comparison(
        tuple(systems), base, tuple(alignments), tuple(examples), scores, tuple(others)
    )


def _example(systems: Sequence[ComparedSystem], indices: Sequence[int], *, base: int) -> Example:
    """The example that has these indices in the systems' files."""
    shown = systems[base].rows[indices[base]]
    outputs = tuple(s.rows.outputs[index] for s, index in zip(systems, indices, strict=True))
    parts = [shown.input, shown.category, *shown.references, *outputs]
    parts += [f"{key} {value}" for key, value in shown.fields]
    return Example(
        number=indices[base] + 1,
        example_id=shown.example_id,
        input=shown.input,
        fields=shown.fields,
        references=shown.references,
        category=shown.category,
        outputs=outputs,
        probabilities=tuple(
            s.rows.probabilities[index] for s, index in zip(systems, indices, strict=True)
        ),
        haystack="\n".join(parts).casefold(),
        words=max(len(output.split()) for output in outputs),
        starts=tuple(s.rows.starts[index] for s, index in zip(systems, indices, strict=True)),
    )
