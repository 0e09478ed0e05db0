"""The options that name a file's columns, and the roles that they give."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import no_such_column
from engine.contract.reading.reading import FileReport
from engine.contract.specs.data import Column, Mapping, Role


def add_reference_option(group: argparse._ActionsContainer) -> None:
    """The option that names columns of further references."""
    group.add_argument(
        "--references",
        action="append",
        default=[],
        metavar="COL",
        help="a column of further references, for validation and testing; repeat it for several",
    )


def add_input_options(group: argparse._ActionsContainer) -> None:
    """The options that name input columns; together they keep the order they are given in."""
    words = {
        "--source": (None, "an input column, what it holds is guessed; repeat it for several"),
        "--field": (Role.FIELD, "an input column that is one field of a table"),
        "--meaning": (Role.MEANING, "an input column such as E2E's name[Blue Spice], food[…]"),
        "--triples": (
            Role.TRIPLES,
            "an input column of facts, one per line: subject | relation | object",
        ),
        "--text": (Role.SOURCE, "an input column that is used unchanged"),
    }
    for flag, (role, help_text) in words.items():
        group.add_argument(
            flag,
            action=_InputColumn,
            dest="inputs",
            const=role,
            default=[],
            metavar="COL",
            help=help_text,
        )


class _InputColumn(argparse.Action):
    """Appends (role or None, column)."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        namespace.inputs = [*namespace.inputs, (self.const, values)]


def mapping_of(
    guessed: tuple[Column, ...],
    *,
    inputs: Sequence[tuple[Role | None, str]],
    target: str | None,
    references: Sequence[str] = (),
    split: str | None = None,
    category: str | None = None,
    start: str | None = None,
) -> Mapping:
    """Roles of the columns named.

    Args:
        inputs: input columns in order; where the role is None it is guessed.
        references: columns of further references.

    Raises:
        UserError: no input, or a column is missing, or named twice.
    """
    if not inputs:
        raise UserError(
            "input-not-named", "No input column is named. Name at least one with --source COL."
        )
    guesses = {column.name: column.role for column in guessed}
    others = (
        (target, Role.TARGET),
        *((name, Role.REFERENCES) for name in references),
        (split, Role.SPLIT),
        (category, Role.CATEGORY),
        (start, Role.START),
    )
    roles: list[tuple[str, Role | None]] = [(name, role) for role, name in inputs]
    roles += [(name, role) for name, role in others if name is not None]
    names = [name for name, _ in roles]
    for name in names:
        if name not in guesses:
            raise no_such_column(name, guesses)
        if names.count(name) > 1:
            raise UserError(
                "column-named-twice",
                "The column {column!r} is named twice. Give each column one role.",
                column=name,
            )
    return Mapping(
        tuple(
            Column(name, role or _input_role(guesses[name], many=len(inputs) > 1))
            for name, role in roles
        )
    )


def guessed_mapping(report: FileReport) -> Mapping:
    """The columns with the roles that are guessed, without those that are ignored.

    Raises:
        UserError: no input or no target is recognised.
    """
    columns = tuple(column for column in report.columns if column.role is not Role.IGNORED)
    mapping = Mapping(columns, report.answer)
    if not mapping.inputs or mapping.column_of(Role.TARGET) is None:
        known = ", ".join(repr(column.name) for column in report.columns)
        raise UserError(
            "columns-unclear",
            "It is not clear which of the columns {columns} are input and target. Name them with "
            "--source COL and --target COL.",
            columns=known,
        )
    return mapping


def _input_role(guessed: Role, *, many: bool) -> Role:
    """Several source columns are the fields of a table; one alone is text as it stands."""
    if guessed in (Role.MEANING, Role.TRIPLES, Role.SOURCE):
        return guessed
    return Role.FIELD if many else Role.SOURCE
