"""Which column of a new table is which field of a prefix."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import no_such_column
from engine.contract.specs.data import Column, Role

_IGNORED = re.compile(r"[\s_.\-]+")


@dataclass(frozen=True)
class Match:
    """An input of the prefix and the column that it is read from.

    Attributes:
        field: name of the input when the prefix was trained, and as the model reads it.
        role: what its cells hold.
        column: of the table; "" where it has none, so that every row lacks the field.
    """

    field: str
    role: Role
    column: str = ""


def match_columns(inputs: Iterable[Column], columns: Sequence[str]) -> tuple[Match, ...]:
    """A column for each input: of the same name, or of one that reads the same.

    Case, spaces, underscores, hyphens and dots do not matter; no column is used twice.
    """
    inputs = tuple(inputs)
    chosen: dict[str, str] = {}
    for reading in (str, _reduced):
        used = set(chosen.values())
        free: dict[str, list[str]] = {}
        for name in reversed(columns):
            if name not in used:
                free.setdefault(reading(name), []).append(name)
        for item in inputs:
            if item.name not in chosen and (names := free.get(reading(item.name))):
                chosen[item.name] = names.pop()
    return tuple(Match(item.name, item.role, chosen.get(item.name, "")) for item in inputs)


def rematch(
    matches: Sequence[Match], chosen: Iterable[tuple[str, str]], columns: Sequence[str]
) -> tuple[Match, ...]:
    """The matches with those that a person chose.

    Args:
        matches: those by name.
        chosen: fields and their columns; "" for none.
        columns: of the table.

    Raises:
        UserError: no such field, no such column, or a column for two fields.
    """
    by_hand = dict(chosen)
    fields = [match.field for match in matches]
    for field, column in by_hand.items():
        if field not in fields:
            raise UserError(
                "no-such-field",
                "There is no field {field!r}. The fields of the prefix are {known}.",
                field=field,
                known=", ".join(map(repr, fields)),
            )
        if column and column not in columns:
            raise no_such_column(column, columns)
    used = {*by_hand.values()} - {""}
    changed = []
    for match in matches:
        column = "" if match.column in used else match.column
        changed.append(Match(match.field, match.role, by_hand.get(match.field, column)))
    check_matches(changed)
    return tuple(changed)


def check_matches(matches: Sequence[Match]) -> None:
    """Raise `UserError` where no field has a column, or two have the same."""
    times = Counter(match.column for match in matches if match.column)
    if not times:
        raise UserError(
            "no-field-matched",
            "None of the prefix's fields ({fields}) is a column of the table. Say which column "
            "holds each field (--match FIELD=COLUMN).",
            fields=", ".join(match.field for match in matches) or "none are known",
        )
    column, count = times.most_common(1)[0]
    if count > 1:
        raise UserError(
            "column-for-two-fields",
            "The column {column!r} is given to {count} fields. Give each field its own column.",
            column=column,
            count=count,
        )


def missing_fields(matches: Iterable[Match]) -> tuple[str, ...]:
    """The fields that have no column."""
    return tuple(match.field for match in matches if not match.column)


def extra_columns(matches: Iterable[Match], columns: Iterable[str]) -> tuple[str, ...]:
    """The columns that no field is read from; they stay in the table."""
    used = {match.column for match in matches}
    return tuple(name for name in columns if name not in used)


def _reduced(name: str) -> str:
    return _IGNORED.sub("", unicodedata.normalize("NFKC", name).casefold())
