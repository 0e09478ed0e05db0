"""What a reader of a file format does, and which one a file needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from engine.contract.errors import UserError
from engine.contract.reading.reading import Finding, ReadOptions
from engine.data.delimited import DelimitedReader
from engine.data.folder_reader import FolderReader, data_files
from engine.data.hub_reader import HubReader, is_hub_name
from engine.data.json_reader import JsonReader, holds_json
from engine.data.known_files import refuse_parts
from engine.data.opening import explain_read_errors, open_source, refuse_other_formats
from engine.data.parquet_reader import MAGIC as PARQUET_MAGIC
from engine.data.parquet_reader import ParquetReader
from engine.data.records import Item
from engine.data.spreadsheets.reader import SpreadsheetReader, is_spreadsheet
from engine.data.tallies import RowTally
from engine.data.webnlg_reader import WebNlgReader

_HEAD_BYTES = 64 * 2**10
_XML = re.compile(rb"(\xef\xbb\xbf)?\s*(<\?xml\s|<benchmark[\s>])")


class Reader(Protocol):
    """Streams the rows of one file, folder or data set; each format has a class of its own.

    Attributes:
        format: short name, such as "csv".
        unit: what the numbers of its items count: "line", "row" or "entry".
        description: how the file is read, in words, such as "CSV, UTF-8, comma".
        options: those of the format, filled in.
        columns: unique names.
        size_bytes: of the whole file.
        sampled_bytes: of the part that is read.
    """

    format: str
    unit: str
    description: str
    options: ReadOptions
    columns: tuple[str, ...]
    size_bytes: int
    sampled_bytes: int

    @property
    def findings(self) -> tuple[Finding, ...]:
        """About the names of the columns, as far as `rows` has been read."""

    def rows(self) -> Iterator[Item]:
        """All rows in the file's order, broken and empty ones too; to be called once."""

    def position_bytes(self) -> int:
        """How far `rows` is."""

    def close(self) -> None:
        """Close the file."""


def open_reader(path: Path, options: ReadOptions, *, sample_bytes: int | None = None) -> Reader:
    """The reader for a file, a folder of files, or a data set of the hub.

    Args:
        path: of the file or folder; "hub:NAME" for one of the hub.
        options: what the user has settled; the rest is guessed.
        sample_bytes: read no more than this, for a sample; None reads the whole file.

    Raises:
        UserError: the file cannot be opened, is of a format that is not read, or is empty; a
            language is asked for, and the format marks none.
    """
    reader = _open(path, options, sample_bytes)
    if options.language is not None and reader.options.language is None:
        reader.close()
        raise UserError(
            "language-not-marked",
            "{file} does not say which language its texts are in, so {language!r} cannot "
            "be selected. Leave the language out.",
            file=path.name,
            language=options.language,
        )
    return reader


def _open(path: Path, options: ReadOptions, sample_bytes: int | None) -> Reader:
    if is_hub_name(path):
        return HubReader(path, options, sample_bytes=sample_bytes)
    if path.is_dir():
        files = data_files(path)
        if not files:
            return WebNlgReader(path, options, sample_bytes=sample_bytes)
        return FolderReader(path, files, options, open_file=open_reader, sample_bytes=sample_bytes)
    with explain_read_errors(path), open_source(path) as stream:
        head = stream.read(_HEAD_BYTES)
    if path.suffix.lower() == ".parquet" or head.startswith(PARQUET_MAGIC):
        return ParquetReader(path, options, sample_bytes=sample_bytes)
    if is_spreadsheet(path, head):
        return SpreadsheetReader(path, options, sample_bytes=sample_bytes)
    refuse_other_formats(path, head)
    refuse_parts(path, head)
    if holds_json(path, head):
        return JsonReader(path, options, sample_bytes=sample_bytes)
    if path.suffix.lower() == ".xml" or _XML.match(head):
        return WebNlgReader(path, options, sample_bytes=sample_bytes)
    return DelimitedReader(path, options, sample_bytes=sample_bytes)


def tally_for(reader: Reader) -> RowTally:
    """A tally of what this reader gives."""
    quoted = reader.options.quote is not None
    return RowTally(reader.columns, reader.options.encoding or "", quoted=quoted)
