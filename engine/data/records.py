"""Records of a delimited file, one after another, the broken ones with what is wrong with them."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from engine.contract.errors import UserError
from engine.contract.projects.dataset_store import RejectedRow
from engine.contract.reading.reading import FindingKind
from engine.data.dialects import MAX_CELL_CHARACTERS, Dialect
from engine.data.encodings import find_bad_byte, show_bad_bytes
from engine.data.first_row import are_same_names

_LOOKAHEAD_LINES = 1000


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row as it should be; `line` is where it starts, 1-based."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EmptyRow:
    """A row of empty cells, or a line of spaces; it is skipped."""

    line: int


@dataclass(frozen=True, slots=True)
class RepeatedHeader:
    """The row of column names once more; it is skipped."""

    line: int


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is rejected, and under which finding that counts."""

    kind: FindingKind
    row: RejectedRow


Item = ReadRow | EmptyRow | RepeatedHeader | BadRow


class RecordReader:
    """Reads records, and finds its way again after a broken one.

    A quote that is opened and never closed would swallow what follows. Where the lines after
    the opening one are rows in their own right, only that one is rejected and reading goes on
    with the next; else everything up to the fault is one rejected row, and nothing is made up
    out of its parts.

    Args:
        lines: text lines with their line ends.
        dialect: how they are written.
        encoding: for messages about bytes that do not fit.
        cut: the lines are only the first part of a file, so that a record which is open at
            their end is no fault; it is not given out.
        first_line: the number of the first line.

    Attributes:
        width: cells a row must have; None accepts any number.
        names: cells of a row of column names, which may come again; () for none.
    """

    def __init__(
        self,
        lines: Iterator[str],
        dialect: Dialect,
        *,
        encoding: str,
        cut: bool = False,
        first_line: int = 1,
    ) -> None:
        self.width: int | None = None
        self.names: tuple[str, ...] = ()
        self._feed = _Feed(lines, first_line)
        self._dialect = dialect
        self._encoding = encoding
        self._cut = cut

    def __iter__(self) -> Iterator[Item]:
        feed = self._feed
        reader = self._dialect.rows(feed)
        while True:
            line = feed.start_record()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                bad = self._broken(line)
                if bad is None:
                    return
                yield bad
                continue
            if not any(cells) or (len(cells) == 1 and not cells[0].strip()):
                yield EmptyRow(line)
                continue
            yield self._check(line, cells)

    def _check(self, line: int, cells: list[str]) -> Item:
        if self.names and are_same_names(cells, self.names):
            return RepeatedHeader(line)
        ragged = self.width is not None and len(cells) != self.width
        if ragged and self._is_stray():
            return self._reject_first(line)
        for number, text in enumerate(self._feed.lines, start=line):
            bad = find_bad_byte(text)
            if bad is not None:
                position, byte = bad
                where = f"byte {byte} in line {number}, character {position}"
                return self._reject(
                    FindingKind.UNDECODABLE, line, f"{where} is not {self._encoding}"
                )
        if ragged:
            reason = _explain_width(len(cells), self.width or 0)
            return self._reject(FindingKind.RAGGED, line, reason)
        return ReadRow(line, tuple(cells))

    def _broken(self, line: int) -> BadRow | None:
        """What to do with a record whose quotes the reader could not follow."""
        if self._is_stray():
            return self._reject_first(line)
        lines = self._feed.lines
        if not self._feed.ended:
            if sum(map(len, lines)) > MAX_CELL_CHARACTERS:
                raise UserError(
                    "quoted-cell-too-long",
                    "A cell that starts in line {line} is longer than {limit:,} characters. Close "
                    "its quote, or read the file without quotes.",
                    line=line,
                    limit=MAX_CELL_CHARACTERS,
                )
            where = "" if len(lines) == 1 else f" (line {line + len(lines) - 1})"
            reason = f"a quote inside a quoted cell is not doubled{where}"
            return self._reject(FindingKind.UNCLOSED_QUOTE, line, reason)
        if self._cut:
            return None
        reason = f"a quote that is opened in line {line} is never closed"
        return self._reject(FindingKind.UNCLOSED_QUOTE, line, reason)

    def _is_stray(self) -> bool:
        """Whether the lines after the first of this record are rows in their own right.

        More than half of them must be, with their quotes in pairs, so that lines of a text
        which happen to hold the right number of commas are not mistaken for rows.
        """
        following = self._feed.lines[1 : 1 + _LOOKAHEAD_LINES]
        if self.width is None or self.width < 2 or not self._dialect.quote:
            return False
        return 2 * sum(map(self._is_row, following)) > len(following)

    def _is_row(self, line: str) -> bool:
        if line.count(self._dialect.quote) % 2:
            return False
        try:
            return len(next(self._dialect.rows([line]))) == self.width
        except csv.Error:
            return False

    def _reject_first(self, line: int) -> BadRow:
        self._feed.give_back_all_but_first()
        reason = "a quote is opened here and not closed"
        return self._reject(FindingKind.UNCLOSED_QUOTE, line, reason)

    def _reject(self, kind: FindingKind, line: int, reason: str) -> BadRow:
        text = show_bad_bytes("".join(self._feed.lines).rstrip("\r\n"))
        return BadRow(kind, RejectedRow(line, reason, text))


class _Feed:
    """Lines for the reader: keeps those of the record under way, takes some back."""

    def __init__(self, lines: Iterator[str], first_line: int) -> None:
        self.lines: list[str] = []
        self.ended = False
        self._line = first_line  # number of the first line of the record under way
        self._lines = lines
        self._back: deque[str] = deque()

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if self._back:
            line = self._back.popleft()
        else:
            try:
                line = next(self._lines)
            except StopIteration:
                self.ended = True
                raise
        self.lines.append(line)
        return line

    def start_record(self) -> int:
        """Forget the last record; return the number of the line that comes next."""
        self._line += len(self.lines)
        self.lines = []
        return self._line

    def give_back_all_but_first(self) -> None:
        """The next record starts at the second line of this one."""
        self._back.extendleft(reversed(self.lines[1:]))
        del self.lines[1:]
        self.ended = False


def _explain_width(width: int, expected: int) -> str:
    if width < expected:
        missing = expected - width
        return f"{_cells(width)} where {expected} were expected: the last {_cells(missing)} missing"
    return f"{_cells(width)} where {expected} were expected: {_cells(width - expected)} too many"


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"
