"""Format detection: how a file is to be read, and what is wrong with it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from engine.contract.protocol.data import InspectFile
from engine.contract.reading.formats import format_info
from engine.contract.reading.reading import FileReport, Finding, FindingKind
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.data import Role, SplitKind, default_linearisation
from engine.data.answer_guess import guess_columns
from engine.data.column_samples import SAMPLE_ROWS
from engine.data.readers import Reader, open_reader, tally_for
from engine.data.records import ReadRow
from engine.data.roles import has_texts
from engine.reporter import Reporter

PREVIEW_ROWS = 100
PREVIEW_CELL_CHARACTERS = 2000
SAMPLE_BYTES = (4 * 2**20, 80 * 2**20)
"""Of a sample; the longer only where the first holds no whole row."""
_MOST_ITEMS = 50_000
_UPDATE_ITEMS = 1000


def inspect_file(command: InspectFile, reporter: Reporter) -> FileReport:
    """Look at the first few megabytes of a file.

    Raises:
        UserError: the file cannot be read, is no table of text, or is empty.
        Cancelled: through the reporter.
    """
    path = Path(command.path)
    for sample_bytes in SAMPLE_BYTES:
        with closing(open_reader(path, command.options, sample_bytes=sample_bytes)) as reader:
            report = _inspect(path, reader, reporter, command.answer)
        if report.preview or report.sampled_bytes == report.size_bytes:
            break
    return report


def _inspect(
    path: Path, reader: Reader, reporter: Reporter, answer: AnswerKind | None
) -> FileReport:
    tally = tally_for(reader)
    rows: list[ReadRow] = []
    row_count, sampled_bytes = 0, reader.sampled_bytes
    for number, item in enumerate(reader.rows(), start=1):
        if number % _UPDATE_ITEMS == 0:
            reporter.update(reader.position_bytes(), reader.sampled_bytes, "bytes")
        tally.add(item)
        if isinstance(item, ReadRow):
            row_count += 1
            if row_count <= SAMPLE_ROWS:
                rows.append(item)
        if number == _MOST_ITEMS:
            sampled_bytes = min(sampled_bytes, reader.position_bytes())
            break
    cells = [row.cells for row in rows]
    guess = guess_columns(reader.columns, cells, answer)
    whole = sampled_bytes == reader.size_bytes
    no_rows: tuple[Finding, ...] = ()
    if whole and not row_count and not tally.lost:
        message = "The file holds column names but no rows: there is nothing to import."
        no_rows = (Finding(FindingKind.NO_ROWS, message, 1),)
    # Any table may have a column that looks like a split; other formats come with theirs.
    comes_split = not format_info(reader.format).is_table and any(
        column.role is Role.SPLIT for column in guess.columns
    )
    languages: tuple[str, ...] = getattr(reader, "languages", ())  # of formats that mark them
    scale = 1.0 if whole else reader.size_bytes / sampled_bytes
    return FileReport(
        path=str(path),
        format=reader.format,
        options=reader.options,
        columns=guess.columns,
        preview=tuple(
            tuple(cell[:PREVIEW_CELL_CHARACTERS] for cell in row.cells)
            for row in rows[:PREVIEW_ROWS]
        ),
        preview_lines=tuple(row.line for row in rows[:PREVIEW_ROWS]),
        size_bytes=reader.size_bytes,
        sampled_bytes=sampled_bytes,
        row_count=round(row_count * scale),
        row_count_exact=whole,
        findings=(*reader.findings, *guess.findings, *tally.findings(), *no_rows),
        unit=reader.unit,
        linearisation=default_linearisation(getattr(reader, "form", reader.format)),
        split_kind=SplitKind.COLUMN if comes_split else SplitKind.RANDOM,
        sheets=getattr(reader, "sheets", ()),
        languages=languages if len(languages) > 1 else (),
        has_texts=guess.answer is not AnswerKind.TEXT or has_texts(guess.columns, cells),
        answer=guess.answer,
    )
