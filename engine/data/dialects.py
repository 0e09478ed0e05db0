"""How the rows of a delimited file are written: delimiter, quote and escape."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.contract.errors import UserError
from engine.contract.reading.reading import ReadOptions

if TYPE_CHECKING:
    from _csv import Reader  # the type has no public name

DELIMITERS = {"\t": "tab", ";": "semicolon", ",": "comma", "|": "bar"}
"""Candidates, the rarer in running text first: of two that fit equally, the earlier wins."""
MAX_CELL_CHARACTERS = 64 * 2**20
"""Longest cell that is read; a longer one is a quote that is never closed."""
_MOST_DELIMITER_CHARACTERS = 16
_MOST_SKIPPED_LINES = 1_000_000

_STAND_IN = "\ufdd0"  # for a delimiter of several characters: no text may hold it (Unicode 23.7)


@dataclass(frozen=True)
class Dialect:
    """How rows are written.

    Attributes:
        delimiter: one character or several.
        quote: "" for none.
        escape: what stands before a quote or delimiter that is text; "" for none.
        skip_space: spaces between a delimiter and a quote are no text.
    """

    delimiter: str
    quote: str
    escape: str = ""
    skip_space: bool = False

    def rows(self, lines: Iterable[str]) -> Reader:
        """The standard library's reader, strict about quotes: it raises `csv.Error`."""
        # The limit belongs to the process; nobody else in the engine reads CSV.
        csv.field_size_limit(MAX_CELL_CHARACTERS)
        delimiter = self.delimiter
        if len(delimiter) > 1:
            lines = (line.replace(self.delimiter, _STAND_IN) for line in lines)
            delimiter = _STAND_IN
        return csv.reader(
            self._with_literal_escapes(lines) if self.escape else lines,
            delimiter=delimiter,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape or None,
            skipinitialspace=self.skip_space,
            strict=True,
        )

    def _with_literal_escapes(self, lines: Iterable[str]) -> Iterator[str]:
        r"""Lines in which an escape that escapes nothing, as in C:\new, is itself escaped."""
        escape = self.escape
        special = re.escape("".join({escape, '"', self.quote, self.delimiter[0], "\r", "\n"}))
        pattern = re.compile(f"({re.escape(escape)}[{special}])|{re.escape(escape)}")
        for line in lines:
            if escape in line:
                yield pattern.sub(lambda match: match[1] or escape + escape, line)
            else:
                yield line


def check_options(options: ReadOptions) -> None:
    """Raise `UserError` for options that cannot be what they are named for."""
    for name, value in (("quote", options.quote), ("escape", options.escape)):
        if value and (len(value) != 1 or value in "\r\n"):
            raise UserError(
                "not-a-single-character",
                "The {option} {value!r} is not a single character. Use one such as '\"'.",
                option=name,
                value=value,
            )
    delimiter, quote = options.delimiter, options.quote
    if delimiter is not None and (
        not 0 < len(delimiter) <= _MOST_DELIMITER_CHARACTERS or set(delimiter) & set("\r\n")
    ):
        raise UserError(
            "bad-delimiter",
            "The delimiter {value!r} must be 1 to {limit} characters on one line, such as "
            "',' or '||'.",
            value=delimiter,
            limit=_MOST_DELIMITER_CHARACTERS,
        )
    if quote and delimiter and len(delimiter) > 1:
        raise UserError(
            "quote-with-long-delimiter",
            "Cells cannot be quoted where the delimiter is several characters "
            "({delimiter!r}). Leave out the quote {quote!r}.",
            delimiter=delimiter,
            quote=quote,
        )
    for name, value in (("quote", quote), ("escape", options.escape)):
        if value and value == delimiter:
            raise UserError(
                "delimiter-used-twice",
                "The delimiter and the {option} are both {value!r}. Choose two different "
                "characters.",
                option=name,
                value=value,
            )
    if options.skip_lines is not None and not 0 <= options.skip_lines <= _MOST_SKIPPED_LINES:
        raise UserError(
            "skip-lines-out-of-range",
            "The lines to skip are {value:,}. Choose 0 to {limit:,}.",
            value=options.skip_lines,
            limit=_MOST_SKIPPED_LINES,
        )
