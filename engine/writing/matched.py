"""Rows of a new table, read as the rows that a prefix was trained on."""

from __future__ import annotations

from collections.abc import Sequence

from engine.contract.projects.dataset_store import no_such_column
from engine.contract.specs.data import Role
from engine.contract.writing.matching import Match
from engine.data.inputs import Input, input_of


class MatchedReader:
    """Makes inputs of a table's rows; a field without a column is empty.

    Args:
        columns: of the table.
        matches: a column, or none, for each field.

    Raises:
        UserError: a match names a column that the table does not have.
    """

    def __init__(self, columns: Sequence[str], matches: Sequence[Match]) -> None:
        for match in matches:
            if match.column and match.column not in columns:
                raise no_such_column(match.column, columns)
        indexed = [
            (match.field, match.role, columns.index(match.column) if match.column else None)
            for match in matches
        ]
        self._inputs = [each for each in indexed if each[1] is not Role.CATEGORY]
        self._category = next((at for _, role, at in indexed if role is Role.CATEGORY), None)

    def cells(self, cells: tuple[str, ...]) -> tuple[str, ...]:
        """The cell of each input field."""
        return tuple("" if index is None else cells[index] for _, _, index in self._inputs)

    def category(self, cells: tuple[str, ...]) -> str:
        """The cell of the category, or ""."""
        return "" if self._category is None else cells[self._category]

    def input(self, cells: tuple[str, ...]) -> Input | None:
        """What the model reads of a row; None where all of it is empty."""
        inputs = [
            (name, role, cell)
            for (name, role, _), cell in zip(self._inputs, self.cells(cells), strict=True)
        ]
        return input_of(inputs) if any(cell.strip() for _, _, cell in inputs) else None
