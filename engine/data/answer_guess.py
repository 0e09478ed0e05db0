"""Guessing what is to be predicted: a text, unless names and values say something else."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.contract.reading.reading import FileReport, Finding
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Column, Mapping, Role
from engine.data.answer_tally import MOST_CLASSES
from engine.data.answers import span_answer
from engine.data.column_names import (
    ANSWER_STARTS,
    ANSWERS,
    CONTEXTS,
    LABEL_INPUTS,
    LABELS,
    QUESTIONS,
    TAGS,
    TARGETS,
    UNNAMED_COLUMN,
    WEAK_LABELS,
    WEAK_TARGETS,
    WORDS,
)
from engine.data.column_samples import ColumnSample, samples_of
from engine.data.roles import guess_roles
from engine.data.sequences import items_of, tags_of
from engine.data.tag_schemes import TAG

_PROSE_WORDS = 3
_LABEL_CHARACTERS = 60
_LABEL_WORDS = 3
_MOST_LABELS = 200
_MOST_UNNAMED_LABELS = 50
_LEAST_ROWS = 10
_COMPARED_ROWS = 300
_MOST, _SOME = 0.9, 0.5
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_FRACTION = re.compile(r"-?\d*\.\d*[1-9]\d*")

Rows = Sequence[tuple[str, ...]]
Roles = dict[int, Role]


@dataclass(frozen=True)
class Guess:
    """What a dataset's columns are for.

    Attributes:
        findings: about columns that are ignored.
    """

    columns: tuple[Column, ...]
    answer: AnswerKind
    findings: tuple[Finding, ...] = ()


def guess_columns(
    names: tuple[str, ...], rows: list[tuple[str, ...]], answer: AnswerKind | None = None
) -> Guess:
    """Roles of the columns, and what is to be predicted.

    Args:
        names: of the columns.
        rows: the first rows, each with as many cells as there are columns.
        answer: what is to be predicted, where that is settled.
    """
    columns, findings = guess_roles(names, rows)
    if answer is AnswerKind.TEXT:
        return Guess(columns, answer, findings)
    samples = samples_of(names, rows)
    text_roles = {index: column.role for index, column in enumerate(columns)}
    free = [
        sample
        for sample in samples
        if sample.values and text_roles[sample.index] not in (Role.SPLIT, Role.IGNORED)
    ]
    for kind, find in _FINDERS:
        if answer not in (None, kind):
            continue
        given = (
            free if kind is AnswerKind.LABEL else [sample for sample in samples if sample.values]
        )
        roles = find(given, rows, text_roles, answer is not None)
        if roles is None:
            continue
        lasting = (Role.SPLIT, Role.CATEGORY) if kind is AnswerKind.LABEL else (Role.SPLIT,)
        return Guess(
            tuple(
                Column(
                    name, roles.get(i, text_roles[i] if text_roles[i] in lasting else Role.IGNORED)
                )
                for i, name in enumerate(names)
            ),
            kind,
            findings,
        )
    return Guess(columns, answer or AnswerKind.TEXT, findings)


def answer_of(report: FileReport, mapping: Mapping) -> AnswerKind:
    """What the target of named columns is: as it was guessed, or labels that are clearly such."""
    target = mapping.column_of(Role.TARGET)
    if target == report.mapping.column_of(Role.TARGET):
        return report.answer
    names = [column.name for column in report.columns]
    if target not in names:
        return AnswerKind.TEXT
    sample = samples_of(names, report.preview)[names.index(target)]
    return AnswerKind.LABEL if _are_surely_labels(sample) else AnswerKind.TEXT


def _find_tags(samples: list[ColumnSample], rows: Rows, _text: Roles, asked: bool) -> Roles | None:
    """Two columns with as many words as tags."""
    by_name = sorted(samples, key=lambda sample: _rank(sample.name, TAGS))
    for tags in by_name:
        known, are_of_entities = tags.name in TAGS, _are_entity_tags(tags.values)
        if not (known or asked or are_of_entities):
            continue
        share = _SOME if known and are_of_entities else _MOST
        for words in sorted(samples, key=lambda sample: _rank(sample.name, WORDS)):
            certain = asked or are_of_entities or words.name in WORDS
            if words is not tags and certain and _are_even(rows, words.index, tags.index, share):
                return {words.index: Role.SOURCE, tags.index: Role.TARGET}
    return None


def _find_span(samples: list[ColumnSample], rows: Rows, _text: Roles, asked: bool) -> Roles | None:
    """A text, a question, and answers that the text has."""
    context, question, answer, start = (
        _named(samples, names) for names in (CONTEXTS, QUESTIONS, ANSWERS, ANSWER_STARTS)
    )
    if context is None or answer is None or (question is None and not asked):
        return None
    answers = [
        span_answer(row[context.index], row[answer.index])
        for row in rows[:_COMPARED_ROWS]
        if row[answer.index].strip()
    ]
    is_sure = asked or (question is not None and start is not None)
    if not is_sure and sum(bool(each.targets) for each in answers) < _MOST * max(1, len(answers)):
        return None
    roles = {context.index: Role.SOURCE, answer.index: Role.TARGET}
    if question is not None:
        roles[question.index] = Role.FIELD
    if start is not None:
        roles[start.index] = Role.START
    return roles


def _find_label(samples: list[ColumnSample], _rows: Rows, text: Roles, asked: bool) -> Roles | None:
    """A column of few short values beside texts."""
    if not asked and not {Role.MEANING, Role.TRIPLES}.isdisjoint(text.values()):
        return None
    label = _label_column(samples, text, asked=asked)
    if label is None:
        return None
    others = [sample for sample in samples if sample is not label]
    read = [sample for sample in others if _is_read(sample)]
    read = read or [sample for sample in others if not _is_numeric(sample)]
    if not read:
        return None
    return {sample.index: Role.SOURCE for sample in read} | {label.index: Role.TARGET}


def _label_column(samples: list[ColumnSample], text: Roles, *, asked: bool) -> ColumnSample | None:
    few = [sample for sample in samples if _are_labels(sample)]
    strong = [
        sample
        for sample in samples
        if sample not in few and (text[sample.index] is Role.TARGET) and _is_text_target(sample)
    ]
    if strong and not asked:
        return None
    named = [sample for sample in samples if _are_labels(sample, MOST_CLASSES)]
    label = _named(named, LABELS)
    if label is not None:
        return label
    surely = few if asked else [sample for sample in few if _are_surely_labels(sample)]
    weak = _named(surely, WEAK_LABELS)
    for candidate in (weak, *reversed(surely)):
        if candidate is None:
            continue
        others = [sample for sample in samples if sample is not candidate]
        unnamed = all(UNNAMED_COLUMN.fullmatch(sample.name) for sample in samples)
        if asked or (
            (candidate is weak or unnamed or len(others) == 1)
            and others
            and all(_is_prose(sample) or _is_numeric(sample) for sample in others)
            and any(map(_is_prose, others))
        ):
            return candidate
    return None


_FINDERS: tuple[
    tuple[AnswerKind, Callable[[list[ColumnSample], Rows, Roles, bool], Roles | None]], ...
] = (
    (AnswerKind.TAGS, _find_tags),
    (AnswerKind.SPAN, _find_span),
    (AnswerKind.LABEL, _find_label),
)


def _rank(name: str, names: Sequence[str]) -> int:
    return names.index(name) if name in names else len(names)


def _named(samples: Sequence[ColumnSample], names: Sequence[str]) -> ColumnSample | None:
    """The sample whose name comes first among these names."""
    return next((sample for name in names for sample in samples if sample.name == name), None)


def _are_entity_tags(values: Sequence[str]) -> bool:
    """Whether nearly all cells hold tags of entities alone, and some an entity."""
    cells = [tags_of(value) for value in values[:_COMPARED_ROWS]]
    fits = sum(all(map(TAG.fullmatch, items)) for items in cells)
    has_entity = any(item != "O" for items in cells for item in items)
    return has_entity and fits >= _MOST * len(cells)


def _are_even(rows: Rows, words: int, tags: int, share: float) -> bool:
    """Whether this share of rows have as many words as tags, and some have several."""
    counts = [
        (len(items_of(row[words])), len(tags_of(row[tags])))
        for row in rows[:_COMPARED_ROWS]
        if row[words].strip() and row[tags].strip()
    ]
    even = sum(first == second for first, second in counts)
    return any(first > 1 for first, _ in counts) and even >= share * len(counts)


def _are_labels(sample: ColumnSample, most: int = _MOST_LABELS) -> bool:
    """Whether the values are few and short."""
    count = len(sample.values)
    return (
        sample.distinct <= max(2, min(most, count // 2))
        and sample.mean_words <= _LABEL_WORDS
        and max(map(len, sample.values)) <= _LABEL_CHARACTERS
        and not any(map(_FRACTION.fullmatch, sample.values))
    )


def _are_surely_labels(sample: ColumnSample) -> bool:
    """Whether there are enough rows to say so, whatever the column is called."""
    count = len(sample.values)
    most = min(_MOST_UNNAMED_LABELS, count // 4)
    return count >= _LEAST_ROWS and 2 <= sample.distinct <= most and _are_labels(sample)


def _is_text_target(sample: ColumnSample) -> bool:
    name = sample.name.rpartition(".")[2]
    return name in TARGETS and name not in WEAK_TARGETS


def _is_prose(sample: ColumnSample) -> bool:
    return sample.mean_words >= _PROSE_WORDS


def _is_numeric(sample: ColumnSample) -> bool:
    return all(map(_NUMBER.fullmatch, sample.values))


def _is_read(sample: ColumnSample) -> bool:
    """Whether a column beside the label is a text, rather than a number or a note about it."""
    if sample.distinct == 1 < len(sample.values):
        return False
    if sample.name in LABEL_INPUTS or _is_prose(sample):
        return True
    several = 2 * sample.distinct > len(sample.values)
    return several and not _is_numeric(sample) and "label" not in sample.name
