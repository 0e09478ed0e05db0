"""Sentences about a file that is about to be imported."""

from __future__ import annotations

from app.pages.data.words import ANSWER_TITLES, DELIMITERS
from app.words import plural, size
from engine.contract.reading.formats import format_info
from engine.contract.reading.options import ENCODING_TITLES
from engine.contract.reading.reading import HUB_SIZE_UNKNOWN_BYTES, FileReport
from engine.contract.specs.answer import AnswerKind


def summary(report: FileReport) -> str:
    """Size, format, rows and columns in one line."""
    options = report.options
    parts = (
        "" if _size_unknown(report) else size(report.size_bytes),
        format_info(report.format).title,
        _dialect(options.encoding or "?", options.delimiter) if options.delimiter else "",
        f"sheet ‘{options.sheet}’" if options.sheet else "",
        _rows(report),
        plural(len(report.columns), "column"),
        _predicted(report),
    )
    return "  ·  ".join(part for part in parts if part)


def sampled(report: FileReport) -> str:
    """What the findings are about: the whole file, or its beginning."""
    if _whole(report):
        end = "." if report.findings else ": nothing is wrong with it."
        return f"The whole file was checked{end}"
    if _size_unknown(report):
        return "The first rows were checked; the rest is checked during the import."
    part = f"the first {size(report.sampled_bytes)} of {size(report.size_bytes)}"
    start = "Found in" if report.findings else "Nothing is wrong in"
    return f"{start} {part}; the rest is checked during the import."


def what_happens(report: FileReport) -> str:
    """What becomes of the rows when Import is pressed."""
    lost = _lost(report)
    so_far = "" if _whole(report) else " seen so far"
    if not can_import(report):
        return "There is no row to import."
    if not lost:
        return f"Every row{so_far} will be imported."
    return (
        f"{plural(lost, 'row')}{so_far} cannot be read and will be added to a list of rejected "
        "rows, which you can view and export; all others will be imported."
    )


def can_import(report: FileReport) -> bool:
    """Whether there is any row, be it one that cannot be read."""
    return bool(report.row_count or _lost(report)) or not _whole(report)


def _predicted(report: FileReport) -> str:
    """What is to be predicted, where that is no text: "one label"."""
    if report.answer is AnswerKind.TEXT:
        return ""
    return f"to predict: {ANSWER_TITLES[report.answer].lower()}"


def _dialect(encoding: str, delimiter: str) -> str:
    """Such as "UTF-8, comma"."""
    name = DELIMITERS.get(delimiter, repr(delimiter)).partition("  ")[0].lower()
    return f"{ENCODING_TITLES.get(encoding, encoding)}, {name}"


def _lost(report: FileReport) -> int:
    return sum(finding.count for finding in report.findings if finding.loses_rows)


def _size_unknown(report: FileReport) -> bool:
    return report.format == "hub" and report.size_bytes <= HUB_SIZE_UNKNOWN_BYTES


def _whole(report: FileReport) -> bool:
    return report.sampled_bytes >= report.size_bytes


def _rows(report: FileReport) -> str:
    if report.row_count_exact:
        return plural(report.row_count, "row")
    if _size_unknown(report):
        return f"more than {plural(report.row_count, 'row')}"
    # An estimate is not shown more exactly than it is known.
    digits = len(str(report.row_count))
    return f"about {plural(round(report.row_count, 2 - digits), 'row')}"
