"""The table that is handed back: all columns of the input, and the texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.specs.answer import AnswerKind
from engine.contract.tables.saving import Cell, Line, table_steps
from engine.reporter import Reporter

_UPDATE_ROWS = 1000
_MOST_DIGITS = 15
"""What a spreadsheet's numbers hold."""


def text_column(columns: Sequence[str], answer: AnswerKind = AnswerKind.TEXT) -> str:
    """Name of the column of texts, or of what else is predicted, which no other has."""
    known = {name.casefold() for name in columns}
    name, number = answer.column, 2
    while name in known:
        name, number = f"{answer.column} {number}", number + 1
    return name


def save_texts(
    store: DatasetStore,
    text_of: Callable[[int], str | None],
    out: Path,
    reporter: Reporter,
    *,
    answer: AnswerKind = AnswerKind.TEXT,
) -> int:
    """Write the rows that have a text, as the ending of `out` says; how many there are.

    Args:
        text_of: the text of a row by its number, or None.
        answer: what the texts are.
        out: replaced at the end, or left as it was.

    Raises:
        UserError: another ending, a full disk, more than a workbook holds.
        Cancelled: through the reporter.
    """
    is_book = out.suffix.lower() == ".xlsx"
    steps = table_steps(out, _lines(store, text_of, answer, numbers=is_book))
    done = 0
    try:
        while True:
            next(steps)
            if done % _UPDATE_ROWS == 0:
                reporter.update(done, store.meta.row_count, "rows", f"writing {out.name}")
            done += 1
    except StopIteration as end:
        return int(end.value) - 1
    finally:
        steps.close()


def _lines(
    store: DatasetStore,
    text_of: Callable[[int], str | None],
    answer: AnswerKind,
    *,
    numbers: bool,
) -> Iterator[Line]:
    columns = store.meta.columns
    yield (*columns, text_column(columns, answer))
    for row in store.rows():
        text = text_of(row.number)
        if text is not None:
            cells: Sequence[Cell] = [_number(c) for c in row.cells] if numbers else row.cells
            yield (*cells, text)


def _number(cell: str) -> Cell:
    """A cell as the number that it is, where no digit of it would change; else as text."""
    if not cell or len(cell) > _MOST_DIGITS or not (cell[-1].isdigit() and cell.isascii()):
        return cell
    for kind in (int, float):
        try:
            value = kind(cell)
        except ValueError:
            continue
        if str(value) == cell and not cell.endswith(".0"):
            return value
    return cell
