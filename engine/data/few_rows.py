"""A few rows of each label, to train and to validate on, and what is to be said of labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from engine.contract.reading.reading import Finding, FindingKind
from engine.contract.specs.data import Split
from engine.data.scanning import Scan
from engine.data.sides import Side
from engine.data.tallies import counted

_SHOWN_LABELS = 5


def draw_per_label(
    rows: Scan,
    sides: bytearray,
    count: int,
    *,
    order: Callable[[int], bytes],
    may_validate: bool,
) -> None:
    """Leave so many rows of each label to train on, and as many to validate on.

    No input is on both sides, and none is drawn twice with the same label. The rows of a smaller
    count are among those of a larger one.

    Args:
        order: of rows; the first are drawn.
        may_validate: whether what is not trained on may be validated on; else the rows that are
            for validation are drawn from.
    """
    drawn: dict[int, int] = {}  # input -> side
    pools = {Side.TRAIN: _on(sides, Side.TRAIN), Side.VALID: _on(sides, Side.VALID)}
    if may_validate:
        pools[Side.TRAIN] = pools[Side.VALID] = sorted(pools[Side.TRAIN] + pools[Side.VALID])
    for index in {*pools[Side.TRAIN], *pools[Side.VALID]}:
        sides[index] = Side.UNUSED
    for side, pool in pools.items():
        seen: set[tuple[int, int]] = set()
        counts: Counter[int] = Counter()
        for index in sorted(pool, key=order):
            example, label = rows.ids[index], rows.targets[index]
            is_free = drawn.get(example, side) == side and (example, label) not in seen
            if is_free and counts[label] < count:
                seen.add((example, label))
                drawn[example] = side
                counts[label] += 1
                sides[index] = side


def label_findings(rows: Scan, sides: bytearray, split: Split) -> Iterator[Finding]:
    """Labels of which fewer rows could be drawn, and labels that only held-out rows have."""
    if not rows.labels:
        return
    counts = {side: Counter[int]() for side in Side}
    for index, side in enumerate(sides):
        counts[Side(side)][rows.targets[index]] += 1
    if split.per_label is not None:
        for side in (Side.TRAIN, Side.VALID):
            few = [label for label in rows.labels if counts[side][label] < split.per_label]
            if few and (side is Side.TRAIN or counts[side]):
                message = (
                    f"{counted(len(few), 'label')} with fewer than {split.per_label:,} rows to "
                    f"draw for the {_NAMES[side]} ({_shown(rows, few)}): all of them are used."
                )
                yield Finding(FindingKind.RARE_LABELS, message, len(few))
    held_out = counts[Side.VALID].keys() | counts[Side.TEST].keys()
    new = [label for label in rows.labels if label in held_out and not counts[Side.TRAIN][label]]
    if new:
        message = (
            f"{counted(len(new), 'label')} of validation and test rows without a training row "
            f"({_shown(rows, new)}): never predicted, so that these rows count as wrong."
        )
        yield Finding(FindingKind.UNTRAINED_LABELS, message, len(new))


_NAMES = {Side.TRAIN: "training", Side.VALID: "validation"}


def _on(sides: bytearray, side: Side) -> list[int]:
    return [index for index, other in enumerate(sides) if other == side]


def _shown(rows: Scan, labels: Iterable[int]) -> str:
    names = sorted(rows.labels[label] for label in labels)
    more = " …" if len(names) > _SHOWN_LABELS else ""
    return ", ".join(repr(name[:40]) for name in names[:_SHOWN_LABELS]) + more
