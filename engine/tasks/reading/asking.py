"""Inputs that come one by one, from a form or a table's row, and what is read of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.contract.errors import UserError
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Linearisation, Mapping
from engine.contract.tasks.all import reads_category, task_info
from engine.data.examples import EvalInput
from engine.data.inputs import input_of
from engine.data.sequences import items_of
from engine.data.text_lists import joined_list
from engine.methods.base import System
from engine.reporter import Reporter
from engine.tasks.reading.predicting import encoded, read_rows
from engine.tasks.reading.readout import Prediction, Readout


def cells_input(
    readout: Readout[Any],
    mapping: Mapping,
    cells: Sequence[str],
    form: Linearisation,
    *,
    category: str = "",
) -> EvalInput:
    """An input whose input columns, in the mapping's order, have these cells.

    Its source is as outputs files have it: of tags, the words joined by blanks.
    """
    columns, answer = mapping.inputs, task_info(readout.spec).answer
    written = input_of(
        (column.name, column.role, cell) for column, cell in zip(columns, cells, strict=True)
    )
    parts = tuple(map(joined_list, cells)) if answer is AnswerKind.LABEL else tuple(cells)
    item = EvalInput("", written.fields, written.text(form), (), category.strip(), parts=parts)
    if answer is AnswerKind.TAGS:
        return replace(item, source=" ".join(items_of(readout.source(item))))
    return item


def text_input(readout: Readout[Any], text: str) -> EvalInput:
    """An input that is one text.

    Raises:
        UserError: the text has no question that it could answer, or no category that is needed.
    """
    answer = task_info(readout.spec).answer
    if reads_category(readout.spec):
        raise UserError(
            "text-without-category",
            "Each category has a head of its own, and free text has no category. Fill in the form.",
        )
    if answer is AnswerKind.SPAN and len(readout.form.mapping.inputs) > 1:
        raise UserError(
            "text-without-question",
            "The system answers a question from a text, and free text is only one of the two. "
            "Fill in the form.",
        )
    source = " ".join(items_of(text)) if answer is AnswerKind.TAGS else text
    return EvalInput("", (), source, ())


def has_source(readout: Readout[Any], item: EvalInput) -> bool:
    """Whether an input holds what is to be read."""
    if task_info(readout.spec).answer is AnswerKind.LABEL:
        return any(map(str.strip, readout.parts(item)))
    return bool(readout.source(item).strip())


def read_inputs(
    readout: Readout[Any], system: System, inputs: Sequence[EvalInput], reporter: Reporter
) -> list[Prediction]:
    """What is read of each input."""
    if not inputs:
        return []
    rows = encoded(readout, inputs, reporter)
    read, _ = read_rows(readout, system, rows, reporter)
    return readout.predictions(inputs, rows, read)
