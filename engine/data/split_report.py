"""Counting a split: sizes of its sides, inputs that recur, inputs that leak, categories."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterator

from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.reading.reading import (
    ClassCount,
    Finding,
    FindingKind,
    SplitCounts,
    SplitReport,
)
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Linearisation, Mapping, Role, Split, SplitKind
from engine.data.few_rows import label_findings
from engine.data.inputs import RowReader
from engine.data.scanning import Scan
from engine.data.sides import Side
from engine.data.splitting import assign
from engine.data.tallies import Count, counted

_SAMPLE_ROWS = 1000


def describe_split(rows: Scan, store: DatasetStore, mapping: Mapping, split: Split) -> SplitReport:
    """Apply a split to a dataset and count.

    Args:
        rows: of this dataset with this mapping.

    Raises:
        UserError: as `engine.data.splitting.assign` does.
    """
    sides = assign(rows, split)
    source, target = _mean_lengths(store, mapping)
    categories = mapping.column_of(Role.CATEGORY) is not None
    findings = [*rows.findings, *_repetitions(rows, mapping.answer)]
    findings.extend(label_findings(rows, sides, split))
    if split.kind is SplitKind.COLUMN:
        findings.extend(_overlaps(rows, sides))
    return SplitReport(
        sides=tuple(_count(rows, sides, side) for side in (Side.TRAIN, Side.VALID, Side.TEST)),
        findings=tuple(findings),
        categories=_categories(rows) if categories else (),
        unseen=_unseen(rows, split) if categories else (),
        mean_source_characters=source,
        mean_target_characters=target,
        classes=tuple(ClassCount(name, count) for name, count in rows.classes.most_common()),
        outputs=rows.outputs,
        category_outputs=rows.category_outputs,
    )


def _count(rows: Scan, sides: bytearray, side: Side) -> SplitCounts:
    inputs = {rows.ids[index] for index, row_side in enumerate(sides) if row_side == side}
    return SplitCounts(side.name.lower(), sides.count(side), len(inputs))


_SHARED = {
    AnswerKind.TEXT: "their targets are references of one another",
    AnswerKind.LABEL: "all their labels are right",
    AnswerKind.TAGS: "each counts",
    AnswerKind.SPAN: "all their answers are right",
}


def _repetitions(rows: Scan, kind: AnswerKind) -> Iterator[Finding]:
    """Inputs with several texts, which become references, and rows that say the same again."""
    pairs: set[tuple[int, int]] = set()
    inputs: dict[int, int] = {}
    duplicates, shared = Count(), Count()
    for index in rows.useful():
        pair = rows.ids[index], rows.targets[index]
        if pair in pairs:
            duplicates.add(rows.lines[index])
        pairs.add(pair)
        inputs[rows.ids[index]] = inputs.get(rows.ids[index], 0) + 1
        if inputs[rows.ids[index]] == 2:
            shared.add(rows.lines[index])
    if shared.count:
        message = (
            f"{counted(shared.count, 'input')} of {len(inputs):,} in several rows: {_SHARED[kind]}."
        )
        yield shared.finding(FindingKind.SHARED_INPUT, message)
    if duplicates.count:
        message = (
            f"{counted(duplicates.count, 'row')} with the input and target of an earlier row: kept."
        )
        yield duplicates.finding(FindingKind.DUPLICATE_ROWS, message)


def _overlaps(rows: Scan, sides: bytearray) -> Iterator[Finding]:
    """Inputs that are held out by the split column and trained on as well."""
    trained = {rows.ids[index] for index, side in enumerate(sides) if side == Side.TRAIN}
    for side in (Side.VALID, Side.TEST):
        leaked = Count()
        seen: set[int] = set()
        for index, row_side in enumerate(sides):
            example = rows.ids[index]
            if row_side == side and example in trained and example not in seen:
                seen.add(example)
                leaked.add(rows.lines[index])
        if leaked.count:
            message = (
                f"{counted(leaked.count, 'input')} of the {side.name.lower()} rows also in the "
                "training rows: scores on them tell what was memorised; split at random by "
                "input to avoid it."
            )
            yield leaked.finding(FindingKind.SPLIT_OVERLAP, message)


def _categories(rows: Scan) -> tuple[tuple[str, int], ...]:
    """Categories with their useful rows, the largest first."""
    counts = Counter(rows.categories[index] for index in rows.useful())
    return tuple((rows.category_names.texts[number], n) for number, n in counts.most_common())


def _unseen(rows: Scan, split: Split) -> tuple[str, ...]:
    """Categories that only held-out inputs have, as WebNLG's five; in alphabetical order."""
    sides = assign(rows, dataclasses.replace(split, max_train_rows=None, max_test_inputs=None))
    on: dict[Side, set[int]] = {side: set() for side in Side}
    for index, side in enumerate(sides):
        on[Side(side)].add(rows.categories[index])
    names = (rows.category_names.texts[number] for number in on[Side.TEST] - on[Side.TRAIN])
    return tuple(sorted(name for name in names if name))


def _mean_lengths(store: DatasetStore, mapping: Mapping) -> tuple[float, float]:
    """Mean characters of source and target over the first rows."""
    reader = RowReader(store, mapping)
    form = Linearisation()
    sources, targets = [], []
    for row in itertools.islice(store.rows(), _SAMPLE_ROWS):
        sources.append(len(reader.text(row.cells, form)))
        texts = reader.targets(row.cells)
        targets.append(sum(map(len, texts)) / max(1, len(texts)))
    count = max(1, len(sources))
    return sum(sources) / count, sum(targets) / count
