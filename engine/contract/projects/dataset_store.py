"""A dataset on disk: rows as they were read, and the rows that could not be.

One SQLite file. Rows are reached by number, so that a million of them cost the window no
memory; nothing of the file that was imported is thrown away. Every cell is text.

The file may come from anyone. Its schema must be the one that the importer writes, word for
word; nothing in it is run, no query outlasts `PATIENCE_S`, no row is larger than
`MAX_ROW_BYTES`, and every row is checked when it is read. Reading all rows also compares their
sha256 with the dataset's fingerprint.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError

STORE_VERSION = 1
MAX_ROW_BYTES = 64 * 2**20
"""More is no row of a table, and would fill the memory of the program that shows it."""
PATIENCE_S = 10.0
"""For one step of a query; each takes well under a millisecond."""
MAX_ROWS = 2**31 - 1
"""Qt's tables hold no more."""
MAX_COLUMNS = 2_000
encode_cells = json.JSONEncoder(ensure_ascii=False).encode
"""A row's cells as the file holds them; `json.dumps` would make a new encoder each time."""
_SMALLEST_ROW_BYTES = 8
"""What SQLite takes for a row of a single empty cell, rounded down."""
_WORK_UNITS = 10_000
"""Instructions of SQLite's machine between two checks of the clock."""
_LONGEST_SQL, _LONGEST_META = 10_000, 4 * 2**20
_TABLES = {
    "meta": "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "rows": "CREATE TABLE rows(number INTEGER PRIMARY KEY, line INTEGER NOT NULL, "
    "cells TEXT NOT NULL)",
    "rejected": "CREATE TABLE rejected(line INTEGER NOT NULL, reason TEXT NOT NULL, "
    "text TEXT NOT NULL)",
}
SCHEMA = {
    *(("table", name, sql) for name, sql in _TABLES.items()),
    ("index", "sqlite_autoindex_meta_1", None),
}


def no_such_column(name: str, columns: Iterable[str]) -> UserError:
    """A column is named that is not among the columns."""
    return UserError(
        "no-such-column",
        "There is no column {name!r}. The columns are {known}.",
        name=name,
        known=", ".join(map(repr, columns)),
    )


@dataclass(frozen=True)
class DatasetMeta:
    """What a dataset was made from.

    Attributes:
        name: file name of the source.
        columns: names, unique, in the file's order.
        row_count, rejected_count: rows that were read, and rows that could not be.
        fingerprint: sha256 over columns and rows.
        format: how it was read, in words ("CSV, UTF-8, comma").
    """

    name: str
    columns: tuple[str, ...]
    row_count: int
    rejected_count: int
    fingerprint: str
    format: str
    version: int = STORE_VERSION


@dataclass(frozen=True)
class Row:
    """One row: its number (1-based), its first line in the file, its cells."""

    number: int
    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class RejectedRow:
    """A row that could not be read: where, why, and its text as it stood in the file."""

    line: int
    reason: str
    text: str


class _DamageError(Exception):
    """What is wrong with a dataset file, in a few words."""


class DatasetStore:
    """Read access to a dataset file, for any thread's own use.

    Raises:
        UserError: the file is missing, damaged, not as the importer makes it, or of a newer
            version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._give_up_s = 0.0
        with self._explain_damage():
            self._size_bytes = _regular_size(path)
            # A dataset is never changed in place, so that no journal beside it is its own.
            uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
            self._db = sqlite3.connect(uri, uri=True)
            try:
                self._restrict()
                self._check_schema()
                query = "SELECT value FROM meta WHERE key = 'meta'"
                text = next(self._query(query), ("",))[0]
                if not isinstance(text, str) or len(text) > _LONGEST_META:
                    raise _DamageError("its description is no text, or too long")
                self.meta = codec.from_text(DatasetMeta, text)
                self._check_meta()
            except BaseException:
                self._db.close()
                raise

    def rows(self, start: int = 1, count: int | None = None) -> Iterator[Row]:
        """Rows from number `start` on, streamed.

        Raises:
            UserError: a row is not as it should be; or, after the last of all rows, they are not
                those that were imported.
        """
        query = "SELECT number, line, cells FROM rows WHERE number >= ? ORDER BY number LIMIT ?"
        limit = -1 if count is None else count
        digest = start_digest(self.meta.columns) if start <= 1 and count is None else None
        expected = max(start, 1)
        with self._explain_damage():
            for number, line, cells in self._query(query, start, limit):
                if number != expected:
                    raise _DamageError(f"row {expected} is missing")
                yield self._row(number, line, cells)
                expected += 1
                if digest is not None:
                    digest.update(cells.encode("utf-8") + b"\n")
            if digest is not None and digest.hexdigest() != self.meta.fingerprint:
                raise _DamageError(
                    "its rows are not those that were imported: sha256 "
                    f"{digest.hexdigest()[:12]}…, not {self.meta.fingerprint[:12]}…"
                )

    def rejected(self, start: int = 0, count: int | None = None) -> Iterator[RejectedRow]:
        """Rejected rows in the file's order, streamed, leaving out the first `start`.

        Raises:
            UserError: a row is not as it should be.
        """
        query = "SELECT line, reason, text FROM rejected WHERE rowid > ? ORDER BY rowid LIMIT ?"
        last = self.meta.rejected_count - start
        limit = last if count is None else min(count, last)
        with self._explain_damage():
            for line, reason, text in self._query(query, start, max(limit, 0)):
                if not (_is_line(line) and type(reason) is str and type(text) is str):
                    raise _DamageError("a rejected row is no line, reason and text")
                yield RejectedRow(line, reason, text)

    def column(self, name: str) -> int:
        """Index of a column; raise `UserError` naming the columns there are."""
        if name not in self.meta.columns:
            raise no_such_column(name, self.meta.columns)
        return self.meta.columns.index(name)

    def _restrict(self) -> None:
        """Take from the connection what reading a dataset does not need."""
        self._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_ROW_BYTES)
        self._db.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, _LONGEST_SQL)
        self._db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        self._db.setlimit(sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 1)
        self._db.set_progress_handler(self._is_late, _WORK_UNITS)
        for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON"):
            self._db.execute(f"PRAGMA {pragma}")

    def _is_late(self) -> bool:
        return time.monotonic() > self._give_up_s

    def _query(self, text: str, *values: int) -> Iterator[tuple[Any, ...]]:
        """Run a query of ours; each step of it gives up after `PATIENCE_S`."""
        self._give_up_s = time.monotonic() + PATIENCE_S
        for row in self._db.execute(text, values):
            yield row
            self._give_up_s = time.monotonic() + PATIENCE_S

    def _check_schema(self) -> None:
        """Refuse views, triggers, and tables that are not the importer's, before any is read."""
        query = f"SELECT type, name, sql FROM sqlite_master LIMIT {len(SCHEMA) + 1}"
        existing = {(kind, name, sql) for kind, name, sql in self._query(query)}
        if existing != SCHEMA:
            other = sorted(f"{kind} {name}" for kind, name, _ in existing - SCHEMA)
            raise _DamageError(f"it holds {other[0]!r}" if other else "its tables are missing")

    def _check_meta(self) -> None:
        """Hold what the description says against what the file can hold."""
        meta = self.meta
        if len(meta.columns) > MAX_COLUMNS:
            raise _DamageError(f"{len(meta.columns):,} columns are more than {MAX_COLUMNS:,}")
        if len(set(meta.columns)) < len(meta.columns):
            raise _DamageError("two of its columns have the same name")
        _check_unicode(meta.columns)
        for name, count, column in (
            ("rows", meta.row_count, "number"),
            ("rejected", meta.rejected_count, "rowid"),
        ):
            last = next(self._query(f"SELECT max({column}) FROM {name}"), (0,))[0] or 0
            most = min(MAX_ROWS, self._size_bytes // _SMALLEST_ROW_BYTES)
            if count != last or not 0 <= count <= most:
                raise _DamageError(f"the number of its {name} is {last}, where it says {count}")

    def _row(self, number: int, line: Any, text: Any) -> Row:
        try:
            cells = json.loads(text) if type(text) is str else None
            if type(cells) is not list or not all(type(cell) is str for cell in cells):
                raise ValueError("no list of texts")
            if "\\u" in text:
                _check_unicode(cells)
        except (ValueError, RecursionError) as error:
            raise _DamageError(f"the cells of row {number} are no list of texts") from error
        if len(cells) != len(self.meta.columns):
            raise _DamageError(
                f"row {number} has {len(cells)} cells for {len(self.meta.columns)} columns"
            )
        if not _is_line(line):
            raise _DamageError(f"row {number} is of line {line!r:.20}")
        return Row(number, line, tuple(cells))

    @contextlib.contextmanager
    def _explain_damage(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ProtocolError, _DamageError, ValueError) as error:
            raise UserError(
                "damaged-dataset",
                "{path} is damaged, or not a dataset of this program ({reason}). Import its source "
                "file again.",
                path=self.path,
                reason=error,
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> DatasetStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def start_digest(columns: Iterable[str]) -> hashlib._Hash:
    """A sha256 over columns; each row adds `encode_cells` of it and a line break."""
    return hashlib.sha256(encode_cells(tuple(columns)).encode("utf-8") + b"\n")


def _regular_size(path: Path) -> int:
    """The size of a dataset file in bytes; a device or pipe would be read without end."""
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(
            "missing-dataset",
            "The dataset {path} is missing. Import its source file again.",
            path=path,
        ) from error
    except OSError as error:
        raise _DamageError(str(error)) from error
    if not stat.S_ISREG(status.st_mode):
        raise _DamageError("it is no file")
    return status.st_size


def _check_unicode(texts: Iterable[str]) -> None:
    """Raise `ValueError` for lone surrogates, which no text in UTF-8 holds."""
    "".join(texts).encode("utf-8")


def _is_line(value: object) -> bool:
    return type(value) is int and value >= 0


def create_tables(database: sqlite3.Connection) -> None:
    """Make the empty tables of a dataset file; the importer fills them."""
    for sql in _TABLES.values():
        database.execute(sql)


def insert_rows(database: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Append rows."""
    database.executemany(
        "INSERT INTO rows VALUES (?, ?, ?)",
        ((row.number, row.line, encode_cells(row.cells)) for row in rows),
    )


def insert_rejected(database: sqlite3.Connection, rows: Iterable[RejectedRow]) -> None:
    """Append rejected rows."""
    database.executemany(
        "INSERT INTO rejected VALUES (?, ?, ?)", ((row.line, row.reason, row.text) for row in rows)
    )


def write_meta(database: sqlite3.Connection, meta: DatasetMeta) -> None:
    """Write or replace the description."""
    database.execute("INSERT OR REPLACE INTO meta VALUES ('meta', ?)", (codec.to_line(meta),))
