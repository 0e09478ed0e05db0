"""The window's commands about tables that texts are written for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.contract.errors import UserError
from engine.contract.methods.info import ArtifactKind
from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.commands import Done
from engine.contract.protocol.data import Preview
from engine.contract.protocol.writing import (
    ExportTexts,
    PrepareWriting,
    PreviewInputs,
    WriteAgain,
    WriteTexts,
    WritingPlan,
    WrittenAgain,
)
from engine.contract.reading.reading import PreviewExample
from engine.contract.runs.folder import RunFolder
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import INPUT_ROLES, Column, Linearisation, Role
from engine.contract.tasks.all import TaskSpec, decoding_of, read_columns, task_info
from engine.contract.writing.changes import Changes
from engine.contract.writing.folder import WritingFolder
from engine.contract.writing.matching import check_matches, match_columns
from engine.contract.writing.progress import WrittenRows
from engine.data.column_samples import SAMPLE_ROWS
from engine.data.roles import guess_roles
from engine.data.tallies import counted
from engine.exchange.card import is_folder_of, read_card
from engine.reporter import Reporter
from engine.writing.matched import MatchedReader
from engine.writing.table import save_texts

if TYPE_CHECKING:
    from engine.writing.rows import TableJob

# What loads torch is imported where texts are written, so that the rest costs nothing.

MOST_AGAIN = 2000
"""Rows that are written again at once: their texts come back in one reply."""


def prepare_writing(command: PrepareWriting, reporter: Reporter) -> WritingPlan:
    """What the system reads, and a column for each field.

    Raises:
        UserError: system or table cannot be read.
    """
    inputs, linearisation, task = _reads(Path(command.system))
    with DatasetStore(Path(command.table)) as store:
        columns = store.meta.columns
        known = bool(inputs)
        if not known:
            rows = [row.cells for row in store.rows(1, SAMPLE_ROWS)]
            roles, _ = guess_roles(columns, rows)
            inputs = tuple(
                item if item.role in INPUT_ROLES else Column(item.name, Role.FIELD)
                for item in roles
                if item.role not in (Role.IGNORED, Role.SPLIT, Role.REFERENCES)
            )
    return WritingPlan(
        match_columns(inputs, columns),
        linearisation,
        decoding_of(task),
        known,
        task_info(task).answer,
    )


def _reads(system: Path) -> tuple[tuple[Column, ...], Linearisation, TaskSpec]:
    """The columns that a system reads, how they are written, and what it predicts."""
    if (system / "run.json").exists():
        spec = RunFolder(system).read_spec()
        columns = read_columns(spec.data.mapping, spec.task)
        return columns, spec.data.linearisation, spec.task
    is_delta = is_folder_of(ArtifactKind.DELTA, system)
    card = read_card(system, ArtifactKind.DELTA if is_delta else ArtifactKind.PREFIX)
    return card.inputs, card.linearisation, card.task


def preview_inputs(command: PreviewInputs, reporter: Reporter) -> Preview:
    """Rows as the model reads them; a row whose fields are all empty has no source.

    Raises:
        UserError: the table cannot be read, or lacks a column.
    """
    with DatasetStore(Path(command.table)) as store:
        reader = MatchedReader(store.meta.columns, command.matches)
        examples = []
        for row in store.rows(command.start, command.count):
            read = reader.input(row.cells)
            source = "" if read is None else read.text(command.linearisation)
            fields = () if read is None else read.fields
            examples.append(PreviewExample(row.number, fields, source, ""))
            reporter.update(len(examples), command.count, "rows")
    return Preview(tuple(examples))


def write_texts(command: WriteTexts, reporter: Reporter) -> Done:
    """Write the texts of the rows that have none.

    Raises:
        UserError: system or table cannot be read, no field has a column, the disk is full.
        Cancelled: through the reporter; what is written stays.
    """
    from engine.writing.rows import write_rows

    folder = WritingFolder(Path(command.folder))
    chosen = folder.read().chosen
    with DatasetStore(folder.table) as store:
        job = _job(folder, store, reporter)
        written = write_rows(job, chosen, progress=folder.progress, reporter=reporter)
    return Done(f"{counted(written.count, 'text')} written.")


def write_again(command: WriteAgain, reporter: Reporter) -> WrittenAgain:
    """Other texts of a few rows.

    Raises:
        UserError: too many rows at once; else as `write_texts`.
    """
    if len(command.rows) > MOST_AGAIN:
        raise UserError(
            "too-many-rows-again",
            "{count:,} rows are selected, and at most {limit:,} are written again at once. Select "
            "fewer.",
            count=len(command.rows),
            limit=MOST_AGAIN,
        )
    from engine.writing import rows

    folder = WritingFolder(Path(command.folder))
    with DatasetStore(folder.table) as store:
        job = _job(folder, store, reporter)
        again = rows.write_again(job, command.rows, command.decoding, reporter)
    return WrittenAgain(again)


def _job(folder: WritingFolder, store: DatasetStore, reporter: Reporter) -> TableJob:
    from engine.decoding.handlers import shared_systems
    from engine.writing.rows import TableJob

    writing = folder.read()
    check_matches(writing.matches)
    loaded = shared_systems().load_any(folder.system_path(writing.system), reporter)
    return TableJob(store, loaded, writing.matches, writing.decoding)


def export_texts(command: ExportTexts, reporter: Reporter) -> Done:
    """Save the table with its texts, changes in the place of what was written first.

    Raises:
        UserError: nothing is written yet, or the table cannot be saved.
        Cancelled: through the reporter; nothing is left behind.
    """
    folder, out = WritingFolder(Path(command.folder)), Path(command.out)
    answer = _answer(folder)
    with DatasetStore(folder.table) as store:
        changes = Changes(folder.changes, store.meta.row_count)
        written = WrittenRows(folder.progress, store.meta.row_count)
        written.read_all()
        if not written.count and not len(changes):
            raise UserError("no-texts-yet", "No texts are written yet. Write some first.")

        def text_of(number: int) -> str | None:
            change = changes.get(number)
            row = written.row(number) if change is None else change.written
            return None if row is None else row.text

        rows = save_texts(store, text_of, out, reporter, answer=answer)
    return Done(f"{counted(rows, 'row')} saved in {out.name}.")


def _answer(folder: WritingFolder) -> AnswerKind:
    """What the system of a writing predicts; texts where it is not there any more."""
    system = folder.read().system
    try:
        return task_info(_reads(folder.system_path(system))[2]).answer
    except UserError:
        return AnswerKind.TEXT
