"""One pass over a dataset that notes, in little memory, what splitting and counting need."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.reading.reading import Finding, FindingKind
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Mapping, Role
from engine.data.answer_tally import AnswerTally
from engine.data.inputs import RowReader
from engine.data.tallies import Count, counted
from engine.reporter import Reporter

_UPDATE_ROWS = 2000


@dataclass
class Names:
    """Texts that recur, numbered in the order in which they come."""

    texts: list[str] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    def number(self, text: str) -> int:
        """The number of a text, given out on first sight."""
        number = self._numbers.setdefault(text, len(self.texts))
        if number == len(self.texts):
            self.texts.append(text)
        return number


@dataclass
class Scan:
    """A dataset's rows as numbers: some 30 bytes a row, whatever the length of its texts.

    A row whose target is a list of texts stands here once for each of them.

    Attributes:
        ids: example id of each row, as a 64-bit number.
        targets: the first 64 bits of a sha256 over the target of each row; 0 where the row is
            of no use for training (no target, no input).
        lines: where each row starts in its file.
        splits, categories: number of each row's cell in the names beside it.
        findings: rows without target or input, meaning representations that do not parse.
        labels: each label by its number in `targets`; empty where other things are predicted.
        classes: labels with their rows, or types of entities with how many there are.
        outputs, category_outputs: as `AnswerTally` counts them.
    """

    ids: array[int] = field(default_factory=lambda: array("Q"))
    targets: array[int] = field(default_factory=lambda: array("Q"))
    lines: array[int] = field(default_factory=lambda: array("q"))
    splits: array[int] = field(default_factory=lambda: array("i"))
    categories: array[int] = field(default_factory=lambda: array("i"))
    split_names: Names = field(default_factory=Names)
    category_names: Names = field(default_factory=Names)
    findings: tuple[Finding, ...] = ()
    labels: dict[int, str] = field(default_factory=dict)
    classes: Counter[str] = field(default_factory=Counter)
    outputs: int = 0
    category_outputs: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    def useful(self) -> Iterator[int]:
        """Indexes (0-based) of the rows with an input and a target."""
        return (index for index, target in enumerate(self.targets) if target)


def scan(store: DatasetStore, mapping: Mapping, reporter: Reporter) -> Scan:
    """Read all rows once.

    Raises:
        UserError: the mapping has no input or target, or names a column that is not there; or
            there are too many labels or tags.
        Cancelled: through the reporter.
    """
    mapping.check_trainable()
    reader = RowReader(store, mapping)
    result, tally = Scan(), AnswerTally(mapping)
    no_target, no_input, unparsed = Count(), Count(), Count()
    parsed: dict[int, bool] = {}  # each distinct input is parsed once
    for row in store.rows():
        if row.number % _UPDATE_ROWS == 1:
            reporter.update(row.number - 1, store.meta.row_count, "rows", "reading the dataset")
        answer = reader.answer(row.cells)
        has_input = reader.has_input(row.cells)
        if not answer.targets and answer.problem is None:
            no_target.add(row.line)
        if not has_input:
            no_input.add(row.line)
        else:
            tally.add(answer, row.line, category=reader.category(row.cells))
        example = int(reader.example_id(row.cells), 16)
        if example not in parsed:
            parsed[example] = reader.input(row.cells).all_parsed
        if not parsed[example]:
            unparsed.add(row.line)
        split = result.split_names.number(reader.split(row.cells))
        category = result.category_names.number(reader.category(row.cells))
        for target in answer.targets or (None,):
            result.ids.append(example)
            digest = 0 if target is None or not has_input else _digest(target)
            if digest and target is not None and reader.kind is AnswerKind.LABEL:
                result.labels[digest] = target
            result.targets.append(digest)
            result.lines.append(row.line)
            result.splits.append(split)
            result.categories.append(category)
    wanted = "triples are not of the form subject | relation | object"
    if mapping.named(Role.MEANING):
        wanted = "meaning representation is not of the form key[value], key[value]"
    findings = _findings(no_target, no_input, unparsed, target=tally.word, wanted=wanted)
    result.findings = (*findings, *tally.findings())
    result.classes = tally.classes
    result.outputs, result.category_outputs = tally.outputs, tally.category_outputs
    return result


class LastScan:
    """Caches the latest scan, so that another split of the same rows need not read them again."""

    def __init__(self) -> None:
        self._last: tuple[object, Scan] | None = None

    def of(self, store: DatasetStore, mapping: Mapping, reporter: Reporter) -> Scan:
        """As `scan`; not to be changed."""
        key = (store.path.resolve(), store.path.stat().st_mtime_ns, store.meta, mapping)
        if self._last is None or self._last[0] != key:
            self._last = None  # the memory is needed for the next
            self._last = key, scan(store, mapping, reporter)
        return self._last[1]


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "big") or 1


def _findings(
    no_target: Count, no_input: Count, unparsed: Count, *, target: str, wanted: str
) -> Iterator[Finding]:
    if no_target.count:
        message = f"{counted(no_target.count, 'row')} without {target}: left out."
        yield no_target.finding(FindingKind.EMPTY_CELLS, message)
    if no_input.count:
        message = f"{counted(no_input.count, 'row')} whose input is empty: left out."
        yield no_input.finding(FindingKind.EMPTY_CELLS, message)
    if unparsed.count:
        message = f"{counted(unparsed.count, 'row')} whose {wanted}: used as plain text."
        yield unparsed.finding(FindingKind.UNPARSED_MEANING, message)
