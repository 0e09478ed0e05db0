"""Sentences about a file that is about to be imported."""

from __future__ import annotations

from app.pages.data.words import count, read_options
from app.words import size
from engine.contract.reading import FileReport


def summary(report: FileReport) -> str:
    """Size, format, rows and columns in one line."""
    rows = count(report.row_count, "row")
    parts = (
        size(report.size_bytes),
        report.format.upper(),
        read_options(report.options) if report.options.delimiter else "",
        rows if report.row_count_exact else f"about {rows}",
        count(len(report.columns), "column"),
    )
    return "  ·  ".join(part for part in parts if part)


def looked_at(report: FileReport) -> str:
    """What the findings are about: the whole file, or its beginning."""
    if report.looked_at_bytes >= report.size_bytes:
        about = "The whole file was looked at"
    else:
        about = (
            f"The first {size(report.looked_at_bytes)} of {size(report.size_bytes)} "
            "were looked at; the rest is checked while importing"
        )
    return f"{about}." if report.findings else f"{about}: nothing is wrong with it."


def what_happens(report: FileReport) -> str:
    """What becomes of the rows when Import is pressed."""
    lost = sum(finding.count for finding in report.findings if finding.loses_rows)
    if not report.row_count:
        return "There is no row to import."
    if not lost:
        return "Every row will be imported."
    where = "" if report.looked_at_bytes >= report.size_bytes else " so far"
    return (
        f"{count(lost, 'row')}{where} cannot be read and will be kept in a list of rejected "
        "rows, which you can look at and export; all others will be imported."
    )
