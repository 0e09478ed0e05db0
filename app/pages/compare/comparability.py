"""How the systems differ in more than their quality."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.pages.compare.comparison import Comparison
from app.pages.compare.systems.systems import letter
from engine.contract.metrics import metric_title
from engine.contract.runs.alignment import How


@dataclass(frozen=True)
class ComparabilityNote:
    """One sentence above the table.

    Attributes:
        is_warning: whether the comparison is narrower or weaker for it.
    """

    text: str
    is_warning: bool = True


def comparability_notes(comparison: Comparison) -> tuple[ComparabilityNote, ...]:
    """Every way in which the systems are not like for like, the worst first."""
    kinds = [_changed]
    if len(comparison.systems) > 1:
        kinds += [_tasks, _rows, _references, _decoding, _precision, _signatures, _alignment]
    return tuple(note for kind in kinds for note in kind(comparison))


def _named(comparison: Comparison, index: int) -> str:
    return f"{letter(index)} ({comparison.systems[index].name})"


def _changed(comparison: Comparison) -> Iterator[ComparabilityNote]:
    for index, system in enumerate(comparison.systems):
        if system.is_changed:
            yield ComparabilityNote(
                f"The outputs of {_named(comparison, index)} are not as they were saved: their "
                "file was changed or is damaged. Make them again."
            )


def _tasks(comparison: Comparison) -> Iterator[ComparabilityNote]:
    tasks = {letter(n): s.entry.task for n, s in enumerate(comparison.systems) if s.entry.task}
    if len(set(tasks.values())) > 1:
        parts = "; ".join(f"{sign} {task}" for sign, task in tasks.items())
        yield ComparabilityNote(f"The tasks differ: {parts}. Their scores mean different things.")


def _rows(comparison: Comparison) -> Iterator[ComparabilityNote]:
    apart = [n for n, item in enumerate(comparison.alignments) if item.how is How.NONE]
    sizes = [len(system.rows) for system in comparison.systems]
    for index in apart:
        yield ComparabilityNote(
            f"{_named(comparison, index)} shares no example id and no input with "
            f"{_named(comparison, comparison.base)}, and has {sizes[index]} rows instead of "
            f"{sizes[comparison.base]}: there is nothing to compare. Remove it, or give it "
            "the same test inputs."
        )
    if not apart and not all(map(comparison.covers_all, range(len(sizes)))):
        rows = ", ".join(f"{letter(index)} {size}" for index, size in enumerate(sizes))
        yield ComparabilityNote(
            f"The test sets differ (rows: {rows}). Only the {len(comparison.examples)} rows that "
            "all have are compared. Corpus scores marked † were computed over all rows of that "
            "system, so they cannot be compared with each other; mean row differences can."
        )


def _references(comparison: Comparison) -> Iterator[ComparabilityNote]:
    differing = [
        f"{count} of {len(comparison.examples)} in {_named(comparison, index)}"
        for index, count in enumerate(comparison.other_references)
        if count
    ]
    if differing:
        base = _named(comparison, comparison.base)
        yield ComparabilityNote(
            f"The references are not the same as those of {base}: {'; '.join(differing)}. Scores "
            f"were computed against each system's own references; shown are those of {base}."
        )


def _decoding(comparison: Comparison) -> Iterator[ComparabilityNote]:
    decodings = [system.decoding for system in comparison.systems]
    known = {decoding for decoding in decodings if decoding}
    unknown = [_named(comparison, n) for n, decoding in enumerate(decodings) if not decoding]
    if len(known) > 1:
        parts = "; ".join(
            f"{letter(index)} {decoding.replace('|', ', ') or 'unknown'}"
            for index, decoding in enumerate(decodings)
        )
        yield ComparabilityNote(
            f"The outputs were not made alike: {parts}. A difference of scores may come from that "
            "alone."
        )
    if unknown and known:
        text = f"How the outputs of {', '.join(unknown)} were made is not known."
        yield ComparabilityNote(text, is_warning=False)


def _precision(comparison: Comparison) -> Iterator[ComparabilityNote]:
    formats = [system.precision for system in comparison.systems]
    if len({precision for precision in formats if precision}) > 1:
        parts = "; ".join(
            f"{letter(index)} {precision or 'unknown'}" for index, precision in enumerate(formats)
        )
        yield ComparabilityNote(
            f"The precision of the backbone differs: {parts}. A small difference of scores may "
            "come from it alone."
        )


def _signatures(comparison: Comparison) -> Iterator[ComparabilityNote]:
    """Metrics that were not computed alike (tokeniser, version, number of references …)."""
    for metric in comparison.metrics:
        scores = [system.scores.get(metric) for system in comparison.systems]
        settings = [_settings(score.signature) for score in scores if score is not None]
        keys = sorted({key for item in settings for key in item})
        differing = [key for key in keys if len({item.get(key) for item in settings}) > 1]
        if differing:
            yield ComparabilityNote(
                f"{metric_title(metric)} was not computed alike: {', '.join(differing)} differ."
            )


def _settings(signature: str) -> dict[str, str]:
    """The parts of a signature that are not spoken of elsewhere (decoding, number of rows)."""
    parts = (part.partition(":") for part in signature.split("|"))
    return {key: value for key, colon, value in parts if colon and key not in ("decoding", "n")}


def _alignment(comparison: Comparison) -> Iterator[ComparabilityNote]:
    for index, alignment in enumerate(comparison.alignments):
        name = _named(comparison, index)
        if alignment.how is How.INPUT:
            yield ComparabilityNote(
                f"{name} has no example ids of this dataset: its rows were matched by their input "
                "text.",
                is_warning=False,
            )
        elif alignment.how is How.ORDER:
            yield ComparabilityNote(
                f"{name} has neither example ids nor inputs: its rows were matched by their order, "
                "since it has equally many. Check a few of them."
            )
