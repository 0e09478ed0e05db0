"""Guessing what each column is for, from its name and its first values."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass

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
from engine.data.meaning import is_meaning
from engine.data.sides import side_named
from engine.data.triples import is_triples

SAMPLE_ROWS = 2000
"""Rows that the guess looks at."""
_MOST_CATEGORIES = 50
_MEANING_SHARE = 0.9
_NUMBERS = re.compile(r"-?[\d.eE+-]+(, -?[\d.eE+-]+)*")
_NOT_TEXT = re.compile(r"\(([\d,]+ bytes?|\w+)\)")
"""What stands for bytes that are no text, and for other things that are none."""
_STRUCTURE = ("[[", "[{", "{")
_ARTICLE_CHARACTERS = 300  # mean length from which a column is an article rather than a field


@dataclass(frozen=True)
class _Look:
    """A column's name in lower case and the non-empty ones of its first values."""

    index: int
    name: str
    values: list[str]

    @property
    def mean_length(self) -> float:
        return sum(map(len, self.values)) / len(self.values) if self.values else 0.0

    @property
    def mean_words(self) -> float:
        words = sum(len(value.split()) for value in self.values)
        return words / len(self.values) if self.values else 0.0


def guess_roles(
    columns: tuple[str, ...], rows: list[tuple[str, ...]]
) -> tuple[tuple[Column, ...], tuple[Finding, ...]]:
    """Roles for the columns, and findings about columns that are ignored.

    Args:
        columns: names.
        rows: the first rows, each with as many cells as there are columns.
    """
    rows = rows[:SAMPLE_ROWS]
    looks = [
        _Look(index, name.lower(), [row[index] for row in rows if row[index].strip()])
        for index, name in enumerate(columns)
    ]
    roles: dict[int, Role] = {}
    findings = []
    for look in looks:
        if _is_index(look, len(rows)):
            roles[look.index] = Role.IGNORED
            findings.append(
                Finding(
                    FindingKind.INDEX_COLUMN,
                    f"Column {columns[look.index]!r} only counts the rows: it is ignored.",
                    1,
                )
            )
        elif _says_nothing(look) or (rows and not look.values):
            roles[look.index] = Role.IGNORED
    _mark_one(roles, looks, Role.SPLIT, _is_split)
    _mark_one(roles, looks, Role.CATEGORY, _is_category)
    _mark_one(roles, looks, Role.MEANING, _is_meaning)
    _mark_one(roles, looks, Role.TRIPLES, _holds_triples)
    rest = [look for look in looks if look.index not in roles]
    target = _find_target(rest, bool(roles))
    has_references = any(map(_is_reference, rest))
    if target is not None:
        roles[target.index] = Role.TARGET
    has_meaning = not {Role.MEANING, Role.TRIPLES}.isdisjoint(roles.values())
    has_source = has_meaning or any(one.name in SOURCES for one in looks if one.index not in roles)
    for look in looks:
        if look.index not in roles:
            roles[look.index] = _role_beside(look, target, has_references=has_references) or (
                _role_of_input(look, has_meaning=has_meaning, has_source=has_source)
            )
    further = [columns[index] for index, role in roles.items() if role is Role.REFERENCES]
    if further and target is not None:
        message = (
            f"Further references in {', '.join(map(repr, further))}: outputs are compared with "
            f"them too, and {columns[target.index]!r} alone is trained on."
        )
        findings.append(Finding(FindingKind.REFERENCES, message, len(further)))
    named = tuple(Column(name, roles[index]) for index, name in enumerate(columns))
    return named, tuple(findings)


def _mark_one(
    roles: dict[int, Role], looks: list[_Look], role: Role, fits: Callable[[_Look], bool]
) -> None:
    """Give `role` to the first column that fits and has none."""
    for look in looks:
        if look.index not in roles and fits(look):
            roles[look.index] = role
            return


def _is_index(look: _Look, row_count: int) -> bool:
    nameless = UNNAMED.fullmatch(look.name) or look.name == f"column {look.index + 1}"
    if not (nameless or look.name in INDEXES) or len(look.values) != row_count:
        return False
    if not all(value.isascii() and value.isdigit() for value in look.values):
        return False
    numbers = [int(value) for value in look.values]
    if not numbers or (row_count < 2 and not UNNAMED.fullmatch(look.name)):
        return False
    # Rejected rows leave gaps, so the numbers need only rise from 0 or 1.
    rising = all(one < two for one, two in itertools.pairwise(numbers))
    return numbers[0] in (0, 1) and rising


def _is_split(look: _Look) -> bool:
    values = set(look.values)
    if not values or any(side_named(value) is None for value in values):
        return False
    return look.name in SPLITS or len(look.values) > 3


def _is_category(look: _Look) -> bool:
    distinct = len(set(look.values))
    return (
        look.name in CATEGORIES
        and 0 < distinct <= _MOST_CATEGORIES
        and (distinct <= 3 or distinct < len(look.values) / 2)
    )


def _is_meaning(look: _Look) -> bool:
    if not look.values:
        return look.name in MEANINGS
    share = sum(map(is_meaning, look.values)) / len(look.values)
    return share >= (_MEANING_SHARE if look.name not in MEANINGS else 0.5)


def _holds_triples(look: _Look) -> bool:
    if not look.values:
        return look.name in TRIPLES
    share = sum(map(is_triples, look.values)) / len(look.values)
    return share >= (_MEANING_SHARE if look.name not in TRIPLES else 0.5)


def _says_nothing(look: _Look) -> bool:
    """Whether a column names its rows, or holds nothing that can be read."""
    if look.name in IDENTIFIERS or IDENTIFIER.fullmatch(look.name):
        return True
    return bool(look.values) and all(map(_NOT_TEXT.fullmatch, look.values))


def _is_reference(look: _Look) -> bool:
    return look.name in REFERENCES or NUMBERED_REFERENCE.fullmatch(look.name) is not None


def _find_target(looks: list[_Look], has_others: bool) -> _Look | None:
    """By name; else the last column that reads like sentences; else the last one.

    Names of references come after those of other targets, and what a model wrote after these.
    """
    named = [look for name in TARGETS for look in looks if look.name == name]
    later = (*REFERENCES, *PREDICTIONS, *WEAK_TARGETS)
    for candidates in (
        [look for look in named if look.name not in later],
        [look for look in named if look.name in REFERENCES],
        [look for look in looks if NUMBERED_REFERENCE.fullmatch(look.name)],
        named,
        [look for name in TARGETS for look in looks if look.name.endswith(f".{name}")],
    ):
        if candidates:
            return candidates[0]
    if len(looks) < 2 and not has_others:
        return None
    prose = [look for look in looks if look.mean_words >= 4]
    candidates = prose or looks
    return candidates[-1] if candidates else None


def _holds_number_lists(look: _Look) -> bool:
    lists = sum(", " in value for value in look.values)
    return 2 * lists > len(look.values) and all(map(_NUMBERS.fullmatch, look.values))


def _role_beside(look: _Look, target: _Look | None, *, has_references: bool) -> Role | None:
    """The role of a column that belongs to the target: more references, or words about it."""
    if target is None:
        return None
    if _is_reference(look):
        return Role.REFERENCES
    if has_references and look.name in PREDICTIONS:
        return Role.IGNORED
    inside = target.name.rpartition(".")[0]  # such as "answers.start" beside "answers.text"
    return Role.IGNORED if inside and look.name.startswith(f"{inside}.") else None


def _role_of_input(look: _Look, *, has_meaning: bool, has_source: bool) -> Role:
    if look.name in LANGUAGES and len(set(look.values)) > 1:
        return Role.FIELD  # else texts in several languages were references of one another
    if look.name in SOURCES:
        return Role.SOURCE
    if has_meaning or (has_source and _holds_structure(look)):
        return Role.IGNORED  # such as the "orig_mr" and "fixed" of the cleaned E2E files
    if _holds_number_lists(look):
        return Role.IGNORED  # labels of sentences
    return Role.SOURCE if look.mean_length >= _ARTICLE_CHARACTERS else Role.FIELD


def _holds_structure(look: _Look) -> bool:
    """Whether the cells are lists of lists or objects, such as a table beside its own text."""
    return all(value.startswith(_STRUCTURE) for value in look.values)
