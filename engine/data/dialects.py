"""Which delimiter and which quote a delimited file uses, judged by how even its rows come out."""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.contract.errors import UserError
from engine.contract.reading import ReadOptions

if TYPE_CHECKING:
    from _csv import Reader  # the type has no public name

DELIMITERS = {"\t": "tab", ";": "semicolon", ",": "comma", "|": "pipe"}
"""Candidates, the rarer in running text first: of two that fit equally, the earlier wins."""
QUOTES = ('"', "'", "")

MAX_CELL_CHARACTERS = 64 * 2**20
"""Longest cell that is read; a longer one is a quote that is never closed."""

_ENOUGH_CHARACTERS = 512 * 2**10
_NEAR = 0.02  # differences in evenness that say nothing
_LEAST_EVEN = 0.5  # below it, no delimiter is at work: the file has one column
_ODD_HEADER = 0.6  # factor where the first row has another width than most


@dataclass(frozen=True)
class Dialect:
    """How rows are written: the delimiter, and the quote ("" for none)."""

    delimiter: str
    quote: str

    def rows(self, lines: Iterable[str]) -> Reader:
        """The standard library's reader, strict about quotes: it raises `csv.Error`."""
        # The limit belongs to the process; nobody else in the engine reads CSV.
        csv.field_size_limit(MAX_CELL_CHARACTERS)
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            strict=True,
        )


@dataclass(frozen=True)
class _Trial:
    dialect: Dialect
    evenness: float
    width: int


def check_options(options: ReadOptions) -> None:
    """Raise `UserError` for a delimiter or quote that cannot be one."""
    for name, value in (("delimiter", options.delimiter), ("quote", options.quote)):
        if value is None or (name == "quote" and value == ""):
            continue
        if len(value) != 1 or value in "\r\n":
            raise UserError(f"The {name} {value!r} is not one character: give one, such as ',' .")
    if options.quote and options.quote == options.delimiter:
        raise UserError(f"Delimiter and quote are both {options.quote!r}: choose two characters.")


def guess_dialect(lines: list[str], options: ReadOptions) -> Dialect:
    """The dialect under which most lines have the same number of cells.

    Args:
        lines: the first lines of the file, with their line ends; the last may stand in the
            middle of a record.
        options: what the user has settled already.
    """
    check_options(options)
    lines = _beginning(lines)
    delimiters = (options.delimiter,) if options.delimiter else tuple(DELIMITERS)
    quotes = QUOTES if options.quote is None else (options.quote,)
    trials = [
        [_try(Dialect(delimiter, quote), lines) for quote in quotes if quote != delimiter]
        for delimiter in delimiters
    ]
    best = max(max(map(_merit, group)) for group in trials)
    if best < _LEAST_EVEN:
        return _single_column(trials)
    group = next(group for group in trials if max(map(_merit, group)) >= best - _NEAR)
    return _choose_quote(group, lines)


def _beginning(lines: list[str]) -> list[str]:
    """The first lines, so many that trying all dialects stays quick; at least one."""
    sizes = itertools.accumulate(map(len, lines))
    return lines[: max(1, sum(size <= _ENOUGH_CHARACTERS for size in sizes))]


def _merit(trial: _Trial) -> float:
    return trial.evenness if trial.width > 1 else 0.0


def _single_column(trials: list[list[_Trial]]) -> Dialect:
    """A dialect that splits nothing: the comma if it does not, else one that is not in it."""
    whole = [group[0] for group in trials if group[0].width == 1 and group[0].evenness == 1.0]
    commas = [trial.dialect for trial in whole if trial.dialect.delimiter == ","]
    if commas:
        return commas[0]
    return whole[0].dialect if whole else trials[0][0].dialect


def _try(dialect: Dialect, lines: list[str]) -> _Trial:
    """Share of the lines that stand in rows of the commonest width."""
    reader = dialect.rows(lines)
    widths: Counter[int] = Counter()
    first = header_lines = total = seen = 0
    while True:
        cells: list[str] | None = None
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            pass  # counted as a line that no width explains
        taken, seen = reader.line_num - seen, reader.line_num
        if cells is None:
            if seen >= len(lines) and total:
                break  # the sample ends within this record, or its quote is never closed
            total += taken
        elif cells:
            if not first:
                first, header_lines = len(cells), taken
            widths[len(cells)] += taken
            total += taken
    if not widths:
        return _Trial(dialect, 0.0, 0)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    if first == width:
        return _Trial(dialect, count / total, width)
    return _Trial(dialect, _ODD_HEADER * count / max(1, total - header_lines), width)


def _choose_quote(group: list[_Trial], lines: list[str]) -> Dialect:
    """The double quote, unless another one, or none, reads clearly more lines evenly."""
    chosen = group[0]
    for trial in group[1:]:
        if trial.evenness <= chosen.evenness + _NEAR or trial.width < 2:
            continue
        if trial.dialect.quote == "" and _closed(chosen.dialect, lines) > 0.5:
            continue  # quotes come in pairs: they are quotes, some of them faulty
        if trial.dialect.quote == "'" and _closed(trial.dialect, lines) < 0.8:
            continue  # apostrophes
        chosen = trial
    return chosen.dialect


def _closed(dialect: Dialect, lines: list[str]) -> float:
    """How nearly as many cells end with the quote as start with it: 1 where quotes pair up."""
    opened = closed = 0
    for line in lines:
        for piece in line.rstrip("\r\n").split(dialect.delimiter):
            opened += piece.startswith(dialect.quote)
            closed += piece.endswith(dialect.quote)
    return min(opened, closed) / max(opened, closed, 1)
