"""The texts that are written already: one JSON object per line, in the order they were finished.

The first line is the `Work`; each other one is a row, such as
{"row": 3, "text": "…", "said": 2, "missing": ["5 of 5"], "invented": ["Paris"]}. A process that is
killed loses the line it was writing at most, which is cut off before the next one is appended.
"""

from __future__ import annotations

import logging
import os
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.contract import codec
from engine.contract.errors import ProtocolError, UserError
from engine.contract.files.appending import LineAppender
from engine.contract.files.regular_files import open_to_read
from engine.contract.writing.work import Work

log = logging.getLogger(__name__)

MAX_LINE_BYTES = 16 * 2**20
MOST_DOUBTS = 2**16 - 1
ENDING = ".progress.jsonl"
_BEGINNING = b'{"type":"Work"'


@dataclass(frozen=True)
class WrittenRow:
    """A row's text, checked against its input.

    Attributes:
        row: number in the table, from 1.
        said: how many values of the input the text has.
        missing: values of the input that it has not, as far as that can be checked literally.
        invented: numbers and names of the text that the input has not.
    """

    row: int
    text: str
    said: int = 0
    missing: tuple[str, ...] = ()
    invented: tuple[str, ...] = ()

    @property
    def doubts(self) -> int:
        """How many values are missing or invented; a row without a text is one doubt."""
        return len(self.missing) + len(self.invented) + (not self.text.strip())


def progress_path(out: Path) -> Path:
    """The progress file beside a table."""
    return out.with_name(out.name + ENDING)


class ProgressWriter:
    """Appends rows to the progress file of a work; begins it where it is missing or empty.

    Raises:
        UserError: the file is of other work, or it cannot be written to.
    """

    def __init__(self, path: Path, work: Work) -> None:
        known = read_work(path)
        if known is not None and (difference := work.difference(known)):
            raise UserError(
                "progress-of-other-work",
                "{path} has texts written with {difference}. Delete it to start again, or choose "
                "another place for the table.",
                path=path,
                difference=difference,
            )
        self._lines = LineAppender(path)
        if known is None:
            self._lines.append(codec.to_line(work), flush=True)

    def append(self, row: WrittenRow, *, flush: bool = False) -> None:
        """Write a row."""
        plain = codec.to_plain(row)
        del plain["type"]
        self._lines.append(codec.dump(plain), flush=flush)

    def close(self) -> None:
        """Close the file."""
        self._lines.close()


def read_work(path: Path) -> Work | None:
    """What the progress file is of; None where there is none yet.

    Raises:
        UserError: its first line says no work, or it is of a newer version, or no plain file.
    """
    try:
        with open_to_read(path) as stream:
            line = stream.readline(MAX_LINE_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error.strerror) from error
    if not line.endswith(b"\n") and len(line) < MAX_LINE_BYTES:
        if _BEGINNING.startswith(line[: len(_BEGINNING)]):
            return None  # killed before it was begun; the torn line will be cut off
        raise _unreadable(path, "it does not begin with what was written")
    try:
        return codec.from_text(Work, line.decode("utf-8"))
    except (ProtocolError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, reason: object) -> UserError:
    return UserError(
        "no-progress-file",
        "{path} cannot be continued ({reason}). Delete it to start again, or choose another place "
        "for the table.",
        path=path,
        reason=reason,
    )


class WrittenRows:
    """The rows of a progress file by number; a text is read when it is asked for.

    Costs ten bytes for each row of the table. A line that cannot be read is skipped, so that its
    row is written again; of two lines about a row the later one counts.

    Attributes:
        count: rows that have a text.
        position_bytes: how much of the file has been read.
        doubts: of each row, by its number less 1; rows without a text have 0.
        offsets: where their lines begin in the file; -1 for rows without a text.
    """

    def __init__(self, path: Path, row_count: int) -> None:
        self._path = path
        self.position_bytes = 0
        self.offsets = array("q", [-1]) * row_count
        self.doubts = array("H", [0]) * row_count
        self.count = 0

    def read_new(self, limit: int = 1000) -> list[int]:
        """Read at most `limit` more lines; the numbers of their rows."""
        rows: list[int] = []

        def add(offset: int, row: WrittenRow) -> None:
            index = row.row - 1
            self.count += self.offsets[index] < 0
            self.offsets[index] = offset
            self.doubts[index] = min(row.doubts, MOST_DOUBTS)
            rows.append(row.row)

        self._read_lines(limit, add)
        return rows

    def read_all(self) -> None:
        """Read all lines that are there."""
        before = -1
        while before != self.position_bytes:
            before = self.position_bytes
            self.read_new()

    def __contains__(self, row: int) -> bool:
        """Whether the row of this number has a text."""
        return 0 < row <= len(self.offsets) and self.offsets[row - 1] >= 0

    def row(self, number: int) -> WrittenRow | None:
        """The row of this number, or None where it has no text yet."""
        if number not in self:
            return None
        try:
            with open_to_read(self._path) as stream:
                stream.seek(self.offsets[number - 1])
                line = stream.readline(MAX_LINE_BYTES)
        except OSError as error:
            raise _unreadable(self._path, error.strerror) from error
        row = self._parse(line)
        if row is None or row.row != number:
            raise _unreadable(self._path, "it was changed meanwhile")
        return row

    def _read_lines(self, limit: int, add: Callable[[int, WrittenRow], None]) -> None:
        try:
            stream = open_to_read(self._path)
        except FileNotFoundError:
            return
        with stream:
            if stream.seek(0, os.SEEK_END) < self.position_bytes:  # begun again
                self.position_bytes = 0
            stream.seek(self.position_bytes)
            for _ in range(limit):
                line = stream.readline(MAX_LINE_BYTES)
                if not line.endswith(b"\n") and len(line) < MAX_LINE_BYTES:
                    break
                row = self._parse(line)
                if row is not None:
                    add(self.position_bytes, row)
                elif self.position_bytes:
                    log.warning("%s: skipped a line that cannot be read", self._path)
                self.position_bytes += len(line)

    def _parse(self, line: bytes) -> WrittenRow | None:
        """The row of a line; None where it is none, or of a row that there is not."""
        try:
            plain = codec.parse(line.decode("utf-8"))
            row = codec.from_plain(WrittenRow, _plain_row(plain))
        except (ProtocolError, UnicodeDecodeError):
            return None
        return row if 1 <= row.row <= len(self.offsets) else None


def _plain_row(plain: Any) -> Any:
    return plain if isinstance(plain, dict) and "row" in plain else {}
