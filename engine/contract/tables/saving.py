"""Tables for other programs, as CSV or as an Excel workbook; none of their cells is ever run.

A spreadsheet program takes a cell of a CSV file that begins with = + - @ for a formula, whatever
its quotes. Such a text gets an apostrophe in front, as OWASP's page on CSV injection advises; one
that has an apostrophe there already gets a second, so that `without_guard` finds the text again.
In a workbook the type of a cell says that it is text.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import secrets
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from engine.contract.errors import UserError
from engine.contract.files.writing import explain_disk_errors

Cell = str | int | float | None
Line = Sequence[Cell]

TABLE_ENDINGS = (".xlsx", ".csv")
WRITTEN_ENDINGS = (*TABLE_ENDINGS, ".jsonl")
"""Of a table whose texts were written: as JSON lines each row is an object of its cells."""
REJECTED_HEADER = ("line", "reason", "text")
OUTPUTS_HEADER = ("example_id", "category", "input")
"""What tables of outputs begin with, after the number of the example if they have it."""

_GUARDED = re.compile(r"'*[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?%?")


def with_guard(text: str) -> str:
    """A cell of CSV or tab-separated text that no spreadsheet takes for a formula."""
    if _GUARDED.match(text) is None or _NUMBER.fullmatch(text) is not None:
        return text
    return f"'{text}"


def without_guard(text: str) -> str:
    """The text that `with_guard` was given."""
    return text[1:] if text.startswith("'") and _GUARDED.match(text) is not None else text


def is_own_table(columns: Sequence[str]) -> bool:
    """Whether a CSV file with these columns is one that this program wrote."""
    start = tuple(columns[1:4]) if columns[:1] == ("number",) else tuple(columns[:3])
    return start in (REJECTED_HEADER, OUTPUTS_HEADER)


def csv_text(lines: Iterable[Line]) -> str:
    """A table as CSV, for the clipboard or a small file."""
    stream = io.StringIO()
    # Its lines end in \r\n: with \n, a \r in a text is not quoted (Python before 3.13).
    writer = csv.writer(stream)
    writer.writerows(_guarded(line) for line in lines)
    return stream.getvalue()


def check_ending(path: Path) -> None:
    """Raise `UserError` unless the ending of a path is that of a table."""
    _writer_for(path)


def write_table(path: Path, lines: Iterable[Line]) -> int:
    """Write a whole table; its number of lines, that of the column names included.

    Raises:
        UserError: as `table_steps`.
    """
    steps = table_steps(path, lines)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return int(end.value)


def table_steps(path: Path, lines: Iterable[Line]) -> Generator[None, None, int]:
    """Write a table, yielding after each line; the number of lines.

    The ending of the path says which form it has. It is written beside the path and replaces what
    is there at the end, or leaves it as it was.

    Args:
        lines: the column names first. Text stays text; numbers stay numbers.

    Raises:
        UserError: another ending; the disk is full or the folder cannot be written to; more rows
            or longer texts than a workbook holds.
    """
    kind = _writer_for(path)
    count = 0
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    with explain_disk_errors(path):
        try:
            with open(part, "xb") as stream, kind(stream) as writer:
                for line in lines:
                    writer.add(line)
                    count += 1
                    yield
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    return count


class _Writer(Protocol):
    def __init__(self, stream: io.BufferedWriter) -> None: ...

    def add(self, line: Line) -> None:
        """Write a line."""

    def __enter__(self) -> _Writer: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class _CsvWriter(contextlib.AbstractContextManager["_CsvWriter"]):
    """Begins with a byte order mark, without which spreadsheets misread accents."""

    def __init__(self, stream: io.BufferedWriter) -> None:
        self._text = io.TextIOWrapper(stream, "utf-8-sig", "replace", newline="")
        self._writer = csv.writer(self._text)

    def add(self, line: Line) -> None:
        self._writer.writerow(_guarded(line))

    def __exit__(self, *_error: object) -> None:
        self._text.detach()


class _JsonWriter(contextlib.AbstractContextManager["_JsonWriter"]):
    """An object for each line but the first, which names the keys."""

    def __init__(self, stream: io.BufferedWriter) -> None:
        self._stream = stream
        self._names: Sequence[Cell] = ()

    def add(self, line: Line) -> None:
        if not self._names:
            self._names = line
            return
        text = json.dumps(dict(zip(map(str, self._names), line, strict=True)), ensure_ascii=False)
        self._stream.write(text.encode("utf-8", "backslashreplace") + b"\n")

    def __exit__(self, *_error: object) -> None:
        self._stream.flush()


def _writer_for(path: Path) -> type[_Writer]:
    ending = path.suffix.lower()
    if ending == ".csv":
        return _CsvWriter
    if ending == ".jsonl":
        return _JsonWriter
    if ending == ".xlsx":
        # Imported late: the window opens with this module, and needs no zip files for that.
        from engine.contract.tables.workbook import WorkbookWriter

        return WorkbookWriter
    raise UserError(
        "no-ending-of-a-table",
        "{name} does not end in {endings}. Give it one of these endings.",
        name=path.name,
        endings=" or ".join(WRITTEN_ENDINGS),
    )


def _guarded(line: Line) -> list[Cell]:
    return [with_guard(cell) if isinstance(cell, str) else cell for cell in line]
