"""Writing a dataset file: under a temporary name until it is whole."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engine.contract.errors import UserError
from engine.contract.files.writing import explain_disk_errors
from engine.contract.projects.dataset_store import (
    MAX_ROW_BYTES,
    DatasetMeta,
    RejectedRow,
    Row,
    create_tables,
    encode_cells,
    insert_rejected,
    insert_rows,
    start_digest,
    write_meta,
)
from engine.data.reader_errors import check_column_count

_BATCH_ROWS = 1000
_BATCH_SIZE = 2**20
"""Rows wait in memory until a batch is full, so that memory does not grow with the file."""
_REJECTED_CHARACTERS = MAX_ROW_BYTES // 4
"""So much of a rejected row's text is kept."""
_ROOM_BYTES = 1000
"""For what SQLite stores beside the text of a row."""


class StoreWriter:
    """Writes rows to a new dataset file, which takes its name only in `finish`.

    Args:
        path: of the dataset file; an older one there is replaced.
        columns: names.

    Raises:
        UserError: too many columns, or too large a row; the disk is full or the folder cannot be
            written to (from every method).
    """

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        check_column_count(path.name, len(columns))
        self._path = path
        self._columns = columns
        self._part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        self._rows: list[Row] = []
        self._rejected: list[RejectedRow] = []
        self._waiting_size = 0
        self.row_count = self.rejected_count = 0
        self._sha256 = start_digest(columns)
        with explain_store_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            for stale in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
                stale.unlink()  # of an import that was killed
            self._db = sqlite3.connect(self._part)
            try:
                # No journal: a file that is not finished is thrown away.
                self._db.execute("PRAGMA journal_mode = OFF")
                self._db.execute("PRAGMA synchronous = OFF")
                create_tables(self._db)
            except BaseException:
                self.discard()
                raise

    def add_row(self, line: int, cells: tuple[str, ...]) -> None:
        """Append a row."""
        encoded = encode_cells(cells).encode("utf-8")
        if len(encoded) > MAX_ROW_BYTES - _ROOM_BYTES:
            raise UserError(
                "row-too-large",
                "The row that starts in line {line} has {size:,} bytes. A row may have at most "
                "{limit:,}.",
                line=line,
                size=len(encoded),
                limit=MAX_ROW_BYTES - _ROOM_BYTES,
            )
        self.row_count += 1
        self._rows.append(Row(self.row_count, line, cells))
        self._sha256.update(encoded + b"\n")
        self._wait(len(encoded))

    def add_rejected(self, row: RejectedRow) -> None:
        """Append a rejected row."""
        self.rejected_count += 1
        if len(row.text) > _REJECTED_CHARACTERS - _ROOM_BYTES:
            row = replace(row, text=row.text[: _REJECTED_CHARACTERS - _ROOM_BYTES])
        self._rejected.append(row)
        self._wait(len(row.text))

    def finish(self, *, name: str, description: str) -> DatasetMeta:
        """Rename the file to its final name.

        Args:
            name: file name of the source.
            description: how it was read.
        """
        meta = DatasetMeta(
            name=name,
            columns=self._columns,
            row_count=self.row_count,
            rejected_count=self.rejected_count,
            fingerprint=self._sha256.hexdigest(),
            format=description,
        )
        self._flush()
        with explain_store_errors(self._path):
            write_meta(self._db, meta)
            self._db.commit()
            self._db.close()
            with open(self._part, "rb") as stream:
                os.fsync(stream.fileno())
            os.replace(self._part, self._path)
        return meta

    def discard(self) -> None:
        """Leave nothing behind; does nothing after `finish`."""
        self._db.close()
        self._part.unlink(missing_ok=True)

    def _wait(self, characters: int) -> None:
        self._waiting_size += characters
        waiting = len(self._rows) + len(self._rejected)
        if waiting >= _BATCH_ROWS or self._waiting_size >= _BATCH_SIZE:
            self._flush()

    def _flush(self) -> None:
        with explain_store_errors(self._path):
            insert_rows(self._db, self._rows)
            insert_rejected(self._db, self._rejected)
        self._rows, self._rejected = [], []
        self._waiting_size = 0


@contextlib.contextmanager
def explain_store_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's words for a full disk or a missing right into a `UserError`."""
    with explain_disk_errors(path):
        try:
            yield
        except sqlite3.OperationalError as error:
            kind = getattr(error, "sqlite_errorname", "")
            if kind == "SQLITE_FULL":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
            if kind.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
                raise OSError(errno.EACCES, str(error)) from error
            if kind.startswith("SQLITE_IOERR"):
                raise UserError(
                    "disk-write-failed",
                    "Writing {path} failed ({reason}). Check the disk's space and health, or "
                    "choose another folder.",
                    path=path,
                    reason=str(error),
                ) from error
            raise
