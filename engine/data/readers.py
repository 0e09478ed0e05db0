"""What a reader of a file format does, and which one a file needs."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from engine.contract.errors import UserError
from engine.contract.reading.formats import FORMATS, FormatInfo
from engine.contract.reading.reading import Finding, ReadOptions
from engine.contract.reading.several import paths_of
from engine.data.folder_reader import FolderReader, by_side, data_files
from engine.data.hub_reader import HubReader, is_hub_name
from engine.data.known_files import refuse_parts
from engine.data.opening import explain_read_errors, open_source, refuse_other_formats
from engine.data.records import Item
from engine.data.tallies import RowTally
from engine.data.webnlg_reader import WebNlgReader

_HEAD_BYTES = 64 * 2**10


class Reader(Protocol):
    """Streams the rows of one file, folder or data set.

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


class ReaderClass(Protocol):
    """Makes the readers of a format; an entry of `engine.contract.reading.formats` names it."""

    def __call__(self, path: Path, options: ReadOptions, *, sample_bytes: int | None) -> Reader:
        """Open a file, as `open_reader` does."""

    def reads(self, path: Path, head: bytes, *, fits: bool) -> bool:
        """Whether a file is of the format.

        Args:
            head: its first bytes.
            fits: whether its name has an ending of the format.
        """


def open_reader(path: Path, options: ReadOptions, *, sample_bytes: int | None = None) -> Reader:
    """The reader for a file, a folder of files, or a data set of the hub.

    Args:
        path: of the file or folder; "hub:NAME" for one of the hub; of several files as
            `engine.contract.reading.several` writes it.
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
    several = () if path.exists() else paths_of(path)
    if several:
        files, root = by_side(several, path.parent), path.parent
        return FolderReader(root, files, options, open_file=open_reader, sample_bytes=sample_bytes)
    if path.is_dir():
        files = data_files(path)
        if not files:
            return WebNlgReader(path, options, sample_bytes=sample_bytes)
        return FolderReader(path, files, options, open_file=open_reader, sample_bytes=sample_bytes)
    is_csv = options.delimiter is not None
    return _reader_class(path, is_csv=is_csv)(path, options, sample_bytes=sample_bytes)


def _reader_class(path: Path, *, is_csv: bool) -> ReaderClass:
    """The class for a file, by its first bytes and its name.

    Args:
        is_csv: whether lines that could be CSV are to be read so.

    Raises:
        UserError: the file cannot be read, or is of another format.
    """
    with explain_read_errors(path), open_source(path) as stream:
        head = stream.read(_HEAD_BYTES)
    formats = [info for info in FORMATS if not (is_csv and info.is_delimited)]
    reader = _class_for(path, head, [info for info in formats if not info.is_text])
    if reader is None:
        refuse_other_formats(path, head)
        refuse_parts(path, head)
        reader = _class_for(path, head, [info for info in formats if info.is_text])
    assert reader is not None, "any text is read as CSV"
    return reader


def _class_for(path: Path, head: bytes, formats: Sequence[FormatInfo]) -> ReaderClass | None:
    for info in reversed(formats):
        module, name = info.reader.split(":")
        reader: ReaderClass = getattr(importlib.import_module(f"engine.data.{module}"), name)
        if reader.reads(path, head, fits=path.suffix.lower() in info.endings):
            return reader
    return None


def tally_for(reader: Reader) -> RowTally:
    """A tally of what this reader gives."""
    quoted = reader.options.quote is not None
    return RowTally(reader.columns, reader.options.encoding or "", quoted=quoted)
