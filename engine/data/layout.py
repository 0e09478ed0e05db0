"""How a delimited file is laid out: lines above the table, dialect, column names."""

from __future__ import annotations

import csv
import itertools
import re
from dataclasses import dataclass, replace

from engine.contract.errors import UserError
from engine.contract.reading.reading import Finding, FindingKind, ReadOptions
from engine.data.dialect_guess import guess_dialect
from engine.data.dialects import Dialect
from engine.data.encodings import find_bad_byte, show_bad_bytes
from engine.data.first_row import Row, count_titles, judge_first_row
from engine.data.headers import Header, commonest, read_header, shown_cell
from engine.data.reader_errors import check_column_count, no_text
from engine.data.records import BadRow, ReadRow, RecordReader
from engine.data.tallies import MOST_LINES, counted

_HEAD_ROWS = 500
_SHOWN_LINES = 4
_PAIR = ("source", "target")  # names for table||text without names
_SEP_LINE = re.compile(r'"?sep=(.)\1*"?[\s,;|]*', re.IGNORECASE)
"""Excel's first line about the delimiter; rewriting the file may have quoted or padded it."""


@dataclass(frozen=True)
class TextLayout:
    """What the first lines of a file have shown.

    Attributes:
        skip_lines: lines above the row of names, or above the first row of data.
        names: cells of the row of names as they stand, or () where there is none.
    """

    dialect: Dialect
    skip_lines: int
    header: Header
    names: Row
    findings: tuple[Finding, ...]


def find_layout(lines: list[str], options: ReadOptions, *, name: str, encoding: str) -> TextLayout:
    """Lay out a file by its first lines.

    Args:
        lines: the first lines behind those that the user skips, with their line ends.
        options: what the user has settled.
        name, encoding: of the file, for the messages.

    Raises:
        UserError: there is no text, the row of names is broken, or there are too many columns.
    """
    shown = [show_bad_bytes(line) for line in lines]
    skipped = options.skip_lines or 0
    if not any(map(str.strip, shown)):
        raise no_text(name, skipped)
    sep_line = _SEP_LINE.fullmatch(shown[0]) if options.skip_lines is None else None
    start = 1 if sep_line else 0
    if sep_line and options.delimiter is None:
        options = replace(options, delimiter=sep_line[1])
    marked = _marked_lines(shown[start:]) if options.skip_lines is None else 0
    dialect = guess_dialect(shown[start + marked :], options)

    def items_from(start: int) -> list[ReadRow | BadRow]:
        return _items(shown[start:], dialect, first_line=skipped + start + 1, encoding=encoding)

    items = items_from(start + marked)
    if marked:
        start += marked - _table_lines(shown[start : start + marked], dialect, _read(items))
        items = items_from(start)
    read = _read(items)
    if not read or (isinstance(items[0], BadRow) and options.header is not False):
        raise _no_names(name, shown[start:], items, dialect)
    rows = [row.cells for row in read]
    width = max(map(len, rows))
    check_column_count(name, width)
    titles = count_titles(rows) if options.skip_lines is None else 0
    verdict = judge_first_row(rows[titles:])
    bars = len(dialect.delimiter) > 1 and not dialect.delimiter.strip(" |")
    present = options.header
    if present is None and bars:  # files of pairs come without names, as a rule
        present = verdict.names and verdict.sure
    if not (verdict.names if present is None else present):
        # A short row would be rejected; a padded one may be data.
        titles = sum(1 for _ in itertools.takewhile(lambda row: len(row) < width, rows[:titles]))
    rows, line = rows[titles:], read[titles].line
    skip_lines = line - 1 if titles else skipped + start
    header = read_header(rows, present=present, line=line)
    if bars and not header.present and len(header.columns) == len(_PAIR):
        header = Header(False, _PAIR)
    findings = list(header.findings)
    if options.skip_lines is None and skip_lines:
        findings.insert(0, _explain_skipped(shown[:skip_lines], only_sep=bool(sep_line)))
    if header.present and find_bad_byte(lines[line - skipped - 1]) is not None:
        message = f"The column names hold bytes that are not {encoding}."
        findings.append(Finding(FindingKind.UNDECODABLE, message, 1, (line,)))
    return TextLayout(
        dialect, skip_lines, header, rows[0] if header.present else (), tuple(findings)
    )


def _marked_lines(lines: list[str]) -> int:
    """How many lines at the top are comments, or empty ones between; 0 where all lines are."""
    count = 0
    for number, line in enumerate(lines, start=1):
        text = line.lstrip(' \t"')
        if text.startswith("#"):
            count = number
        elif text.strip():
            return count
    return 0


def _table_lines(marked: list[str], dialect: Dialect, read: list[ReadRow]) -> int:
    """How many of the lines that begin with # are rows of the table after all.

    All, where each has as many cells as the table; or the last, where it has, and the row
    below it is not clearly one of names.
    """
    if not read:
        return 0
    rows = [row.cells for row in read]
    width = commonest(map(len, rows))
    fits = [_width(line, dialect) == width > 1 for line in marked if line.strip()]
    if len(fits) > 1 and all(fits):
        return len(marked)
    verdict = judge_first_row(rows)
    return 1 if fits[-1] and not (verdict.names and verdict.sure) else 0


def _width(line: str, dialect: Dialect) -> int:
    try:
        return len(next(dialect.rows([line])))
    except csv.Error:
        return 0


def _items(
    lines: list[str], dialect: Dialect, *, first_line: int, encoding: str
) -> list[ReadRow | BadRow]:
    records = RecordReader(iter(lines), dialect, encoding=encoding, cut=True, first_line=first_line)
    return [
        item
        for item in itertools.islice(records, _HEAD_ROWS)
        if isinstance(item, (ReadRow, BadRow))
    ]


def _read(items: list[ReadRow | BadRow]) -> list[ReadRow]:
    return [item for item in items if isinstance(item, ReadRow)]


def _explain_skipped(lines: list[str], *, only_sep: bool) -> Finding:
    numbers = tuple(range(1, len(lines) + 1))[:MOST_LINES]
    if only_sep and len(lines) == 1:
        message = f"The first line, {shown_cell(lines[0])}, names the delimiter: it is no row."
    else:
        texts = [shown_cell(line) for line in lines if line.strip()]
        more = " …" if len(texts) > _SHOWN_LINES else ""
        message = (
            f"{counted(len(lines), 'line')} above the table: not read "
            f"({', '.join(texts[:_SHOWN_LINES])}{more})."
        )
    return Finding(FindingKind.LEADING_LINES, message, len(lines), numbers)


def _no_names(
    name: str, lines: list[str], items: list[ReadRow | BadRow], dialect: Dialect
) -> UserError:
    if not any(line.strip("\r\n \t" + dialect.delimiter) for line in lines):
        return no_text(name)
    bad = next((item.row for item in items if isinstance(item, BadRow)), None)
    line = 1 if bad is None else bad.line
    reason = "a quote that is opened there is never closed" if bad is None else bad.reason
    return UserError(
        "bad-header",
        "Line {line} of {file} should hold the column names, but {reason}. Correct it, or read the "
        "file without quotes.",
        line=line,
        file=name,
        reason=reason,
    )
