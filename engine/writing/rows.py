"""Writing the texts of a table's rows, a chunk at a time, each row saved when it is finished."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import DatasetStore, Row
from engine.contract.runs.coverage import Said, coverage, unsupported
from engine.contract.runs.lock import FolderLock
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Column, Mapping
from engine.contract.specs.training import DecodingSpec
from engine.contract.tasks.all import task_info
from engine.contract.writing.matching import Match, check_matches
from engine.contract.writing.progress import ProgressWriter, WrittenRow, WrittenRows
from engine.contract.writing.work import ChosenRows, Work
from engine.data.inputs import Input
from engine.decoding.decoder import decode_events
from engine.decoding.search import Finished
from engine.decoding.systems import LoadedSystem
from engine.reporter import Reporter
from engine.tasks.reading.asking import cells_input, has_source, read_inputs
from engine.tasks.reading.readout import Readout
from engine.writing.matched import MatchedReader

CHUNK_ROWS = 512
CHUNK_CHARACTERS = 8 * 2**20
"""Rows are read, encoded and decoded so many at a time, so that memory does not grow with them."""
_LONGEST_VALUE = 200


@dataclass(frozen=True)
class TableJob:
    """A table and the system that writes about its rows.

    Attributes:
        matches: the columns that its fields are read from.
    """

    store: DatasetStore
    loaded: LoadedSystem
    matches: tuple[Match, ...]
    decoding: DecodingSpec

    @cached_property
    def readout(self) -> Readout[Any] | None:
        """What reads the system's answers; None where it writes texts.

        Raises:
            UserError: the head does not fit.
        """
        if task_info(self.loaded.task).answer is AnswerKind.TEXT:
            return None
        return self.loaded.readout(self.mapping)

    @property
    def mapping(self) -> Mapping:
        """The fields, as the system reads them."""
        columns = tuple(Column(match.field, match.role) for match in self.matches)
        return Mapping(columns, task_info(self.loaded.task).answer)

    def work(self) -> Work:
        """What decides the texts."""
        loaded = self.loaded
        return Work(
            table=self.store.meta.fingerprint,
            system=f"{loaded.system.backbone.fingerprint}:{loaded.trained}",
            matches=self.matches,
            linearisation=loaded.linearisation,
            prompt=loaded.prompt,
            max_source_tokens=loaded.max_source_tokens,
            decoding=self.decoding,
        )


def write_rows(
    job: TableJob, chosen: ChosenRows, *, progress: Path, reporter: Reporter
) -> WrittenRows:
    """Write the texts of the chosen rows that have none in the progress file yet.

    Returns:
        All texts that are there then.

    Raises:
        UserError: no field is matched, the progress file is of other work or in use, or the disk is
            full; what was written before stays.
        Cancelled: through the reporter; likewise.
    """
    check_matches(job.matches)
    chosen.check()
    lock = FolderLock(progress.parent, name=f".{progress.name}.lock", remove=True)
    if not lock.acquire():
        raise UserError(
            "progress-in-use",
            "Another process is writing {path}. Wait for it, or stop it.",
            path=progress,
        )
    with lock:
        writer = ProgressWriter(progress, job.work())
        try:
            written = WrittenRows(progress, job.store.meta.row_count)
            written.read_all()
            _write(job, chosen, writer, written, reporter)
            written.read_all()
        finally:
            writer.close()
    return written


def _write(
    job: TableJob,
    chosen: ChosenRows,
    writer: ProgressWriter,
    written: WrittenRows,
    reporter: Reporter,
) -> None:
    progress = _RowsReporter(reporter, chosen.count(job.store.meta.row_count))
    for rows in _chunks(chosen_rows(job.store, chosen)):
        waiting = [row for row in rows if row.number not in written]
        progress.add(len(rows) - len(waiting))
        for finished in texts_of(job, waiting, progress):
            writer.append(finished)
            progress.add(1)


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += sum(map(len, row.cells))
        if len(chunk) == CHUNK_ROWS or size > CHUNK_CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


class _RowsReporter:
    """While rows are decoded: passes on a cancel, and of the progress the finished rows alone."""

    def __init__(self, reporter: Reporter, total: int) -> None:
        self._reporter, self._done, self._total = reporter, 0, total

    def add(self, rows: int) -> None:
        self._done += rows
        self._reporter.update(self._done, self._total, "rows")

    def update(self, done: int, total: int, unit: str, text: str = "") -> None:
        self.add(0)


def chosen_rows(store: DatasetStore, chosen: ChosenRows) -> Iterator[Row]:
    """The rows that are chosen, in the table's order."""
    if chosen.rows:
        for number in sorted(set(chosen.rows)):
            yield from store.rows(number, 1)
    else:
        yield from store.rows(count=chosen.limit)


def texts_of(job: TableJob, rows: Sequence[Row], reporter: Reporter) -> Iterator[WrittenRow]:
    """The texts of a few rows, each as soon as it is finished; each as of the row alone.

    A row whose fields are all empty gets no text.
    """
    reader = MatchedReader(job.store.meta.columns, job.matches)
    if job.readout is not None:
        yield from _answers_of(job, job.readout, reader, rows, reporter)
        return
    inputs: list[tuple[int, Input, str]] = []
    for row in rows:
        read = reader.input(row.cells)
        if read is None:
            yield WrittenRow(row.number, "")
        else:
            inputs.append((row.number, read, read.text(job.loaded.linearisation)))
    if not inputs:
        return
    system = job.loaded.system
    prompts = job.loaded.prompts([source for _, _, source in inputs])
    for event in decode_events(system, prompts, job.decoding, reporter):
        if isinstance(event, Finished):
            tokenizer = system.backbone.tokenizer
            text = tokenizer.decode(event.tokens, skip_special_tokens=True).strip()
            number, read, source = inputs[event.index]
            yield checked(number, text, read.fields, source)


def _answers_of(
    job: TableJob,
    readout: Readout[Any],
    reader: MatchedReader,
    rows: Sequence[Row],
    reporter: Reporter,
) -> Iterator[WrittenRow]:
    """The labels, tags or answers of a few rows."""
    numbers, inputs = [], []
    for row in rows:
        cells = reader.cells(row.cells)
        category = reader.category(row.cells)
        item = cells_input(readout, job.mapping, cells, job.loaded.linearisation, category=category)
        if has_source(readout, item):
            numbers.append(row.number)
            inputs.append(item)
        else:
            yield WrittenRow(row.number, "")
    predictions = read_inputs(readout, job.loaded.system, inputs, reporter)
    for number, prediction in zip(numbers, predictions, strict=True):
        yield WrittenRow(number, prediction.text)


def checked(number: int, text: str, fields: Sequence[tuple[str, str]], source: str) -> WrittenRow:
    """A text with what of its input it has and has not."""
    said = coverage(fields, text)
    missing = [
        value.strip()[:_LONGEST_VALUE]
        for (_, value), item in zip(fields, said.said, strict=True)
        if item is Said.MISSING
    ]
    invented = [value[:_LONGEST_VALUE] for value in unsupported(text, fields, source)]
    return WrittenRow(number, text, said.count, tuple(missing), tuple(invented))


def write_again(
    job: TableJob, rows: Iterable[int], decoding: DecodingSpec, reporter: Reporter
) -> tuple[WrittenRow, ...]:
    """Other texts of a few rows, in their order; nothing is saved."""
    chosen = ChosenRows(rows=tuple(rows))
    waiting = list(chosen_rows(job.store, chosen))
    again = texts_of(replace(job, decoding=decoding), waiting, reporter)
    return tuple(sorted(again, key=lambda row: row.row))
