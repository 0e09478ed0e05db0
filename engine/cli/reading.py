"""The options that say how a file is read, and the inspection of the file."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from engine.cli.console import Console, ConsoleReporter
from engine.contract.errors import UserError
from engine.contract.options import parse_value
from engine.contract.protocol.data import InspectFile
from engine.contract.reading.options import (
    DELIMITER_NAMES,
    ESCAPE_NAMES,
    QUOTE_NAMES,
    character,
)
from engine.contract.reading.reading import FileReport, ReadOptions
from engine.contract.specs.answer import AnswerKind


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """The options of all verbs that read a file of data."""
    group = parser.add_argument_group("how the file is read (default: detected)")
    group.add_argument("--encoding", metavar="NAME", help="such as utf-8, cp1252, gb18030")
    group.add_argument(
        "--delimiter", metavar="CHAR", help=f"a character, or {', '.join(DELIMITER_NAMES)}"
    )
    group.add_argument("--quote", metavar="CHAR", help=f"a character, or {', '.join(QUOTE_NAMES)}")
    group.add_argument(
        "--escape", metavar="CHAR", help="what stands before a quote in a text: backslash or none"
    )
    group.add_argument(
        "--header",
        action=argparse.BooleanOptionalAction,
        help="whether the first row holds the column names",
    )
    group.add_argument("--skip-lines", metavar="N", help="lines above the table that are not read")
    group.add_argument("--sheet", metavar="NAME|N", help="of a spreadsheet; default: the first")
    group.add_argument(
        "--language",
        metavar="LANG",
        help="which texts are read of a dataset that marks several languages: en, ru …",
    )


def reading_options(arguments: argparse.Namespace) -> ReadOptions:
    """What `add_reading_options` gave.

    Raises:
        UserError: the lines to skip are no number.
    """

    def meant(text: str | None, names: dict[str, str]) -> str | None:
        return None if text is None else character(text, names)

    skip = arguments.skip_lines
    return ReadOptions(
        encoding=arguments.encoding,
        delimiter=meant(arguments.delimiter, DELIMITER_NAMES),
        quote=meant(arguments.quote, QUOTE_NAMES),
        header=arguments.header,
        skip_lines=None if skip is None else parse_value(int, "--skip-lines", skip),
        escape=meant(arguments.escape, ESCAPE_NAMES),
        sheet=arguments.sheet,
        language=arguments.language,
    )


def inspect(
    console: Console, source: Path, options: ReadOptions, *, answer: str | None = None
) -> FileReport:
    """Inspect a file that is to be imported.

    Args:
        answer: what is to be predicted, as `--task` has it; None guesses it.

    Raises:
        UserError: it cannot be read, or not with these options; it has column names and no rows.
    """
    # Imported late: the parser of every verb needs this module, and not the readers.
    from engine.data.inspecting import inspect_file
    from engine.data.reader_errors import no_rows

    command = InspectFile(str(source), options, None if answer is None else AnswerKind(answer))
    report = inspect_file(command, ConsoleReporter(console, "reading the file"))
    for part in fields(ReadOptions):
        if getattr(options, part.name) is not None and getattr(report.options, part.name) is None:
            flag = part.name.replace("_", "-")
            raise UserError(
                "option-of-another-format",
                "--{option} does not apply to {file}, which is read as {format}. Leave it out.",
                option=flag,
                file=source.name,
                format=report.format,
            )
    lost = any(finding.loses_rows for finding in report.findings)
    if report.row_count_exact and not report.row_count and not lost:
        raise no_rows(source.name)
    return report
