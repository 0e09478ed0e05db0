"""From a file to a dataset: every row is kept, or rejected with line, reason and text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from engine.contract.projects.dataset_store import DatasetStore
from engine.contract.protocol.commands import Done
from engine.contract.protocol.data import ExportRejected, Imported, ImportFile
from engine.contract.tables.saving import REJECTED_HEADER, Line, write_table
from engine.data.reader_errors import no_rows
from engine.data.readers import Reader, open_reader, tally_for
from engine.data.records import BadRow, ReadRow
from engine.data.store_writer import StoreWriter
from engine.data.tallies import RowTally, counted
from engine.reporter import Reporter

_UPDATE_ITEMS = 1000


def import_file(command: ImportFile, reporter: Reporter) -> Imported:
    """Stream a file into a dataset file; an older dataset of that name is then replaced.

    Raises:
        UserError: the file cannot be read or holds no row; the disk is full or read-only.
        Cancelled: through the reporter; nothing is left behind.
    """
    path, store = Path(command.path), Path(command.store)
    with closing(open_reader(path, command.options)) as reader:
        tally = tally_for(reader)
        writer = StoreWriter(store, reader.columns)
        try:
            _copy(reader, writer, tally, reporter)
            if not writer.row_count and not writer.rejected_count:
                raise no_rows(path.name)
            meta = writer.finish(name=path.name, description=reader.description)
        finally:
            writer.discard()
    return Imported(
        store=str(store),
        row_count=meta.row_count,
        rejected_count=meta.rejected_count,
        fingerprint=meta.fingerprint,
        findings=(*reader.findings, *tally.findings()),
    )


def _copy(reader: Reader, writer: StoreWriter, tally: RowTally, reporter: Reporter) -> None:
    reporter.update(0, reader.size_bytes, "bytes")
    for number, item in enumerate(reader.rows(), start=1):
        tally.add(item)
        if isinstance(item, ReadRow):
            writer.add_row(item.line, item.cells)
        elif isinstance(item, BadRow):
            writer.add_rejected(item.row)
        if number % _UPDATE_ITEMS == 0:
            text = counted(writer.row_count, "row")
            reporter.update(reader.position_bytes(), reader.size_bytes, "bytes", text)
    text = counted(writer.row_count, "row")
    reporter.update(reader.size_bytes, reader.size_bytes, "bytes", text)


def export_rejected(command: ExportRejected, reporter: Reporter) -> Done:
    """Write the rejected rows of a dataset as a table of line, reason and text.

    Raises:
        UserError: the dataset cannot be read, or the place not be written to.
        Cancelled: through the reporter; nothing is left behind.
    """
    out = Path(command.out)
    with DatasetStore(Path(command.store)) as store:
        total = store.meta.rejected_count
        write_table(out, _rejected_lines(store, reporter))
    return Done(f"{counted(total, 'rejected row')} written to {out}.")


def _rejected_lines(store: DatasetStore, reporter: Reporter) -> Iterator[Line]:
    yield REJECTED_HEADER
    for number, row in enumerate(store.rejected()):
        if number % _UPDATE_ITEMS == 0:
            reporter.update(number, store.meta.rejected_count, "rows")
        yield row.line, row.reason, row.text
