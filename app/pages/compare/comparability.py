"""What must be said before systems stand in one table."""

from __future__ import annotations

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
        own_rows: whether it is about corpus scores taken over different rows.
    """

    text: str
    is_warning: bool = True
    own_rows: bool = False


def comparability_notes(comparison: Comparison) -> tuple[ComparabilityNote, ...]:
    """Every way in which the systems are not like for like, the gravest first."""
    found = _changed(comparison)
    if len(comparison.systems) < 2:
        return tuple(found)
    found += [*_rows(comparison), *_references(comparison), *_decoding(comparison)]
    found += [*_signatures(comparison), *_alignment(comparison)]
    return tuple(found)


def _changed(comparison: Comparison) -> list[ComparabilityNote]:
    return [
        ComparabilityNote(
            f"The outputs of {_called(comparison, place)} are not as they were decoded: their file "
            "was changed or is damaged. Decode them again."
        )
        for place, system in enumerate(comparison.systems)
        if system.is_changed
    ]


def _called(comparison: Comparison, place: int) -> str:
    return f"{letter(place)} ({comparison.systems[place].name})"


def _rows(comparison: Comparison) -> list[ComparabilityNote]:
    common = len(comparison.examples)
    base = _called(comparison, comparison.base)
    found = []
    for place, alignment in enumerate(comparison.alignments):
        if alignment.how is How.NONE:
            count = len(comparison.systems[place].rows)
            own = len(comparison.systems[comparison.base].rows)
            found.append(
                ComparabilityNote(
                    f"{_called(comparison, place)} shares no example id and no input with {base}, "
                    f"and has {count} rows instead of {own}: there is nothing to compare. Take "
                    "it out, or decode it on the same test inputs."
                )
            )
    partial = [p for p in range(len(comparison.systems)) if not comparison.covers_all(p)]
    if not found and partial:
        sizes = ", ".join(
            f"{letter(p)} {len(system.rows)}" for p, system in enumerate(comparison.systems)
        )
        found.append(
            ComparabilityNote(
                f"The test sets differ (rows: {sizes}). Only the {common} rows that all have are "
                "compared. Corpus scores marked † were taken over all rows of that system, so "
                "they cannot be held against each other; mean row differences can.",
                own_rows=True,
            )
        )
    return found


def _references(comparison: Comparison) -> list[ComparabilityNote]:
    differing = [
        f"{count} of {len(comparison.examples)} in {_called(comparison, place)}"
        for place, count in enumerate(comparison.other_references)
        if count
    ]
    if not differing:
        return []
    base = _called(comparison, comparison.base)
    return [
        ComparabilityNote(
            f"The references are not the same as those of {base}: {'; '.join(differing)}. Scores "
            f"were taken against each system's own references; shown are those of {base}."
        )
    ]


def _decoding(comparison: Comparison) -> list[ComparabilityNote]:
    known = {system.decoding for system in comparison.systems if system.decoding}
    unknown = [_called(comparison, p) for p, s in enumerate(comparison.systems) if not s.decoding]
    found = []
    if len(known) > 1:
        parts = [
            f"{letter(place)} {system.decoding.replace('|', ', ') or 'unknown'}"
            for place, system in enumerate(comparison.systems)
        ]
        found.append(
            ComparabilityNote(
                f"The decoding differs: {'; '.join(parts)}. A difference of scores may come from "
                "it alone."
            )
        )
    if unknown and known:
        found.append(
            ComparabilityNote(
                f"How {', '.join(unknown)} was decoded is not known.", is_warning=False
            )
        )
    return found


def _signatures(comparison: Comparison) -> list[ComparabilityNote]:
    """Metrics that were not computed alike (tokeniser, version, number of references …)."""
    found = []
    for metric in comparison.metrics:
        signatures = {}
        for place, system in enumerate(comparison.systems):
            for score in system.meta.scores if system.meta else ():
                if score.metric == metric:
                    signatures[place] = _settings(score.signature)
        keys = {key for settings in signatures.values() for key in settings}
        differing = sorted(
            key for key in keys if len({item.get(key) for item in signatures.values()}) > 1
        )
        if differing:
            title = metric_title(metric)
            found.append(
                ComparabilityNote(f"{title} was not taken alike: {', '.join(differing)} differ.")
            )
    return found


def _settings(signature: str) -> dict[str, str]:
    """The parts of a signature that are not spoken of elsewhere (decoding, number of rows)."""
    parts = (part.partition(":") for part in signature.split("|"))
    return {key: value for key, colon, value in parts if colon and key not in ("decoding", "n")}


def _alignment(comparison: Comparison) -> list[ComparabilityNote]:
    found = []
    for place, alignment in enumerate(comparison.alignments):
        if alignment.how is How.INPUT:
            found.append(
                ComparabilityNote(
                    f"{_called(comparison, place)} has no example ids of this dataset: its rows "
                    "were found by their input text.",
                    is_warning=False,
                )
            )
        elif alignment.how is How.ORDER:
            found.append(
                ComparabilityNote(
                    f"{_called(comparison, place)} has neither example ids nor inputs: its rows "
                    "were taken in their order, since it has equally many. Check a few of them."
                )
            )
    return found
