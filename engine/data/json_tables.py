"""Tables of JSON that stand there column by column, as pandas writes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.contract.errors import UserError


def columns_unreadable(file: str, reason: str) -> UserError:
    """An object that should be a table by columns is none."""
    return UserError(
        "json-columns-unreadable",
        "{file} cannot be read as a table by columns ({reason}). Write a list of objects, one per "
        "row.",
        file=file,
        reason=reason,
    )


def table_rows(table: Any, name: str) -> Iterator[dict[str, Any]]:
    """The rows of a table by columns.

    Args:
        table: an object of equally long lists, or of objects with the same keys; what is
            neither is left out.
        name: of the file, for messages.

    Raises:
        UserError: it is no object, or its lists are not of one length.
    """
    if not isinstance(table, dict):
        raise columns_unreadable(name, "it is not an object")
    lists = {key: value for key, value in table.items() if isinstance(value, list)}
    if lists:
        lengths = {key: len(value) for key, value in lists.items()}
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"{key[:40]!r} {length:,}" for key, length in lengths.items())
            raise UserError(
                "columns-of-different-lengths",
                "{file} is an object of lists, like the columns of a table, but their lengths "
                "differ ({lengths}). Give each the same number of values, or write a list of "
                "objects, one per example.",
                file=name,
                lengths=shown[:300],
            )
        for values in zip(*lists.values(), strict=True):
            yield dict(zip(lists, values, strict=True))
        return
    columns = {key: value for key, value in table.items() if isinstance(value, dict)}
    rows = dict.fromkeys(row for column in columns.values() for row in column)
    for row in rows:
        yield {key: column.get(row) for key, column in columns.items()}
