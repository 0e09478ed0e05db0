"""What the mapping makes of a row: its input, its target, its split and its category."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Linearisation, Mapping, Role
from engine.data.answers import RowAnswer, label_answer, span_answer, tags_answer, text_answer
from engine.data.linearising import Part, linearise, shown_field
from engine.data.meaning import Field, NotAMeaningError, parse_meaning
from engine.data.sequences import items_of, tags_of
from engine.data.tag_schemes import TagScheme, scheme_of
from engine.data.text_lists import joined_list, texts_in
from engine.data.triples import NotTriplesError, parse_triples

_SCHEME_ROWS = 1000
"""So many tell which scheme the tags of a dataset are in."""
_encode = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps makes a new one each time


@dataclass(frozen=True, slots=True)
class Input:
    """The input of a row.

    Attributes:
        parts: fields and triples, in the mapping's order; those of a meaning representation
            in its place.
        sources: source texts, and meaning representations and triples that do not parse.
        all_parsed: whether all of these did.
    """

    parts: tuple[Part, ...]
    sources: tuple[str, ...]
    all_parsed: bool = True

    @property
    def fields(self) -> tuple[Field, ...]:
        """The parts as keys and values, for showing them as a table."""
        return tuple(shown_field(part) for part in self.parts)

    def text(self, form: Linearisation) -> str:
        """The input as the backbone reads it."""
        return linearise(self.parts, self.sources, form)


CellContent = tuple[Sequence[Part], Sequence[str], bool]
"""What a cell of an input column says: parts, source texts, and whether it parsed."""


def content_of(name: str, role: Role, cell: str) -> CellContent:
    """What a cell says."""
    if role is Role.FIELD:
        return [(name, joined_list(cell))], (), True
    if role is Role.SOURCE:
        return (), [joined_list(cell)] if cell.strip() else (), True
    try:
        return (parse_meaning if role is Role.MEANING else parse_triples)(cell), (), True
    except (NotAMeaningError, NotTriplesError):
        return (), [cell], False


def input_of(cells: Iterable[tuple[str, Role, str]]) -> Input:
    """The input of a row whose input cells are these: name, role and text of each."""
    return joined_input(content_of(*cell) for cell in cells)


def joined_input(contents: Iterable[CellContent]) -> Input:
    """The input of a row whose cells say this."""
    parts: list[Part] = []
    sources: list[str] = []
    all_parsed = True
    for more, texts, parsed in contents:
        parts += more
        sources += texts
        all_parsed &= parsed
    return Input(tuple(parts), tuple(sources), all_parsed)


class RowReader:
    """Takes rows of one dataset apart as a mapping says.

    Raises:
        UserError: the mapping names a column that the dataset does not have.
    """

    def __init__(self, store: DatasetStore, mapping: Mapping) -> None:
        self.kind = mapping.answer
        self._inputs = [(store.column(c.name), c.name, c.role) for c in mapping.inputs]
        # Sorted, so that the id does not change with the order in which fields are written.
        self._sorted = sorted((name, index) for index, name, _ in self._inputs)
        self._target = self._index(store, mapping, Role.TARGET)
        self._references = tuple(map(store.column, mapping.named(Role.REFERENCES)))
        self._split = self._index(store, mapping, Role.SPLIT)
        self._category = self._index(store, mapping, Role.CATEGORY)
        self._start = self._index(store, mapping, Role.START)
        sources = [index for index, _, role in self._inputs if role is Role.SOURCE]
        self._source = next(iter(sources or [index for index, _, _ in self._inputs]), None)
        self._scheme = TagScheme.IOB2
        if self.kind is AnswerKind.TAGS and (target := self._target) is not None:
            first = store.rows(count=_SCHEME_ROWS)
            self._scheme = scheme_of(tags_of(row.cells[target]) for row in first)

    @staticmethod
    def _index(store: DatasetStore, mapping: Mapping, role: Role) -> int | None:
        name = mapping.column_of(role)
        return None if name is None else store.column(name)

    def example_id(self, cells: tuple[str, ...]) -> str:
        """Name of the input: 16 hex digits of a sha256 over names and values of its cells.

        It does not depend on the linearisation, so the same input has the same id in all runs.
        """
        pairs = [(name, cells[index]) for name, index in self._sorted]
        return hashlib.sha256(_encode(pairs).encode("utf-8")).hexdigest()[:16]

    def input(self, cells: tuple[str, ...]) -> Input:
        """Fields and source texts."""
        return input_of((name, role, cells[index]) for index, name, role in self._inputs)

    def text(self, cells: tuple[str, ...], form: Linearisation) -> str:
        """The input as text; of tags, the words joined by blanks."""
        if self.kind is AnswerKind.TAGS:
            return " ".join(items_of(self.source_cell(cells)))
        return self.input(cells).text(form)

    def parts(self, cells: tuple[str, ...]) -> tuple[str, ...]:
        """The cells of the input columns, in order; those of a text to write are not asked for."""
        if self.kind is AnswerKind.LABEL:
            return tuple(joined_list(cells[index]) for index, _, _ in self._inputs)
        if self.kind is AnswerKind.TEXT:
            return ()
        return tuple(cells[index] for index, _, _ in self._inputs)

    def has_input(self, cells: tuple[str, ...]) -> bool:
        """Whether any input cell holds text."""
        return any(cells[index].strip() for index, _, _ in self._inputs)

    @property
    def has_references(self) -> bool:
        """Whether columns hold further references."""
        return bool(self._references)

    def answer(self, cells: tuple[str, ...]) -> RowAnswer:
        """What the target says: what is learned, and what outputs are compared with."""
        cell = "" if self._target is None else cells[self._target]
        if self.kind is AnswerKind.LABEL:
            return label_answer(cell)
        if self.kind is AnswerKind.TAGS:
            return tags_answer(self.source_cell(cells), cell, self._scheme)
        if self.kind is AnswerKind.SPAN:
            if self._target is None:
                return RowAnswer()
            starts = "" if self._start is None else cells[self._start]
            return span_answer(self.source_cell(cells), cell, starts)
        return text_answer(cell, self._further(cells))

    def targets(self, cells: tuple[str, ...]) -> tuple[str, ...]:
        """What is learned, several where the cell is a list of examples."""
        return self.answer(cells).targets

    def references(self, cells: tuple[str, ...]) -> tuple[str, ...]:
        """What outputs are compared with: the targets, then the references."""
        return self.answer(cells).references

    def source_cell(self, cells: tuple[str, ...]) -> str:
        """Where the words or the answers are: the first source column, else the first input."""
        return "" if self._source is None else cells[self._source]

    def _further(self, cells: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(text for index in self._references for text in texts_in(cells[index]))

    def split(self, cells: tuple[str, ...]) -> str:
        """The cell of the split column, or ""."""
        return "" if self._split is None else cells[self._split]

    def category(self, cells: tuple[str, ...]) -> str:
        """The cell of the category column, or ""."""
        return "" if self._category is None else cells[self._category].strip()
