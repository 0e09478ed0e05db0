"""The table of rows with their texts: what is in doubt, the text, then the table's own columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from app.assets import icon
from app.pages.data.rows.rows_model import TIP_CHARACTERS, Cells, DatasetRows
from app.pages.data.words import single_line
from app.pages.write.texts import TextOfRow, Texts
from app.qt.table_model import TableColumn
from app.theme import Theme
from engine.contract.specs.answer import AnswerKind

CHECK, TEXT = range(2)
"""The columns of what there is to look at, which texts alone have, and of texts."""
_CHECK_CHARS, _TEXT_CHARS, _CELL_CHARS = 32, 64, 16

NONE = "(no answer)"
"""Shown where a question has none, and not where none was predicted yet."""


@dataclass(frozen=True)
class ResultRow:
    """A row of the table with its text."""

    cells: Cells
    text: TextOfRow


class ResultRows:
    """Rows in an order, each read when it is shown."""

    def __init__(self, cells: DatasetRows, texts: Texts, order: np.ndarray) -> None:
        self._cells, self._texts = cells, texts
        self.order = order

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, index: int) -> ResultRow:
        number = int(self.order[index])
        return ResultRow(self._cells[number - 1], self._texts.row(number))


def check_text(row: TextOfRow) -> str:
    """What there is to say of a row's text, in a few words."""
    current = row.current
    if current is None:
        return ""
    if row.change is not None and row.change.is_by_hand:
        return "edited"
    again = "written again; " if row.change is not None else ""
    if not current.text.strip():
        return f"{again}no text"
    parts = [
        f"{words}: {', '.join(values)}"
        for words, values in (("missing", current.missing), ("not in input", current.invented))
        if values
    ]
    return again + ("; ".join(parts) or _all_said(current.said))


def _all_said(said: int) -> str:
    return f"all {said} values said" if said > 1 else "nothing to report"


def result_columns(
    names: Sequence[str],
    theme: Theme,
    *,
    edit: Callable[[int, str], bool],
    answer: AnswerKind = AnswerKind.TEXT,
) -> list[TableColumn[ResultRow]]:
    """The columns.

    Args:
        names: of the table's columns.
        edit: puts a text in the place of that of a row.
        answer: what the texts are.
    """
    verb = "written" if answer is AnswerKind.TEXT else "predicted"

    def shown(row: ResultRow) -> str:
        text = single_line(row.text.text)
        return text if text or answer is not AnswerKind.SPAN or not row.text.is_written else NONE

    def cell_column(index: int, name: str) -> TableColumn[ResultRow]:
        def cell(row: ResultRow) -> str:
            return row.cells[index] if index < len(row.cells) else ""

        return TableColumn(
            name,
            lambda row: single_line(cell(row)),
            tip=lambda row: cell(row)[:TIP_CHARACTERS],
            width_chars=_CELL_CHARS,
        )

    return [
        TableColumn(
            "Check",
            lambda row: single_line(check_text(row.text)),
            tip=lambda row: check_text(row.text)[:TIP_CHARACTERS],
            title_tip="Values of the input that are not in the text as they are written there, and "
            "numbers and names of the text that are not in the input",
            icon=lambda row: icon("warning", theme.colors.warning) if row.text.doubts else None,
            width_chars=_CHECK_CHARS,
        ),
        TableColumn(
            answer.column.capitalize(),
            shown,
            tip=lambda row: row.text.text[:TIP_CHARACTERS],
            title_tip=f"What was {verb}; double-click or F2 to edit",
            edited=lambda row: row.text.text,
            edit=lambda row, text: edit(row.text.number, str(text)),
            width_chars=_TEXT_CHARS,
        ),
        *(cell_column(index, name) for index, name in enumerate(names)),
    ]
