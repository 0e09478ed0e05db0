"""Guessing what each column is for, from its name and its first values."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Sequence

from engine.contract.reading.reading import Finding, FindingKind
from engine.contract.specs.data import Column, Role
from engine.data.column_names import (
    CATEGORIES,
    IDENTIFIER,
    IDENTIFIERS,
    INDEXES,
    LANGUAGES,
    MEANINGS,
    NUMBERED_REFERENCE,
    PREDICTIONS,
    REFERENCES,
    SOURCES,
    SPLITS,
    TARGETS,
    TRIPLES,
    UNNAMED,
    WEAK_TARGETS,
)
from engine.data.column_samples import SAMPLE_ROWS, ColumnSample, samples_of
from engine.data.meaning import is_meaning
from engine.data.sides import side_named
from engine.data.triples import is_triples

_MOST_CATEGORIES = 50
_MEANING_SHARE = 0.9
_PROSE_WORDS, _SENTENCE_WORDS = 4, 12
_ENDS = ("Po", "Pf")
"""Categories of characters that end a sentence, such as a full stop or a quotation mark."""
_NUMBERS = re.compile(r"-?[\d.eE+-]+(, -?[\d.eE+-]+)*")
_NOT_TEXT = re.compile(r"\(([\d,]+ bytes?|\w+)\)")
"""What stands for bytes that are no text, and for other things that are none."""
_STRUCTURE = ("[[", "[{", "{")
_ARTICLE_CHARACTERS = 300  # mean length from which a column is an article rather than a field


def guess_roles(
    names: tuple[str, ...], rows: list[tuple[str, ...]]
) -> tuple[tuple[Column, ...], tuple[Finding, ...]]:
    """Roles for the columns, and findings about columns that are ignored.

    Args:
        names: of the columns.
        rows: the first rows, each with as many cells as there are columns.
    """
    rows = rows[:SAMPLE_ROWS]
    columns = samples_of(names, rows)
    roles: dict[int, Role] = {}
    findings = []
    for column in columns:
        if _is_index(column, len(rows)):
            roles[column.index] = Role.IGNORED
            findings.append(
                Finding(
                    FindingKind.INDEX_COLUMN,
                    f"Column {names[column.index]!r} only counts the rows: it is ignored.",
                    1,
                )
            )
        elif _says_nothing(column) or (rows and not column.values):
            roles[column.index] = Role.IGNORED
    _mark_first(roles, columns, Role.SPLIT, _is_split)
    _mark_first(roles, columns, Role.CATEGORY, _is_category)
    _mark_first(roles, columns, Role.MEANING, _is_meaning)
    _mark_first(roles, columns, Role.TRIPLES, _holds_triples)
    rest = [column for column in columns if column.index not in roles]
    target = _find_target(rest, bool(roles))
    has_references = any(map(_is_reference, rest))
    if target is not None:
        roles[target.index] = Role.TARGET
    has_meaning = not {Role.MEANING, Role.TRIPLES}.isdisjoint(roles.values())
    has_source = has_meaning or any(
        column.name in SOURCES for column in columns if column.index not in roles
    )
    for column in columns:
        if column.index not in roles:
            roles[column.index] = _role_beside(column, target, has_references=has_references) or (
                _role_of_input(column, has_meaning=has_meaning, has_source=has_source)
            )
    further = [names[index] for index, role in roles.items() if role is Role.REFERENCES]
    if further and target is not None:
        message = (
            f"Further references in {', '.join(map(repr, further))}: outputs are compared with "
            f"them too, and {names[target.index]!r} alone is trained on."
        )
        findings.append(Finding(FindingKind.REFERENCES, message, len(further)))
    named = tuple(Column(name, roles[index]) for index, name in enumerate(names))
    return named, tuple(findings)


def has_texts(columns: Sequence[Column], rows: Sequence[tuple[str, ...]]) -> bool:
    """Whether the guessed target is likely one, by its name or because it reads like sentences.

    Args:
        columns: with the roles that `guess_roles` gave them.
        rows: the first rows.
    """
    for index, column in enumerate(columns):
        if column.role is not Role.TARGET:
            continue
        sample = samples_of([column.name for column in columns], rows)[index]
        is_named = sample.name.rpartition(".")[2] in TARGETS or _is_reference(sample)
        return bool(sample.values) and (is_named or _holds_sentences(sample))
    return False


def _holds_sentences(column: ColumnSample) -> bool:
    """Whether most values end as sentences do, or are long; addresses have many words too."""
    if column.mean_words < _PROSE_WORDS or column.name in SOURCES:
        return False
    ends = (unicodedata.category(value.rstrip()[-1]) for value in column.values)
    most_end = 2 * sum(end in _ENDS for end in ends) > len(column.values)
    return most_end or column.mean_words >= _SENTENCE_WORDS


def _mark_first(
    roles: dict[int, Role],
    columns: list[ColumnSample],
    role: Role,
    fits: Callable[[ColumnSample], bool],
) -> None:
    """Give `role` to the first column that fits and has none."""
    for column in columns:
        if column.index not in roles and fits(column):
            roles[column.index] = role
            return


def _is_index(column: ColumnSample, row_count: int) -> bool:
    nameless = UNNAMED.fullmatch(column.name) or column.name == f"column {column.index + 1}"
    if not (nameless or column.name in INDEXES) or len(column.values) != row_count:
        return False
    if not all(value.isascii() and value.isdigit() for value in column.values):
        return False
    numbers = [int(value) for value in column.values]
    if not numbers or (row_count < 2 and not UNNAMED.fullmatch(column.name)):
        return False
    # Rejected rows leave gaps, so the numbers need only rise from 0 or 1.
    rising = all(first < second for first, second in itertools.pairwise(numbers))
    return numbers[0] in (0, 1) and rising


def _is_split(column: ColumnSample) -> bool:
    values = set(column.values)
    if not values or any(side_named(value) is None for value in values):
        return False
    return column.name in SPLITS or len(column.values) > 3


def _is_category(column: ColumnSample) -> bool:
    distinct = len(set(column.values))
    return (
        column.name in CATEGORIES
        and 0 < distinct <= _MOST_CATEGORIES
        and (distinct <= 3 or distinct < len(column.values) / 2)
    )


def _is_meaning(column: ColumnSample) -> bool:
    if not column.values:
        return column.name in MEANINGS
    share = sum(map(is_meaning, column.values)) / len(column.values)
    return share >= (_MEANING_SHARE if column.name not in MEANINGS else 0.5)


def _holds_triples(column: ColumnSample) -> bool:
    if not column.values:
        return column.name in TRIPLES
    share = sum(map(is_triples, column.values)) / len(column.values)
    return share >= (_MEANING_SHARE if column.name not in TRIPLES else 0.5)


def _says_nothing(column: ColumnSample) -> bool:
    """Whether a column names its rows, or holds nothing that can be read."""
    if column.name in IDENTIFIERS or IDENTIFIER.fullmatch(column.name):
        return True
    return bool(column.values) and all(map(_NOT_TEXT.fullmatch, column.values))


def _is_reference(column: ColumnSample) -> bool:
    return column.name in REFERENCES or NUMBERED_REFERENCE.fullmatch(column.name) is not None


def _find_target(columns: list[ColumnSample], has_others: bool) -> ColumnSample | None:
    """By name; else the last column that reads like sentences; else the last one.

    Names of references come after those of other targets, and what a model wrote after these.
    """
    named = [column for name in TARGETS for column in columns if column.name == name]
    later = (*REFERENCES, *PREDICTIONS, *WEAK_TARGETS)
    for candidates in (
        [column for column in named if column.name not in later],
        [column for column in named if column.name in REFERENCES],
        [column for column in columns if NUMBERED_REFERENCE.fullmatch(column.name)],
        named,
        [column for name in TARGETS for column in columns if column.name.endswith(f".{name}")],
    ):
        if candidates:
            return candidates[0]
    if len(columns) < 2 and not has_others:
        return None
    prose = [column for column in columns if column.mean_words >= _PROSE_WORDS]
    candidates = prose or columns
    return candidates[-1] if candidates else None


def _holds_number_lists(column: ColumnSample) -> bool:
    lists = sum(", " in value for value in column.values)
    return 2 * lists > len(column.values) and all(map(_NUMBERS.fullmatch, column.values))


def _role_beside(
    column: ColumnSample, target: ColumnSample | None, *, has_references: bool
) -> Role | None:
    """The role of a column that belongs to the target: more references, or words about it."""
    if target is None:
        return None
    if _is_reference(column):
        return Role.REFERENCES
    if has_references and column.name in PREDICTIONS:
        return Role.IGNORED
    inside = target.name.rpartition(".")[0]  # such as "answers.start" beside "answers.text"
    return Role.IGNORED if inside and column.name.startswith(f"{inside}.") else None


def _role_of_input(column: ColumnSample, *, has_meaning: bool, has_source: bool) -> Role:
    if column.name in LANGUAGES and len(set(column.values)) > 1:
        return Role.FIELD  # else texts in several languages were references of one another
    if column.name in SOURCES:
        return Role.SOURCE
    if has_meaning or (has_source and _holds_structure(column)):
        return Role.IGNORED  # such as the "orig_mr" and "fixed" of the cleaned E2E files
    if _holds_number_lists(column):
        return Role.IGNORED  # labels of sentences
    return Role.SOURCE if column.mean_length >= _ARTICLE_CHARACTERS else Role.FIELD


def _holds_structure(column: ColumnSample) -> bool:
    """Whether the cells are lists of lists or objects, such as a table beside its own text."""
    return all(value.startswith(_STRUCTURE) for value in column.values)
