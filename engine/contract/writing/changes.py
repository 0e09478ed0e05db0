"""Texts in the place of those that the model wrote first: by hand, or written again.

One JSON object per line; the last about a row counts, and one without a text takes it back.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from engine.contract import codec
from engine.contract.errors import ProtocolError
from engine.contract.files.appending import LineAppender
from engine.contract.files.regular_files import MAX_TEXT_BYTES, open_to_read
from engine.contract.writing.progress import MAX_LINE_BYTES, WrittenRow

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """Another text of a row.

    Attributes:
        written: the text; checked only where the model wrote it.
        seed: of the sample that it is; None for a text by hand.
    """

    written: WrittenRow
    seed: int | None = None

    @property
    def is_by_hand(self) -> bool:
        """Whether a person wrote it; such a text is in no doubt."""
        return self.seed is None


@dataclass(frozen=True)
class _Line:
    row: int
    change: Change | None


class Changes:
    """The changes of a writing by row number, and their file."""

    def __init__(self, path: Path, row_count: int) -> None:
        self._path, self._row_count = path, row_count
        self._changes: dict[int, Change] = {}
        try:
            with open_to_read(path, limit_bytes=MAX_TEXT_BYTES) as stream:
                while line := stream.readline(MAX_LINE_BYTES):
                    self._read(line)
        except FileNotFoundError:
            pass

    def __len__(self) -> int:
        return len(self._changes)

    def rows(self) -> tuple[int, ...]:
        """The rows that are changed."""
        return tuple(self._changes)

    def get(self, row: int) -> Change | None:
        """The change of a row."""
        return self._changes.get(row)

    def set(self, changes: Mapping[int, Change | None]) -> None:
        """Change texts of rows, or take changes back.

        Raises:
            UserError: the disk is full or the folder cannot be written to; the rows before are
                changed.
        """
        with closing(LineAppender(self._path)) as lines:
            for row, change in changes.items():
                lines.append(codec.to_line(_Line(row, change)))
                self._put(row, change)

    def _put(self, row: int, change: Change | None) -> None:
        if change is None:
            self._changes.pop(row, None)
        else:
            self._changes[row] = change

    def _read(self, line: bytes) -> None:
        try:
            read = codec.from_text(_Line, line.decode("utf-8"))
        except (ProtocolError, UnicodeDecodeError):
            log.warning("%s: skipped a line that cannot be read", self._path)
            return
        if 1 <= read.row <= self._row_count and _is_about(read.change, read.row):
            self._put(read.row, read.change)


def _is_about(change: Change | None, row: int) -> bool:
    return change is None or change.written.row == row
