"""A dataset on disk: rows as they were read, and the rows that could not be.

One SQLite file. Rows are reached by number, so that a million of them cost the window no
memory; nothing of the file that was imported is thrown away. Every cell is text.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError

STORE_VERSION = 1


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


class DatasetStore:
    """Read access to a dataset file, for any thread's own use.

    Raises:
        UserError: the file is missing, damaged, or of a newer version.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise UserError(f"The dataset {path} is missing: import its source file again.")
        self.path = path
        with self._explain_damage():
            self._db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
            try:
                text = self._db.execute("SELECT value FROM meta WHERE key = 'meta'").fetchone()
                self.meta = codec.from_text(DatasetMeta, text[0] if text else "")
            except BaseException:
                self._db.close()
                raise

    def rows(self, start: int = 1, count: int | None = None) -> Iterator[Row]:
        """Rows from number `start` on, streamed."""
        query = "SELECT number, line, cells FROM rows WHERE number >= ? ORDER BY number LIMIT ?"
        limit = -1 if count is None else count
        with self._explain_damage():
            for number, line, cells in self._db.execute(query, (start, limit)):
                yield Row(number, line, tuple(json.loads(cells)))

    def rejected(self, start: int = 0, count: int | None = None) -> Iterator[RejectedRow]:
        """Rejected rows in the file's order, streamed, leaving out the first `start`."""
        query = "SELECT line, reason, text FROM rejected ORDER BY line LIMIT ? OFFSET ?"
        limit = -1 if count is None else count
        with self._explain_damage():
            for line, reason, text in self._db.execute(query, (limit, start)):
                yield RejectedRow(line, reason, text)

    def column(self, name: str) -> int:
        """Index of a column; raise `UserError` naming the columns there are."""
        if name not in self.meta.columns:
            known = ", ".join(map(repr, self.meta.columns))
            raise UserError(f"There is no column {name!r}: the columns are {known}.")
        return self.meta.columns.index(name)

    @contextlib.contextmanager
    def _explain_damage(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, ProtocolError) as error:
            raise UserError(
                f"{self.path} is no dataset of this program, or damaged ({error}): import its "
                "source file again."
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


def create_tables(database: sqlite3.Connection) -> None:
    """Make the empty tables of a dataset file; the importer fills them."""
    database.executescript(
        """
        CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL);
        CREATE TABLE rows(number INTEGER PRIMARY KEY, line INTEGER NOT NULL, cells TEXT NOT NULL);
        CREATE TABLE rejected(line INTEGER NOT NULL, reason TEXT NOT NULL, text TEXT NOT NULL);
        """
    )


def insert_rows(database: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Append rows."""
    database.executemany(
        "INSERT INTO rows VALUES (?, ?, ?)",
        ((row.number, row.line, json.dumps(row.cells, ensure_ascii=False)) for row in rows),
    )


def insert_rejected(database: sqlite3.Connection, rows: Iterable[RejectedRow]) -> None:
    """Append rejected rows."""
    database.executemany(
        "INSERT INTO rejected VALUES (?, ?, ?)", ((row.line, row.reason, row.text) for row in rows)
    )


def write_meta(database: sqlite3.Connection, meta: DatasetMeta) -> None:
    """Write or replace the description."""
    database.execute("INSERT OR REPLACE INTO meta VALUES ('meta', ?)", (codec.to_line(meta),))
