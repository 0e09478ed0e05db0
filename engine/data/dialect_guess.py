"""Which delimiter, quote and escape a delimited file uses, judged by how even its rows come out."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from dataclasses import dataclass

from engine.contract.reading.reading import ReadOptions
from engine.data.dialects import DELIMITERS, Dialect

QUOTES = ('"', "'", "")
ESCAPE = "\\"
_BARS = ("|||", "||")
"""Delimiters of several characters that are tried: "||" stands in the E2E files of the
prefix-tuning paper's repository (XiangLi1999/PrefixTuning, data/e2e_data), table||text a line;
"|||" in files of sentence pairs."""

_ENOUGH_CHARACTERS = 512 * 2**10
_NEAR = 0.02  # differences in evenness that say nothing
_LEAST_EVEN = 0.5  # below it, no delimiter is at work: the file has one column
_ODD_HEADER = 0.6  # factor where the first row has another width than most
_ODD_LINE = 0.05  # less still for each line above, as a share of all
_MOST_TITLES = 20
_ALL_BUT_FEW = 0.9
_OPEN_AT_END = "unexpected end of data"  # how the csv module says that a quote is not closed


@dataclass(frozen=True)
class _Trial:
    """What reading the sample in a dialect gives: cells in all, and in most rows."""

    dialect: Dialect
    evenness: float
    width: int
    cells: int = 0


def guess_dialect(lines: list[str], options: ReadOptions) -> Dialect:
    """The dialect under which most lines have the same number of cells.

    Args:
        lines: the first lines of the table, with their line ends; the last may stand in the
            middle of a record.
        options: what the user has settled already.
    """
    lines = _beginning(lines)
    if options.delimiter is None and not options.quote:
        bars = _find_bars(lines)
        if bars is not None:
            return Dialect(bars, "", options.escape or "")
    delimiters = (options.delimiter,) if options.delimiter else tuple(DELIMITERS)
    groups = [_try_all(delimiter, lines, options) for delimiter in delimiters]
    best = max(max(map(_merit, group)) for group in groups)
    if best < _LEAST_EVEN:
        return _single_column(groups)
    fitting = [group for group in groups if max(map(_merit, group)) >= best - _NEAR]
    quoted = (group for group in fitting if _is_quoted(group, lines, least=best - _NEAR))
    return _choose_quote(next(quoted, fitting[0]), lines)


def _beginning(lines: list[str]) -> list[str]:
    """The first lines, so many that trying all dialects stays quick; at least one."""
    sizes = itertools.accumulate(map(len, lines))
    return lines[: max(1, sum(size <= _ENOUGH_CHARACTERS for size in sizes))]


def _find_bars(lines: list[str]) -> str | None:
    """The bars that stand once in every line, such as "||", with the spaces around them."""
    texts = [line.strip("\r\n") for line in lines if line.strip()]
    if any("\t" in text for text in texts[:1]):
        return None
    for bars in _BARS:
        halves = [text.split(bars) for text in texts if text.count(bars) == 1]
        if not halves or bars not in texts[0] or len(halves) < _ALL_BUT_FEW * len(texts):
            continue
        if _has_empty_column(texts, bars):
            continue
        spaced = all(left.endswith(" ") and right.startswith(" ") for left, right in halves)
        return f" {bars} " if spaced else bars
    return None


def _has_empty_column(texts: list[str], bars: str) -> bool:
    """Whether single bars are the delimiter, and "||" only an empty cell between two."""
    others = [text.replace(bars, "").count("|") for text in texts]
    spaced = sum(text.count(" | ") for text in texts)
    return len(set(others)) == 1 and others[0] > 0 and 2 * spaced < sum(others)


def _is_quoted(group: list[_Trial], lines: list[str], *, least: float) -> bool:
    """Whether nearly all cells stand in quotes, which another delimiter would cut through."""
    return any(
        _merit(trial) >= least and trial.dialect.quote and _quoted(trial, lines) > _ALL_BUT_FEW
        for trial in group
    )


def _merit(trial: _Trial) -> float:
    return trial.evenness if trial.width > 1 else 0.0


def _single_column(groups: list[list[_Trial]]) -> Dialect:
    """A dialect that splits nothing: the comma if it does not, else one that is not in it."""
    whole = [group[0] for group in groups if group[0].width == 1 and group[0].evenness == 1.0]
    commas = [trial.dialect for trial in whole if trial.dialect.delimiter == ","]
    if commas:
        return commas[0]
    return whole[0].dialect if whole else groups[0][0].dialect


def _try_all(delimiter: str, lines: list[str], options: ReadOptions) -> list[_Trial]:
    """The best trial with each quote that may be used."""
    quotes = QUOTES if options.quote is None else (options.quote,)
    if len(delimiter) > 1:
        quotes = ("",)
    return [
        _best_variant(Dialect(delimiter, quote), lines, options)
        for quote in quotes
        if quote != delimiter
    ]


def _best_variant(plain: Dialect, lines: list[str], options: ReadOptions) -> _Trial:
    """With an escape, and with spaces before quotes skipped, where that reads more evenly."""
    escapes: tuple[str, ...] = ("",) if options.escape is None else (options.escape,)
    if options.escape is None and ESCAPE not in (plain.delimiter, plain.quote):
        escapes = ("", ESCAPE) if any(ESCAPE in line for line in lines) else ("",)
    opened, closed = _quotes_after_spaces(plain, lines)
    best, *others = [
        _try(Dialect(plain.delimiter, plain.quote, escape, skip_space), lines)
        for escape in escapes
        for skip_space in ((False, True) if opened else (False,))
    ]
    for trial in others:
        skips = trial.dialect.skip_space and not best.dialect.skip_space
        if trial.evenness > best.evenness or (
            skips and trial.evenness == best.evenness and closed > 0.8 * opened
        ):
            best = trial
    return best


def _quotes_after_spaces(plain: Dialect, lines: list[str]) -> tuple[int, int]:
    """Cells that begin with spaces and a quote, and how many of them end with one."""
    pattern = re.compile(re.escape(plain.delimiter) + " +" + re.escape(plain.quote))
    if not plain.quote or not any(map(pattern.search, lines)):
        return 0, 0
    opened = closed = 0
    reader = plain.rows(lines)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return opened, closed
        except csv.Error:
            continue
        starts = [cell for cell in cells if cell[:1] == " " and cell.lstrip(" ")[:1] == plain.quote]
        opened += len(starts)
        closed += sum(cell.rstrip(" ").endswith(plain.quote) for cell in starts)


def _try(dialect: Dialect, lines: list[str]) -> _Trial:
    """Share of the lines that stand in rows of the commonest width."""
    reader = dialect.rows(lines)
    rows: list[tuple[int, int]] = []  # cells and lines of each row; no cells in a broken one
    seen = 0
    while True:
        cells: list[str] | None = None
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            # The sample may end within a record; other faults are rows that no width explains.
            if rows and str(error).startswith(_OPEN_AT_END):
                break
        line_count, seen = reader.line_num - seen, reader.line_num
        if cells is None or cells:
            rows.append((len(cells or ()), line_count))
    widths: Counter[int] = Counter()
    for width, line_count in rows:
        if width:
            widths[width] += line_count
    if not widths:
        return _Trial(dialect, 0.0, 0)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    # Titles, and a header of its own width, speak neither for a width nor much against it.
    leading = list(itertools.takewhile(lambda row: row[0] != width, rows[:_MOST_TITLES]))
    if len(leading) == _MOST_TITLES:
        leading = leading[:1]
    above = sum(line_count for _, line_count in leading)
    total = max(1, sum(line_count for _, line_count in rows[len(leading) :]))
    factor = _ODD_HEADER - _ODD_LINE * above / (above + total) if leading else 1.0
    evenness = factor * min(1.0, count / total)
    return _Trial(dialect, evenness, width, sum(size for size, _ in rows))


def _choose_quote(group: list[_Trial], lines: list[str]) -> Dialect:
    """The double quote, unless another one, or none, reads clearly more lines evenly."""
    chosen = group[0]
    for trial in group[1:]:
        if trial.width < 2 or trial.evenness < chosen.evenness - _NEAR:
            continue
        # Single quotes around most cells, and no double ones, are quotes.
        single = trial.dialect.quote == "'" and _quoted(trial, lines) >= 0.5
        if trial.evenness <= chosen.evenness + _NEAR and (not single or _quoted(chosen, lines)):
            continue
        if trial.dialect.quote == "" and _closed(chosen.dialect, lines) > 0.5:
            continue  # quotes come in pairs: they are quotes, some of them faulty
        if trial.dialect.quote == "'" and _closed(trial.dialect, lines) < 0.8:
            continue  # apostrophes
        chosen = trial
    return chosen.dialect


def _closed(dialect: Dialect, lines: list[str]) -> float:
    """How nearly as many cells end with the quote as start with it: 1 where quotes pair up."""
    opened, closed = _quote_ends(dialect, lines)
    return min(opened, closed) / max(opened, closed, 1)


def _quoted(trial: _Trial, lines: list[str]) -> float:
    """Share of the cells that stand in quotes."""
    return min(_quote_ends(trial.dialect, lines)) / max(1, trial.cells)


def _quote_ends(dialect: Dialect, lines: list[str]) -> tuple[int, int]:
    """How often the quote stands where a cell may start, and where one may end."""
    opened = closed = 0
    for line in lines:
        for piece in line.rstrip("\r\n").split(dialect.delimiter):
            text = piece.strip(" ") if dialect.skip_space else piece
            opened += text.startswith(dialect.quote)
            closed += text.endswith(dialect.quote)
    return opened, closed
