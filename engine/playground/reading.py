"""What a system that predicts labels, tags or answers says of the Playground's input."""

from __future__ import annotations

from collections.abc import Iterator

from engine.contract.errors import UserError
from engine.contract.protocol.playground import FieldValue, StreamOutputs
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Mapping, Role
from engine.contract.tasks.all import task_info
from engine.data.examples import EvalInput
from engine.decoding.systems import LoadedSystem
from engine.reporter import Reporter
from engine.tasks.reading.asking import cells_input, has_source, read_inputs, text_input
from engine.tasks.reading.readout import Prediction


def read_answer(
    loaded: LoadedSystem, command: StreamOutputs, mapping: Mapping, reporter: Reporter
) -> tuple[EvalInput, Prediction]:
    """The input as the system reads it, and its prediction.

    Args:
        mapping: of the form's values.

    Raises:
        UserError: there is nothing to read, or the head does not fit.
    """
    if command.text is not None:
        readout = loaded.readout(loaded.mapping or mapping)
        item = text_input(readout, command.text)
    else:
        readout = loaded.readout(mapping)
        cells = list(_cells(command.values, mapping))
        name = mapping.column_of(Role.CATEGORY)
        category = next((value.value for value in command.values if value.column == name), "")
        item = cells_input(readout, mapping, cells, loaded.linearisation, category=category)
    if not has_source(readout, item):
        raise UserError(
            "nothing-to-read", "The text that is to be read is empty. Fill in at least that."
        )
    (prediction,) = read_inputs(readout, loaded.system, [item], reporter)
    return item, prediction


def reads(loaded: LoadedSystem) -> bool:
    """Whether a system predicts something else than a text."""
    return task_info(loaded.task).answer is not AnswerKind.TEXT


def _cells(values: tuple[FieldValue, ...], mapping: Mapping) -> Iterator[str]:
    """The cell of each input column."""
    for column in mapping.inputs:
        own = [value for value in values if value.column == column.name]
        if column.role is Role.MEANING and any(value.key for value in own):
            yield ", ".join(f"{value.key}[{value.value}]" for value in own if value.value)
        else:
            yield " ".join(value.value for value in own)
