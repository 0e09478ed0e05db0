"""The examples of a run: training rows, and inputs to validate and test on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.reading.reading import Finding
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import DataSpec, Linearisation, Mapping
from engine.data.few_rows import label_findings
from engine.data.inputs import RowReader
from engine.data.meaning import Field
from engine.data.scanning import scan
from engine.data.sides import Side
from engine.data.splitting import assign
from engine.reporter import Reporter

_UPDATE_ROWS = 2000


@dataclass(frozen=True, slots=True)
class TrainRow:
    """A source text and the target to learn for it.

    Attributes:
        parts: the cells of the input columns in order; () where a text is written.
        starts: where the target starts in the source column, in characters; -1 where a question
            has no answer. Of spans only.
        category: where that decides how the row is read, else "".
    """

    source: str
    target: str
    parts: tuple[str, ...] = ()
    starts: tuple[int, ...] = ()
    category: str = ""


@dataclass(frozen=True, slots=True)
class EvalInput:
    """A distinct input with all its references.

    Attributes:
        example_id: the same for the same input in every run of a dataset.
        fields: of the table, for showing it; empty for a source text.
        source: the input as text.
        references: targets and further references of all rows with this input, in their order.
        category: of its first row, or "".
        prefix: name of the prefix that its rows ask for, or "".
        parts: as a training row's.
        starts: where each reference starts, -1 where the text does not have it. Of spans only.
    """

    example_id: str
    fields: tuple[Field, ...]
    source: str
    references: tuple[str, ...]
    category: str = ""
    prefix: str = ""
    parts: tuple[str, ...] = ()
    starts: tuple[int, ...] = ()


@dataclass(frozen=True)
class ExampleSets:
    """What a run trains, validates and tests on, in the dataset's order.

    Attributes:
        findings: rows that were left out, and why.
    """

    train: Sequence[TrainRow]
    valid: Sequence[EvalInput]
    test: Sequence[EvalInput]
    findings: tuple[Finding, ...] = ()


def load_examples(
    store: DatasetStore, data: DataSpec, reporter: Reporter, *, by_category: bool = False
) -> ExampleSets:
    """Split a dataset and write out its examples as text.

    Args:
        by_category: whether the same input is another one in each category, as where each category
            has a head.

    Raises:
        UserError: the dataset is another one than `data` was made for; the mapping or split
            does not fit it; no row is left to train on.
        Cancelled: through the reporter.
    """
    if data.fingerprint and data.fingerprint != store.meta.fingerprint:
        raise UserError(
            "dataset-changed",
            "The dataset {path} is not the one this run was set up with (sha256 "
            "{fingerprint:.12}…, expected {expected:.12}…). Import the original file "
            "again, or start a new run.",
            path=store.path,
            fingerprint=store.meta.fingerprint,
            expected=data.fingerprint,
        )
    rows = scan(store, data.mapping, reporter)
    sides = assign(rows, data.split)
    reader = RowReader(store, data.mapping)
    train: list[TrainRow] = []
    valid = _Grouping(reader, data.linearisation, by_category=by_category)
    test = _Grouping(reader, data.linearisation, by_category=by_category)
    sources: dict[int, tuple[str, tuple[str, ...]]] = {}  # one text for all rows of an input
    position = 0  # in the scan, where a row stands once for each of its targets
    for row in store.rows():
        if row.number % _UPDATE_ROWS == 1:
            reporter.update(row.number - 1, store.meta.row_count, "rows", "writing the examples")
        answer = reader.answer(row.cells)
        targets = answer.targets or ("",)
        of_row = sides[position : position + len(targets)]
        if Side.TRAIN in of_row:
            key = rows.ids[position]
            if key not in sources:
                text = reader.text(row.cells, data.linearisation)
                sources[key] = text, reader.parts(row.cells)
            source, parts = sources[key]
            starts = (answer.start,) if answer.starts else ()
            category = reader.category(row.cells) if by_category else ""
            train += [
                TrainRow(source, target, parts, starts, category)
                for target, side in zip(targets, of_row, strict=True)
                if side == Side.TRAIN
            ]
        elif Side.VALID in of_row:
            valid.add(row.cells)
        elif Side.TEST in of_row:
            test.add(row.cells)
        position += len(targets)
    findings = (*rows.findings, *label_findings(rows, sides, data.split))
    return ExampleSets(train, valid.inputs(), test.inputs(), findings)


def inputs_of(
    store: DatasetStore,
    mapping: Mapping,
    linearisation: Linearisation,
    reporter: Reporter,
    *,
    by_category: bool = False,
) -> list[EvalInput]:
    """All distinct inputs of a dataset in file order, for decoding a file.

    Rows without a target, or a dataset without a target column, give inputs whose references
    are fewer or none.

    Args:
        by_category: as for `load_examples`.

    Raises:
        UserError: no input column, or a column that the dataset does not have.
        Cancelled: through the reporter.
    """
    mapping.check_input()
    grouping = _Grouping(RowReader(store, mapping), linearisation, by_category=by_category)
    for row in store.rows():
        if row.number % _UPDATE_ROWS == 1:
            reporter.update(row.number - 1, store.meta.row_count, "rows", "reading the inputs")
        grouping.add(row.cells)
    return grouping.inputs()


@dataclass(frozen=True)
class InputForm:
    """How a row becomes an input: what its columns are, and how they are written out."""

    mapping: Mapping
    linearisation: Linearisation


def inputs_by_prefix(
    store: DatasetStore, column: str, forms: MappingOf[str, InputForm], reporter: Reporter
) -> list[EvalInput]:
    """All distinct pairs of prefix and input in file order.

    An input that stands under several prefixes has its prefix's name in its example id.

    Args:
        column: whose cells name the prefixes.
        forms: for each name in the column, how its prefix reads a row.

    Raises:
        UserError: a column that the dataset does not have.
        Cancelled: through the reporter.
    """
    index = store.column(column)
    readers = {name: RowReader(store, form.mapping) for name, form in forms.items()}
    groupings = {name: _Grouping(readers[name], form.linearisation) for name, form in forms.items()}
    order: dict[tuple[str, str], None] = {}
    for row in store.rows():
        if row.number % _UPDATE_ROWS == 1:
            reporter.update(row.number - 1, store.meta.row_count, "rows", "reading the inputs")
        name = row.cells[index].strip()
        groupings[name].add(row.cells)
        order.setdefault((name, readers[name].example_id(row.cells)))
    grouped = {
        (name, row.example_id): replace(row, prefix=name)
        for name, grouping in groupings.items()
        for row in grouping.inputs()
    }
    times = Counter(example_id for _, example_id in order)
    return [
        grouped[pair]
        if times[pair[1]] == 1
        else replace(grouped[pair], example_id=f"{pair[1]}.{pair[0]}")
        for pair in order
    ]


class _Grouping:
    """Rows with the same input become one input with several references.

    A sentence that comes again is another input where it has tags: each of its entities counts.

    Args:
        by_category: whether the same input in another category is another one.
    """

    def __init__(
        self, reader: RowReader, form: Linearisation, *, by_category: bool = False
    ) -> None:
        self._reader = reader
        self._form = form
        self._by_category = by_category
        self._categories: dict[str, str] = {}
        self._firsts: dict[str, tuple[str, ...]] = {}
        self._references: dict[str, list[str]] = {}
        self._starts: dict[str, list[int]] = {}
        self._times: Counter[str] = Counter()

    def add(self, cells: tuple[str, ...]) -> None:
        example_id = self._reader.example_id(cells)
        if self._by_category:
            category = self._reader.category(cells)
            if category != self._categories.setdefault(example_id, category):
                example_id = f"{example_id}.{category}"
        if self._reader.kind is AnswerKind.TAGS:
            self._times[example_id] += 1
            if self._times[example_id] > 1:
                example_id = f"{example_id}.{self._times[example_id]}"
        self._firsts.setdefault(example_id, cells)
        answer = self._reader.answer(cells)
        self._references.setdefault(example_id, []).extend(answer.references)
        self._starts.setdefault(example_id, []).extend(answer.starts)

    def inputs(self) -> list[EvalInput]:
        return [self._input(example_id, cells) for example_id, cells in self._firsts.items()]

    def _input(self, example_id: str, cells: tuple[str, ...]) -> EvalInput:
        inputs = self._reader.input(cells)
        references, starts = self._references[example_id], self._starts[example_id]
        if self._reader.kind is AnswerKind.SPAN:
            references, starts = _right_answers(references, starts)
        elif self._reader.has_references or self._reader.kind is AnswerKind.LABEL:
            references = list(dict.fromkeys(references))  # which each row of an input may repeat
        return EvalInput(
            example_id=example_id,
            fields=inputs.fields,
            source=self._reader.text(cells, self._form),
            references=tuple(references),
            category=self._reader.category(cells),
            parts=self._reader.parts(cells),
            starts=tuple(starts),
        )


def _right_answers(references: list[str], starts: list[int]) -> tuple[list[str], list[int]]:
    """The distinct answers of a question; none only where no row has any."""
    places = dict(zip(references, starts, strict=True))
    if len(places) > 1:
        places.pop("", None)
    return list(places), list(places.values())
